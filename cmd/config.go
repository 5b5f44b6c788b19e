package cmd

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/configs"
)

// load resolves a configuration; whatever is wrong with one is bad usage.
func load(config string, set []string) (*configs.Resolved, error) {
	r, err := configs.Load(configs.Source{Config: config, Set: set, Environ: os.Environ()})
	if err != nil {
		return nil, usageError{err}
	}
	return r, nil
}

// completePresets completes the name of a configuration; the shell adds files.
func completePresets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range configs.Presets() {
		names = append(names, p.Name+"\t"+p.Summary)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeKeys completes the key of --set.
func completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var keys []string
	for _, k := range configs.Keys() {
		keys = append(keys, k.Path+"=\t"+k.Doc)
	}
	return keys, cobra.ShellCompDirectiveNoSpace
}

func newConfigCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "List presets and keys, show what a configuration comes to",
		Args:  arguments(subcommand),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newConfigListCmd(), newConfigShowCmd(), newConfigKeysCmd())
	return c
}

func newConfigListCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the presets",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, p := range configs.Presets() {
				fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Summary)
			}
			return w.Flush()
		},
	}
}

func newConfigShowCmd() *cobra.Command {
	var (
		set  []string
		yaml bool
	)
	c := &cobra.Command{
		Use:   "show [NAME|FILE]",
		Short: "Print every key's value and where it comes from",
		Long: `Show prints what absa train --config would take: every key, its value, and where
the value comes from (default, preset, line of a file, environment, --set). Without
a name it shows the default preset.`,
		Example: `  absa config show article
  absa config show restaurants --yaml >my.yaml     a file to start from`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			name := configs.DefaultPreset
			if len(args) == 1 {
				name = args[0]
			}
			r, err := load(name, set)
			if err != nil {
				return err
			}
			if yaml {
				return configs.WriteCommentedYAML(c.OutOrStdout(), r.Config)
			}
			return r.Show(c.OutOrStdout())
		},
	}
	c.ValidArgsFunction = completePresets
	c.Flags().StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	_ = c.RegisterFlagCompletionFunc("set", completeKeys) // fails only for a flag that is not there
	c.Flags().BoolVar(&yaml, "yaml", false, "print a YAML file with comments instead")
	return c
}

func newConfigKeysCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "keys",
		Short: "List every key with its type, default and meaning",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, k := range configs.Keys() {
				fmt.Fprintf(w, "%s\t%s\t%v\t%s\n", k.Path, k.Type, k.Default, k.Doc)
			}
			return w.Flush()
		},
	}
}
