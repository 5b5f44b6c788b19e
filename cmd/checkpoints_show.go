package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/internal/safetensors"
	"absa/trainer"
)

// shown is what show prints of a checkpoint, a run that has ended or an average.
type shown struct {
	Dir      string              `json:"dir"`
	Manifest checkpoint.Manifest `json:"manifest"`
	State    *trainer.State      `json:"state,omitempty"`  // of a checkpoint
	Result   *trainer.Result     `json:"result,omitempty"` // of a run
	Average  string              `json:"average_of_steps,omitempty"`
	Tensors  []tensorShown       `json:"tensors,omitempty"`

	epochs int // train.epochs
}

type tensorShown struct {
	Part  string            `json:"part"` // file
	Name  string            `json:"name"`
	DType safetensors.DType `json:"dtype"`
	Shape []int64           `json:"shape"`
}

func newCheckpointsShowCmd() *cobra.Command {
	var asJSON, tensors bool
	c := &cobra.Command{
		Use:   "show RUN|STEP",
		Short: "Show what a checkpoint holds",
		Long: `Show prints where a checkpoint stands in its run (epoch, step, best so far, learning
rate, time trained, the last epoch's figures), and its files with their sizes. Of a
run that has ended it shows what the run came to, of any other its newest complete
checkpoint. --tensors adds the name, type and shape of every tensor.`,
		Example: `  absa checkpoints show checkpoints/mine
  absa checkpoints show checkpoints/mine/checkpoints/step-00000076 --tensors
  absa checkpoints show checkpoints/mine --json | jq .manifest.step`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			found, err := locate(args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			s, err := readShown(found, tensors)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), s)
			}
			return s.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&tensors, "tensors", false, "list the tensors")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func readShown(c *checkpoint.Checkpoint, tensors bool) (*shown, error) {
	s := &shown{Dir: c.Dir, Manifest: c.Manifest}
	if c.Has(trainer.ConfigFile) {
		loaded, err := configs.Load(configs.Source{Config: c.Path(trainer.ConfigFile)})
		if err != nil {
			return nil, err
		}
		s.epochs = loaded.Config.Train.Epochs
	}
	if c.Has(trainer.StateFile) {
		state, err := trainer.ReadState(c)
		if err != nil {
			return nil, err
		}
		s.State = &state
	}
	if c.Has(trainer.ResultFile) {
		result, err := trainer.ReadResult(c.Dir)
		if err != nil {
			return nil, err
		}
		s.Result = &result
	}
	for _, p := range c.Manifest.Parts {
		if !strings.HasSuffix(p.Name, ".safetensors") {
			continue
		}
		if err := s.readTensors(c, p.Name, tensors); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readTensors reads the header of a file of tensors.
func (s *shown) readTensors(c *checkpoint.Checkpoint, part string, list bool) error {
	f, err := safetensors.Open(c.Path(part))
	if err != nil {
		return err
	}
	defer f.Close()
	if c.Manifest.Kind == checkpoint.KindAverage {
		s.Average = f.Metadata()[trainer.AverageKey]
	}
	if !list {
		return nil
	}
	for _, name := range f.Names() {
		dtype, shape, err := f.Shape(name)
		if err != nil {
			return err
		}
		s.Tensors = append(s.Tensors, tensorShown{part, name, dtype, shape})
	}
	return nil
}

func (s *shown) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	m := s.Manifest
	fmt.Fprintf(w, "%s\n", s.Dir)
	row := func(key, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", key, fmt.Sprintf(format, args...)) }
	at := fmt.Sprintf("%s, %s completed", plural(m.Step, "step"), plural(m.Epoch, "epoch"))
	switch m.Kind {
	case checkpoint.KindRun:
		row("run", "ended after %s", at)
	case checkpoint.KindAverage:
		row("average", "of the weights of steps %s", strings.ReplaceAll(s.Average, " ", ", "))
	default:
		row("checkpoint", "of %s", at)
	}
	row("written", "%s by absa %s with LibTorch %s", inTime(m.Written), m.Program, m.LibTorch)
	if m.Value != nil {
		row("validation", "%s %v", m.Metric, metrics.Score(*m.Value))
	}
	if s.State != nil {
		s.printState(row)
	}
	if r := s.Result; r != nil {
		row("stopped by", "%s", r.Stopped)
		row("tested", "accuracy %v, macro-F1 %v, with the weights of epoch %d", r.Accuracy, r.MacroF1, r.TestedEpoch)
		row("computed", "on %s, threads: %d, seed %d", r.Device, r.Threads, r.Seed)
		if n := len(r.Epochs); n > 0 {
			row("last epoch", "%s", epochLine(trainer.EpochDone{Epoch: r.Epochs[n-1], Epochs: s.epochs}))
		}
	}
	fmt.Fprintf(w, "\nfile\tsize\tSHA-256\n")
	for _, p := range m.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, inBytes(p.Size), p.SHA256)
	}
	fmt.Fprintf(w, "together\t%s\n", inBytes(partsSize(m)))
	if s.Tensors != nil {
		fmt.Fprintf(w, "\nfile\ttensor\ttype\tshape\n")
		for _, t := range s.Tensors {
			fmt.Fprintf(w, "%s\t%s\t%s\t%v\n", t.Part, t.Name, t.DType, t.Shape)
		}
	}
	return w.Flush()
}

func (s *shown) printState(row func(key, format string, args ...any)) {
	state := s.State
	if at := state.Position; at.Batch > 0 {
		row("position", "in epoch %d of %d, after batch %d", at.Epoch+1, s.epochs, at.Batch)
	} else {
		row("position", "after epoch %d of %d", at.Epoch, s.epochs)
	}
	if b := state.Best; b != nil {
		row("best", "%s %v after epoch %d (step %d)", s.Manifest.Metric, metrics.Score(b.Value), b.Epoch, b.Step)
	} else {
		row("best", "none yet: nothing has been validated")
	}
	row("learning rate", "%g in the next step", state.LearningRate)
	row("trained", "for %.1f s on %s, threads: %d", state.Seconds, state.Device, state.Threads)
	if n := len(state.History); n > 0 {
		last := state.History[n-1]
		isBest := state.Best != nil && state.Best.Epoch == last.Epoch
		row("last epoch", "%s", epochLine(trainer.EpochDone{Epoch: last, Epochs: s.epochs, Best: isBest}))
	}
	d := state.Data
	row("data", "fingerprints: train %s, test %s, split %s", d.Train, d.Test, d.Split)
	if devices := slices.Sorted(maps.Keys(state.Random)); len(devices) > 0 {
		row("generators", "of %s", strings.Join(devices, ", "))
	}
}
