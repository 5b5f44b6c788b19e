package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"absa/internal/atomicfile"
	"absa/internal/report"
	"absa/internal/runs"
	"absa/trainer"
)

func newReportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "report RUN [RUN…]",
		Short: "Lay out runs as one HTML page",
		Long: `Report writes one HTML file that needs nothing else: learning curves, accuracy by
aspect beside the majority class, confusion matrices, calibration, accuracy by sentence
length, the most confident mistakes with the words that they rest on (see absa predict
--explain), configuration and versions. Of several runs it first
shows side by side what they differ in, with the interval of the difference in accuracy
where they were tested on the same sentences.

A run that has not ended shows its learning curves. A run's own page, RUN/report.html,
is made anew; any other file that is there already is left as it is.`,
		Example: `  absa report checkpoints/mine
  absa report checkpoints/seed-1 checkpoints/seed-2 --out seeds.html`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, dirs []string) error {
			own := filepath.Join(dirs[0], runs.ReportFile)
			if out == "" {
				out = runs.ReportFile
				if len(dirs) == 1 {
					out = own
				}
			}
			write := atomicfile.Replace
			if len(dirs) > 1 || filepath.Clean(out) != own {
				write = atomicfile.Write
				if _, err := os.Lstat(out); err == nil {
					return fmt.Errorf("--out %s: it is there already; remove it or choose another name", out)
				}
			}
			show := newProgress(c.ErrOrStderr(), false)
			defer show.close()
			var list []*report.Run
			for _, dir := range dirs {
				r, err := report.Read(dir)
				if err != nil {
					return err
				}
				if err := explainMistakes(c.Context(), dir, r, show); err != nil {
					return err
				}
				list = append(list, r)
			}
			if err := write(out, func(w io.Writer) error { return report.Write(w, list) }); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), out)
			return err
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "`file` to write (default report.html, in the run folder where there is one run)")
	return c
}

// explainMistakes has the model of a run tell what its worst mistakes rest on. A
// page is made without, where its weights cannot be used.
func explainMistakes(ctx context.Context, dir string, r *report.Run, show *progress) error {
	if r.Answers == nil || len(r.Answers.Mistakes) == 0 {
		return nil
	}
	model, err := trainer.NewPredictor(ctx, trainer.PredictOptions{Run: dir, Device: "cpu", Report: show.event})
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		r.Answers.Unshaded = fmt.Sprintf("What they rest on is not known, as the model cannot be used: %v.", err)
		return nil
	}
	defer model.Close()
	mistakes := r.Answers.Mistakes
	words, polarities := make([][]string, len(mistakes)), make([][]int, len(mistakes))
	for i, m := range mistakes {
		predicted := slices.Index(model.Labels.Polarities, m.Predicted) // -1 is data.Absent
		words[i], polarities[i] = m.Words, slices.Repeat([]int{predicted}, len(model.Labels.Aspects))
	}
	explained, err := model.Explain(ctx, words, polarities)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		r.Answers.Unshaded = fmt.Sprintf("What they rest on is not known: %v.", err)
		return nil
	}
	r.Answers.Alone = model.Alone
	for i, m := range mistakes {
		w := explained[i][slices.Index(model.Labels.Aspects, m.Aspect)]
		mistakes[i].Attention, mistakes[i].Gradient = w.Attention, w.Gradient
	}
	return nil
}
