package cmd

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/trainer/crossval"
)

func newCVCmd() *cobra.Command {
	var (
		p                   = configs.DefaultProtocol()
		file, out, markdown string
		set                 []string
		jobs                int
		asJSON, quiet       bool
	)
	c := &cobra.Command{
		Use:   "cv [--candidates FILE]",
		Short: "Choose between recipes by repeated stratified cross-validation",
		Long: `Cv trains each candidate without one fold of the training corpus after the other, for
several divisions into folds, and compares what the models say of the sentences that
they did not see. The test corpus is never opened, so that a choice made here may be
tested on it once.

--candidates names a protocol, a YAML file that is written before the first run:

    version: 1
    question: Does a larger network help?
    config: restaurants            # a preset, or a file, seen from this one
    folds: 5                       # these five have defaults
    repeats: 3
    seed: 1
    metric: accuracy               # or macro_f1
    set: [train.epochs=12]         # for all candidates
    candidates:                    # the simplest first: the base of all comparisons
      base: []
      hidden-256: [model.hidden=256]
      dropout: [model.embedding_dropout=0.5, model.output_dropout=0.5]

Without it, --config and --set make one candidate. The study's folder
(checkpoints/cv-NAME unless --out names one) records the protocol, its SHA-256 and the
time before anything is trained. Once a training has begun, a changed protocol is
refused; candidates may be appended, and the table says so.

A training is a candidate, a repeat and a fold. Two candidates train on the same
sentences with the same seed, --jobs of them at a time as processes of one thread each
(train.threads if it is not 0). Ctrl-C keeps what is done, and so does any other end:
the same command goes on, and ends with the same figures. Settings come from the
protocol and --set alone: the environment (ABSA_...) has no say.

The table has, for each candidate, the accuracy and macro-F1 over all labelled pairs,
the log loss, with standard deviations over repeats and over folds; the difference to
the base by the protocol's metric, with the interval of a paired bootstrap over
sentences (95 %) and the p-value of the corrected resampled t-test (Nadeau and Bengio
2003); and the seconds of training. The choice is the first listed of the candidates
that are less than one standard error of the difference below the best.

The folds are stratified by label, or by data.split_order=2 by pairs of labels too.
With train.select=best, validation sentences come from the folds trained on.`,
		Example: `  absa cv --candidates configs/candidates/restaurants.yaml
  absa cv --candidates mine.yaml --out checkpoints/choice --jobs 4 --markdown choice.md
  absa cv --config restaurants --set model.hidden=64 --folds 10 --repeats 1
  absa cv --candidates mine.yaml --json | jq -r .choice`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if file != "" {
				for _, name := range []string{"config", "folds", "repeats", "seed", "metric"} {
					if c.Flags().Changed(name) {
						return usageError{fmt.Errorf("--%s: the protocol %s says it; leave the flag out", name, file)}
					}
				}
				read, err := configs.ReadProtocol(file)
				if err != nil {
					return usageError{err}
				}
				p = read
			}
			p.Override = set
			name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
			if file == "" {
				loaded, err := configs.Load(configs.Source{Config: p.Config, Set: set})
				if err != nil {
					return usageError{err}
				}
				name = loaded.Name
				p.Candidates = []configs.Candidate{{Name: name}}
			}
			if err := p.Validate(); err != nil {
				return usageError{err}
			}
			if jobs < 0 {
				return usageError{fmt.Errorf("--jobs %d, want at least 1", jobs)}
			}
			list, err := p.Resolve()
			if err != nil {
				return usageError{err}
			}
			program, err := os.Executable()
			if err != nil {
				return err
			}
			show, trainings := newProgress(c.ErrOrStderr(), quiet), newStudyProgress(c.ErrOrStderr(), quiet)
			r, err := crossval.Run(c.Context(), crossval.Options{
				Protocol: p, Configs: list, Dir: cmp.Or(out, filepath.Join("checkpoints", "cv-"+name)), Program: program,
				Jobs: jobs, Cores: runtime.GOMAXPROCS(0), Note: show.note, Report: trainings.event,
			})
			trainings.close()
			if err != nil {
				return err
			}
			if markdown != "" {
				err := atomicfile.Replace(markdown, func(w io.Writer) error { return printStudy(w, r, markdownTable) })
				if err != nil {
					return err
				}
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), r)
			}
			return printStudy(c.OutOrStdout(), r, textTable)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "candidates", "", "protocol: a YAML `file` with the candidates and how they are compared")
	f.StringVarP(&p.Config, "config", "c", configs.DefaultPreset, "`name` of a preset, or a YAML file: the one candidate")
	f.StringArrayVar(&set, "set", nil, "override a key for every candidate: `key=value`; may be repeated")
	f.IntVar(&p.Folds, "folds", p.Folds, "`number` of parts, each held out once in a repeat")
	f.IntVar(&p.Repeats, "repeats", p.Repeats, "`number` of divisions into folds")
	f.Int64Var(&p.Seed, "seed", p.Seed, "`seed` of the divisions and the trainings")
	f.StringVar(&p.Metric, "metric", p.Metric, "`name` of what candidates are compared by: accuracy or macro_f1")
	f.StringVarP(&out, "out", "o", "", "`folder` of the study, new or one to go on with (default checkpoints/cv-NAME)")
	f.IntVar(&jobs, "jobs", 0, "`number` of trainings at a time (default: the cores, by train.threads)")
	f.BoolVar(&asJSON, "json", false, "print the result as a JSON object instead of the table")
	f.StringVar(&markdown, "markdown", "", "write the table as Markdown to a `file`, too, in place of what is there")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress, no notes")
	// They fail only for a flag that is not there.
	_ = c.RegisterFlagCompletionFunc("config", completePresets)
	_ = c.RegisterFlagCompletionFunc("set", completeKeys)
	return c
}
