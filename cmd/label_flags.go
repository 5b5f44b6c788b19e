package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"absa/data"
	"absa/internal/atomicfile"
	"absa/internal/runs"
	"absa/trainer"
)

// labelFlags are what predict and rate are both told: which model labels what, and
// where the answers go.
type labelFlags struct {
	model         trainer.PredictOptions
	input         data.StreamOptions
	format        string // of the input
	output, out   string
	threshold     float64
	strict, quiet bool

	formats, outputs []string // that the command has
}

func (l *labelFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.model.Run, "checkpoint", "", "`folder` of a run that ended, or of a checkpoint")
	f.StringVar(&l.input.TextColumn, "text-column", "text", "`name` of the CSV column, or the JSON key, with the text")
	f.StringVar(&l.format, "format", string(data.Auto), "of the input: "+choice(l.formats))
	f.StringVar(&l.output, "output", "table", choice(l.outputs))
	f.StringVar(&l.out, "out", "", "write to this `file`, whole or not at all, instead of stdout")
	f.Float64Var(&l.threshold, "threshold", runs.Threshold, "least `probability` that an aspect is mentioned")
	f.IntVar(&l.model.BatchSize, "batch-size", 128, "`sentences` at a time")
	f.BoolVar(&l.strict, "strict", false, "stop at the first that cannot be read")
	f.StringVar(&l.model.Device, "device", "", "auto, cpu, cuda or `cuda:N` (default: the run's)")
	f.IntVar(&l.model.Threads, "threads", 0, "`number` of threads (default: the run's)")
	f.BoolVarP(&l.quiet, "quiet", "q", false, "no notes, no progress, no messages about lines")
}

// choice lists names: "table, jsonl or csv".
func choice(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (l *labelFlags) check() error {
	l.input.Format = data.Format(l.format)
	switch {
	case !slices.Contains(l.formats, l.format):
		return fmt.Errorf("--format %q is none of %s", l.format, strings.Join(l.formats, ", "))
	case !slices.Contains(l.outputs, l.output):
		return fmt.Errorf("--output %q is none of %s", l.output, strings.Join(l.outputs, ", "))
	case l.model.BatchSize < 1:
		return fmt.Errorf("--batch-size %d, want at least 1", l.model.BatchSize)
	case !(l.threshold >= 0 && l.threshold <= 1):
		return fmt.Errorf("--threshold %v, want 0 to 1", l.threshold)
	}
	return nil
}

// open loads the model, which the caller closes, and notes what to know of it.
// mentioned says what becomes of aspects where it does not tell which ones a
// sentence mentions.
func (l *labelFlags) open(ctx context.Context, show *progress, mentioned string) (*trainer.Predictor, error) {
	if _, err := os.Lstat(l.out); err == nil {
		return nil, fmt.Errorf("--out %s: it is there already; remove it or choose another name", l.out)
	}
	l.model.Report = show.event
	model, err := trainer.NewPredictor(ctx, l.model)
	if err != nil {
		return nil, err
	}
	if model.Alone {
		show.note("the answer of this model depends on the batch: it is given one sentence at a time")
	}
	if model.Temperature == nil {
		show.note("probabilities are not calibrated: %s", model.Uncalibrated)
	}
	if !model.Presence {
		show.note("this model does not tell which aspects a sentence mentions: %s (model.head.presence learns it)", mentioned)
	}
	return model, nil
}

// write has the answers written to --out, or to stdout.
func (l *labelFlags) write(c *cobra.Command, write func(io.Writer) error) error {
	if l.out == "" {
		return write(c.OutOrStdout())
	}
	return atomicfile.Write(l.out, write)
}
