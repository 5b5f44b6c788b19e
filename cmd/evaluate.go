package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"absa/internal/runs"
	"absa/trainer"
)

func newEvaluateCmd() *cobra.Command {
	var (
		o                        trainer.EvaluateOptions
		asJSON, confusion, quiet bool
	)
	c := &cobra.Command{
		Use:   "evaluate --checkpoint RUN [--checkpoint RUN…] --data FILE",
		Short: "Score a trained model on a labelled corpus",
		Long: `Evaluate reads the tested weights of a run that ended, or those of one of its
checkpoints, and prints how they do on a corpus:

  accuracy by aspect, beside the majority class of the corpus it was trained on;
  accuracy over all polarities, over positive, neutral and negative, and over positive
  and negative, each with the interval in which it lies in 95 % of samples of the
  sentences. The model chooses among the polarities named, and pairs with another
  label are left out;
  precision, recall and F1 of each polarity;
  how well the aspects mentioned are found (SemEval-2014 task 4, subtask 3), by the
  presence logit and --threshold; a model without model.head.presence does not tell;
  log loss and expected calibration error of its probabilities, as they are and at
  the temperature of the run (absa calibrate --help).

Several --checkpoint are an ensemble: the mean of the probabilities of models that
know the same aspects and polarities, whatever else they differ in. Each reads the
text in its own way. What each of them scores alone is listed. The mean has no
temperature: those of its members are for their own probabilities.

--confusion adds the confusion matrices, over all aspects and of each. --against
compares with another run on the same sentences: the interval of the difference in
accuracy, and McNemar's exact test. --json has all of it. On the run's own test corpus
the figures are those of its result.json, but for those at a temperature that absa
calibrate fitted later.`,
		Example: `  absa evaluate --checkpoint checkpoints/mine --data data/raw/semeval2014/Restaurants_Test_Gold.xml
  absa evaluate --checkpoint checkpoints/mine --data sample --against checkpoints/other
  absa evaluate --checkpoint checkpoints/seed-1 --checkpoint checkpoints/seed-2 --data reviews.jsonl
  absa evaluate --checkpoint checkpoints/mine/checkpoints/step-00000076 --data sample --json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if len(o.Runs) == 0 || o.Data == "" {
				return usageError{fmt.Errorf("evaluate needs --checkpoint RUN and --data FILE")}
			}
			if !(o.Threshold > 0 && o.Threshold <= 1) {
				return usageError{fmt.Errorf("--threshold %v, want above 0 and at most 1", o.Threshold)}
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			o.Report = show.event
			e, err := trainer.Evaluate(c.Context(), o)
			show.close()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), e)
			}
			return printEvaluation(c.OutOrStdout(), e, confusion)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&o.Runs, "checkpoint", nil, "`folder` of a run that ended, or of a checkpoint; several are an ensemble")
	f.StringVar(&o.Data, "data", "", "corpus to score: a `file` of SemEval XML, JSON lines or CSV, or sample")
	f.StringVar(&o.Against, "against", "", "`folder` of another run to compare with on these sentences")
	f.Float64Var(&o.Threshold, "threshold", runs.Threshold, "least `probability` that an aspect is mentioned")
	f.BoolVar(&confusion, "confusion", false, "print confusion matrices too")
	f.StringVar(&o.Device, "device", "", "auto, cpu, cuda or `cuda:N` (default: the run's)")
	f.IntVar(&o.Threads, "threads", 0, "`number` of threads (default: the run's)")
	f.BoolVar(&asJSON, "json", false, "print a JSON object instead of the tables")
	f.BoolVarP(&quiet, "quiet", "q", false, "no notes")
	return c
}
