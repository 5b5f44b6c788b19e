package cmd

import (
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/internal/metrics"
	"absa/trainer"
)

func newCheckpointsAverageCmd() *cobra.Command {
	var (
		o             trainer.AverageOptions
		asJSON, quiet bool
	)
	c := &cobra.Command{
		Use:   "average RUN --out DIR",
		Short: "Average the weights of several checkpoints and show what it gains",
		Long: `Average writes the mean of the weights of several checkpoints of a run: the last or
the best ones on validation (by train.metric of the run), those of some steps, or,
without any of these flags, all that are complete. A run keeps as many checkpoints as
checkpoint.keep_last and checkpoint.keep_best say.

It validates each of them and the average on the sentences that the run held out and
prints a table. Where the run held none out, or its training corpus is not there or
has changed, it says so and only writes.

The folder, which must be empty or new, is one that absa evaluate --checkpoint and
absa train --init-from take.`,
		Example: `  absa checkpoints average checkpoints/mine --last 3 --out checkpoints/mine-average
  absa checkpoints average checkpoints/mine --steps 38,57,76 --out checkpoints/mine-average
  absa evaluate --checkpoint checkpoints/mine-average --data sample`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			o.Run = args[0]
			if err := checkAverage(c, o); err != nil {
				return usageError{err}
			}
			if _, err := checkpointsOf(o.Run); err != nil {
				return err
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			o.Report = show.event
			a, err := trainer.Average(c.Context(), o)
			show.close()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), a)
			}
			return printAverage(c.OutOrStdout(), a)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Last, "last", 0, "average the newest `K` checkpoints")
	f.IntVar(&o.Best, "best", 0, "average the `K` best ones on validation")
	f.IntSliceVar(&o.Steps, "steps", nil, "average the checkpoints of these `steps`, with commas")
	f.StringVarP(&o.Out, "out", "o", "", "`folder` of the average, empty or new")
	f.StringVar(&o.Device, "device", "", "auto, cpu, cuda or `cuda:N`, for validation (default: the run's)")
	f.IntVar(&o.Threads, "threads", 0, "`number` of threads, for validation (default: the run's)")
	f.BoolVar(&asJSON, "json", false, "print a JSON object instead of the table")
	f.BoolVarP(&quiet, "quiet", "q", false, "no notes")
	return c
}

// checkAverage finds bad usage.
func checkAverage(c *cobra.Command, o trainer.AverageOptions) error {
	if o.Out == "" {
		return errors.New("average needs --out DIR")
	}
	ways := 0
	for _, flag := range []string{"last", "best", "steps"} {
		if c.Flags().Changed(flag) {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("--last, --best and --steps are three ways to choose: give one of them")
	case c.Flags().Changed("last") && o.Last < 1:
		return fmt.Errorf("--last %d: at least 1 checkpoint is needed", o.Last)
	case c.Flags().Changed("best") && o.Best < 1:
		return fmt.Errorf("--best %d: at least 1 checkpoint is needed", o.Best)
	case c.Flags().Changed("steps") && len(o.Steps) == 0:
		return errors.New("--steps: at least 1 step is needed")
	}
	return nil
}

func printAverage(out io.Writer, a *trainer.Averaged) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, v *trainer.Validation) {
		if v == nil {
			fmt.Fprintln(w, name)
			return
		}
		fmt.Fprintf(w, "%s\t%.4f\t%v\t%v\n", name, v.Loss, v.Accuracy, v.MacroF1)
	}
	if a.Average != nil {
		fmt.Fprintf(w, "validation\tloss\taccuracy\tmacro-F1\n")
	}
	for _, c := range a.Checkpoints {
		row(fmt.Sprintf("step %d", c.Step), c.Validation)
	}
	row(fmt.Sprintf("average of %d", len(a.Checkpoints)), a.Average)
	if err := w.Flush(); err != nil {
		return err
	}
	if a.Average != nil {
		best, gain := a.Gain()
		verdict := fmt.Sprintf("%v better than", metrics.Score(gain))
		switch {
		case gain < 0:
			verdict = fmt.Sprintf("%v worse than", metrics.Score(math.Abs(gain)))
		case gain == 0:
			verdict = "the same as"
		}
		if _, err := fmt.Fprintf(out, "%s on %s: the average is %s the best of them, step %d\n", a.Metric, plural(a.Sentences, "sentence"), verdict, best.Step); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "average: %s\n", a.Out)
	return err
}
