package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/data"
	"absa/data/sample"
	"absa/data/vectors"
	"absa/trainer"
)

// findingsListed is how many findings of a kind are shown of a file, unless all
// are wanted.
const findingsListed = 20

// dataCheck is a call of the command.
type dataCheck struct {
	config, format     string
	set                []string
	all, asJSON, quiet bool

	w        io.Writer
	show     *progress
	shown    map[string]int // findings of the file at hand by kind
	subwords int            // different words of a file whose vector is made of their subwords
}

func newDataCheckCmd() *cobra.Command {
	var d dataCheck
	c := &cobra.Command{
		Use:   "check [FILE|- ...]",
		Short: "Find what is wrong with a corpus, line by line",
		Long: `Check reads corpora (SemEval XML, JSON lines, CSV) and lists, with file and line,
all that training would refuse: labels, aspects and columns that the configuration
does not know, ids that stand twice, sentences without text, malformed lines, bytes
that are not UTF-8, NUL characters, lines above 1 MiB. Then it warns of what training
would not notice: a text that stands twice, or in two of the files (leakage, when one
is to test on), aspects and polarities without an example, classes too rare to hold
some out. At the end it counts labels, lengths, and the words that have a vector.

The first file is taken for the one to train on. Without files, those of the
configuration are checked: data.train and data.test. Of each kind, the first ` + fmt.Sprint(findingsListed) + `
findings of a file are listed; --all lists the others too. The exit status is 1 if
there are errors, and 0 with warnings. Files of any size are read in little memory,
about 200 bytes for a sentence.

--json prints an object per line: {"kind", "file", "line", "message"} for a finding,
where kind is error, duplicate, contradiction, leakage, unseen or rare, and an object
with the counts after each file.`,
		Example: `  absa data check --config hotel.yaml
  absa data check --config hotel.yaml train.csv test.csv
  absa data check --all --set 'data.aspects=[room, staff]' reviews.jsonl
  cat reviews.csv | absa data check --format csv --config hotel.yaml -`,
		RunE: func(c *cobra.Command, files []string) error { return d.run(c, files) },
	}
	f := c.Flags()
	f.StringVarP(&d.config, "config", "c", configs.DefaultPreset, "`preset` or YAML file whose aspects, polarities and vectors hold")
	f.StringArrayVar(&d.set, "set", nil, "override a key: `key=value`; may be repeated")
	f.StringVar(&d.format, "format", string(data.Auto), "of the files: auto, jsonl, csv or semeval")
	f.BoolVar(&d.all, "all", false, "list all findings")
	f.BoolVar(&d.asJSON, "json", false, "print findings and counts as objects, one per line")
	f.BoolVarP(&d.quiet, "quiet", "q", false, "no notes")
	return c
}

func (d *dataCheck) run(c *cobra.Command, files []string) error {
	formats := []string{string(data.Auto), string(data.JSONL), string(data.CSV), string(data.SemEval)}
	if !slices.Contains(formats, d.format) {
		return usageError{fmt.Errorf("--format %q is none of %s", d.format, strings.Join(formats, ", "))}
	}
	loaded, err := load(d.config, d.set)
	if err != nil {
		return err
	}
	cfg := loaded.Config
	d.w, d.show = c.OutOrStdout(), newProgress(c.ErrOrStderr(), d.quiet)
	defer d.show.close()
	knows, release, err := d.vectors(c.Context(), cfg)
	if err != nil {
		return err
	}
	defer release()
	checker, err := data.NewChecker(cfg, knows, d.found)
	if err != nil {
		return err
	}
	wrong, errs := 0, 0
	if len(files) == 0 {
		files = []string{cfg.Data.Train}
		if cfg.Data.Test != "" {
			files = append(files, cfg.Data.Test)
		}
	}
	for i, path := range files {
		d.shown, d.subwords = map[string]int{}, 0
		name, r, err := d.open(c, path, i)
		if err != nil {
			return err
		}
		checked, err := checker.Check(c.Context(), name, r, data.Format(d.format))
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
		if k := checked.Words.Known; k != nil {
			k.Subwords = d.subwords
		}
		if err := d.counts(checked, cfg); err != nil {
			return err
		}
		if errs += checked.Errors(); checked.Errors() > 0 {
			wrong++
		}
	}
	if errs > 0 {
		return fmt.Errorf("%s in %d of %s", plural(errs, "error"), wrong, plural(len(files), "file"))
	}
	return nil
}

// vectors opens the word vectors of a configuration. The function is nil where
// they are random or not there.
func (d *dataCheck) vectors(ctx context.Context, cfg configs.Config) (knows func(string) bool, release func() error, err error) {
	v := cfg.Vectors
	if v.Kind != "file" {
		return nil, func() error { return nil }, nil
	}
	table, err := vectors.Open(ctx, v.Path, vectors.Options{Progress: func(done, total int64) {
		d.show.event(trainer.VectorsRead{Path: v.Path, Done: done, Total: total})
	}})
	if errors.Is(err, fs.ErrNotExist) {
		d.show.note("vectors.path: %s is not there, so the words that have a vector are not counted (absa fetch glove-100d gets some)", v.Path)
		return nil, func() error { return nil }, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("vectors.path: %w", err)
	}
	has := table.Knows(vectors.Policy{Aliases: v.Aliases})
	return func(word string) bool {
		known, subwords := has(word)
		if subwords {
			d.subwords++
		}
		return known
	}, table.Close, nil
}

// open opens a corpus: of the embedded one the side to train on if it comes
// first, otherwise that to test on.
func (d *dataCheck) open(c *cobra.Command, path string, number int) (name string, r io.ReadCloser, err error) {
	switch {
	case path == configs.Sample && number == 0:
		return path + "/train.xml", io.NopCloser(bytes.NewReader(sample.Train())), nil
	case path == configs.Sample:
		return path + "/test.xml", io.NopCloser(bytes.NewReader(sample.Test())), nil
	case path == "-":
		return "stdin", io.NopCloser(c.InOrStdin()), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	stat, err := f.Stat()
	if err != nil || stat.Size() < progressFrom || d.quiet {
		return path, f, err
	}
	return path, &metered{File: f, told: func(done int64) { d.show.advance(done, stat.Size(), "checking "+path, true) }}, nil
}

// progressFrom is the size in bytes of a file that it takes a while to check.
const progressFrom = 16 << 20

// metered is a file that tells how much of it has been read.
type metered struct {
	*os.File
	done int64
	told func(done int64)
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.File.Read(p)
	m.done += int64(n)
	m.told(m.done)
	return n, err
}

// found shows a finding, unless there were many of its kind.
func (d *dataCheck) found(f data.Finding) error {
	d.shown[f.Kind]++
	if d.shown[f.Kind] > findingsListed && !d.all {
		return nil
	}
	d.show.endBar() // a line for the finding
	if d.asJSON {
		return writeJSON(d.w, f)
	}
	_, err := fmt.Fprintln(d.w, f)
	return err
}

// counts shows what was counted in a file.
func (d *dataCheck) counts(x *data.Checked, cfg configs.Config) error {
	if d.asJSON {
		return writeJSON(d.w, x)
	}
	var b strings.Builder
	d.show.endBar()
	warnings, hidden := -x.Errors(), 0
	for _, n := range x.Findings {
		warnings += n
		if !d.all {
			hidden += max(0, n-findingsListed)
		}
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "%s: %d more of these (--all lists them)\n", x.File, hidden)
	}
	fmt.Fprintf(&b, "%s: %s, %s; %s, %s\n", x.File, plural(x.Sentences, "sentence"), plural(x.Labels, "label"), plural(x.Errors(), "error"), plural(warnings, "warning"))
	if x.Sentences > 0 {
		l, w := x.Lengths, x.Words
		fmt.Fprintf(&b, "%vtokens: median %d, 90 %% up to %d, 99 %% up to %d, longest %d; %.1f %% of the sentences are cut at text.max_tokens %d", x.Statistics, l.Median, l.P90, l.P99, l.Longest, 100*l.Cut, cfg.Text.MaxTokens)
		if l.Empty > 0 {
			fmt.Fprintf(&b, "; %d have no token", l.Empty)
		}
		fmt.Fprintf(&b, "\nwords: %d, %d different", w.Tokens, w.Types)
		if k := w.Known; k != nil {
			where := "in " + cfg.Vectors.Path
			if cfg.Vectors.Kind == "random" {
				where = fmt.Sprintf("learned (%d times or more in the first file)", cfg.Vectors.MinCount)
			}
			fmt.Fprintf(&b, "; %.1f %% and %.1f %% of them are %s", 100*k.Tokens, 100*k.Types, where)
			if k.Subwords > 0 {
				fmt.Fprintf(&b, ", %d of these made of their subwords", k.Subwords)
			}
			for i, m := range k.Missing {
				fmt.Fprintf(&b, "%s%s (%d)", []string{"; most often not: ", ", "}[min(i, 1)], m.Word, m.Count)
			}
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(d.w, b.String())
	return err
}
