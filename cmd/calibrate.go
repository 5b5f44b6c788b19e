package cmd

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"absa/internal/runs"
	"absa/trainer"
)

func newCalibrateCmd() *cobra.Command {
	var (
		o             trainer.CalibrateOptions
		asJSON, quiet bool
	)
	c := &cobra.Command{
		Use:   "calibrate RUN",
		Short: "Fit the temperature that makes a model as sure as it is right",
		Long: `Calibrate gives a run that ended a temperature: its logits divided by it become
probabilities that are right as often as they say. No polarity changes by it. The
temperature is stored in the run's folder as calibration.json; absa predict, evaluate
and report use it.

It is never fitted on sentences that this training gave the answering model, nor on
test data. What the weights of train.init_from were trained on before is not known:
where it is the same corpus, models are surer of it than of new text, the temperature
comes out too low, and calibrate notes it. A run with a validation set (data.valid_fraction) gets its temperature when it
ends, and needs this command only if an earlier version trained it. For a run that
trained on every sentence, calibrate cuts the training corpus into folds, trains the
run's configuration once without each of them, and fits the temperature on what each
model says of the fold it did not see. This takes about as long as the training did,
times --folds. The model of the run itself stays as it is.

Ctrl-C keeps what is done; the same command goes on.`,
		Example: `  absa calibrate checkpoints/mine
  absa calibrate checkpoints/mine --folds 10 --threads 4`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if o.Folds < 2 {
				return usageError{fmt.Errorf("--folds %d, want at least 2", o.Folds)}
			}
			o.Run = args[0]
			show := newProgress(c.ErrOrStderr(), quiet)
			o.Report = show.event
			fitted, err := trainer.Calibrate(c.Context(), o)
			show.close()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), fitted)
			}
			return printCalibration(c.OutOrStdout(), o.Run, fitted)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Folds, "folds", 5, "`number` of parts, for a run without a validation set")
	f.StringVar(&o.Device, "device", "", "auto, cpu, cuda or `cuda:N` (default: the run's)")
	f.IntVar(&o.Threads, "threads", 0, "`number` of threads (default: the run's)")
	f.BoolVar(&asJSON, "json", false, "print calibration.json on one line instead")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress, no notes")
	return c
}

func printCalibration(w io.Writer, run string, c *runs.Calibration) error {
	on := "the validation set"
	if c.On == runs.OnFolds {
		on = fmt.Sprintf("%d folds", c.Folds)
	}
	_, err := fmt.Fprintf(w, "temperature %.4f, fitted on %s: %d pairs of %d sentences\n\n%s\nstored in %s\n",
		c.Temperature, on, c.Pairs, c.Sentences, fits(c.Before, &c.After, c.Temperature), filepath.Join(run, runs.CalibrationFile))
	return err
}
