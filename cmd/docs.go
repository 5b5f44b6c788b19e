package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/trainer"
)

func newDocsCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "docs",
		Short: "Write man pages and the references of commands and keys",
		Args:  arguments(subcommand),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDocsManCmd(), newDocsCommandsCmd(), newDocsConfigCmd())
	return c
}

func newDocsManCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write a man page per command into a folder",
		Long:    `Man writes absa.1, absa-train.1, … into a folder, which is made if it is missing.`,
		Example: `  absa docs man ~/.local/share/man/man1 && man absa-train`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			return writeManPages(c.Root(), args[0])
		},
	}
}

func newDocsCommandsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "commands",
		Short: "Print the reference of the commands as Markdown",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return writeCommands(c.OutOrStdout(), c.Root())
		},
	}
}

func newDocsConfigCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the reference of the configuration as Markdown",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return writeConfigReference(c.OutOrStdout())
		},
	}
}

// writeManPages writes the page of a command and of those below it.
func writeManPages(c *cobra.Command, dir string) error {
	c.DisableAutoGenTag = true // no second date below the page's own
	header := &doc.GenManHeader{Section: "1", Source: "absa " + trainer.Program, Manual: "absa"}
	var page bytes.Buffer
	if err := doc.GenMan(c, header, &page); err != nil {
		return fmt.Errorf("man page of %s: %w", c.CommandPath(), err)
	}
	path := filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
	err := atomicfile.Replace(path, func(w io.Writer) error {
		_, err := page.WriteTo(w)
		return err
	})
	if err != nil {
		return err
	}
	for _, below := range documented(c) {
		if err := writeManPages(below, dir); err != nil {
			return err
		}
	}
	return nil
}

// writeCommands writes what --help says of every command, one after the other.
func writeCommands(w io.Writer, root *cobra.Command) error {
	var text bytes.Buffer
	text.WriteString("# Commands\n\nWritten by `make docs` from the program; `absa COMMAND --help` prints the same.\n")
	var write func(c *cobra.Command) error
	write = func(c *cobra.Command) error {
		fmt.Fprintf(&text, "\n## %s\n\n```\n", c.CommandPath())
		c.InitDefaultHelpFlag()
		c.SetOut(&text)
		defer c.SetOut(nil)
		if err := c.Help(); err != nil {
			return err
		}
		text.WriteString("```\n")
		for _, below := range documented(c) {
			if err := write(below); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(root); err != nil {
		return err
	}
	_, err := text.WriteTo(w)
	return err
}

// documented are the commands below c but for those that cobra adds.
func documented(c *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() && below.Name() != "completion" && below.Name() != "help" {
			list = append(list, below)
		}
	}
	return list
}

// writeConfigReference writes a table of keys for each section.
func writeConfigReference(w io.Writer) error {
	var text bytes.Buffer
	text.WriteString(`# Configuration

Written by ` + "`make docs`" + ` from the program; ` + "`absa config keys`" + ` prints the same, ` + "`absa config show NAME`" + ` the values of a preset and where each comes from. A file sets keys as YAML, the environment as ` + "`ABSA_TRAIN_SEED=2`" + `, the command line as ` + "`--set train.seed=2`" + `; later ones win, in this order.
`)
	section := "none yet"
	for _, k := range configs.Keys() {
		name, _, nested := strings.Cut(k.Path, ".")
		if !nested {
			name = ""
		}
		if name != section {
			section = name
			if name != "" {
				fmt.Fprintf(&text, "\n## %s\n", name)
			}
			text.WriteString("\n| key | type | default | meaning |\n|---|---|---|---|\n")
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", k.Path, cell(k.Type), code(k.Default), cell(k.Doc))
	}
	_, err := text.WriteTo(w)
	return err
}

// cell keeps the bars of a text from ending a cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// code sets a value as code.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}
