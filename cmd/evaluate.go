package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"absa/trainer"
)

func newEvaluateCmd() *cobra.Command {
	var (
		o             trainer.EvaluateOptions
		asJSON, quiet bool
	)
	c := &cobra.Command{
		Use:   "evaluate --checkpoint RUN --data FILE",
		Short: "Score a trained model on a labelled corpus",
		Long: `Evaluate reads the tested weights of a run that ended, or those of one of its
checkpoints, and prints the table of accuracy by aspect, beside the majority class of
the corpus it was trained on. On the run's own test corpus the figures are those that
training reported.`,
		Example: `  absa evaluate --checkpoint checkpoints/mine --data data/raw/semeval2014/Restaurants_Test_Gold.xml
  absa evaluate --checkpoint checkpoints/mine/checkpoints/step-00000076 --data sample --json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Run == "" || o.Data == "" {
				return usageError{fmt.Errorf("evaluate needs --checkpoint RUN and --data FILE")}
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			o.Report = show.event
			scores, err := trainer.Evaluate(c.Context(), o)
			show.close()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), trainer.Scores(scores))
			}
			_, err = fmt.Fprint(c.OutOrStdout(), scores.Table())
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&o.Run, "checkpoint", "", "`folder` of a run that ended, or of a checkpoint")
	f.StringVar(&o.Data, "data", "", "corpus to score: a `file` of SemEval-2014 XML, JSON lines or CSV, or sample")
	f.StringVar(&o.Device, "device", "", "auto, cpu, cuda or `cuda:N` (default: the run's)")
	f.IntVar(&o.Threads, "threads", 0, "`number` of threads (default: the run's)")
	f.BoolVar(&asJSON, "json", false, "print a JSON object instead of the table")
	f.BoolVarP(&quiet, "quiet", "q", false, "no notes")
	return c
}
