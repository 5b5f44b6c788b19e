package trainer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/internal/safetensors"
	"absa/internal/torch"
)

// AverageKey is where the metadata of an average's WeightsFile tells its steps.
const AverageKey = "average_of_steps"

// AverageOptions say which checkpoints of a run are averaged, and where the
// average goes. At most one of Last, Best and Steps is set; without them it is
// every complete checkpoint.
type AverageOptions struct {
	Run     string
	Last    int         // the newest so many
	Best    int         // the best so many on validation, by train.metric
	Steps   []int       // those of these steps
	Out     string      // a new or empty folder
	Device  string      // as train.device, for validation; empty takes the run's
	Threads int         // as train.threads; 0 takes the run's
	Report  func(Event) // may be nil
}

// Averaged is what came of an average.
type Averaged struct {
	Out         string         `json:"out"`
	Metric      string         `json:"metric"` // train.metric of the run
	Sentences   int            `json:"sentences"`
	Checkpoints []AveragedStep `json:"checkpoints"` // ascending by step
	Average     *Validation    `json:"average"`     // null where it could not be measured
}

// AveragedStep is one of the checkpoints that were averaged.
type AveragedStep struct {
	Dir        string      `json:"dir"`
	Step       int         `json:"step"`
	Validation *Validation `json:"validation"` // null as Averaged.Average
}

// Validation is how weights do on the sentences that a run held out.
type Validation struct {
	Loss     float64       `json:"loss"`
	Accuracy metrics.Score `json:"accuracy"`
	MacroF1  metrics.Score `json:"macro_f1"`
}

// Of returns the value of a train.metric.
func (v Validation) Of(metric string) float64 {
	switch metric {
	case "loss":
		return v.Loss
	case "macro_f1":
		return float64(v.MacroF1)
	}
	return float64(v.Accuracy)
}

// Gain compares the average with the best of the checkpoints by Metric, the
// earlier one of equals. A positive gain is an improvement. It is only there
// where the average could be measured.
func (a *Averaged) Gain() (best AveragedStep, gain float64) {
	of := configs.Train{Metric: a.Metric}
	best = a.Checkpoints[0]
	for _, c := range a.Checkpoints[1:] {
		if better(of, c.Validation.Of(a.Metric), best.Validation.Of(a.Metric)) {
			best = c
		}
	}
	gain = a.Average.Of(a.Metric) - best.Validation.Of(a.Metric)
	if lowerIsBetter(of) {
		gain = -gain
	}
	return best, gain
}

// Average writes the mean of the weights of several checkpoints of a run
// (Izmailov et al. 2018) to a folder that Evaluate and train.init_from take. All
// of them and their mean are validated on the run's own split. Nothing is written
// over, and nothing is left in Out when it fails.
func Average(ctx context.Context, o AverageOptions) (a *Averaged, err error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	if err := checkNew(o.Out); err != nil {
		return nil, err
	}
	members, err := o.choose(noter(o.Report))
	if err != nil {
		return nil, err
	}
	defer closeAll(members)
	newest := members[len(members)-1]
	files, err := newest.files()
	if err != nil {
		return nil, err
	}
	mean, err := meanOf(members)
	if err != nil {
		return nil, err
	}
	a = &Averaged{Out: o.Out, Metric: newest.config.Train.Metric}
	for _, m := range members {
		a.Checkpoints = append(a.Checkpoints, AveragedStep{Dir: m.dir, Step: m.manifest.Step})
	}
	if err := torch.Locked(func() error { return a.validate(ctx, o, members, mean) }); err != nil {
		return nil, err
	}
	m := checkpoint.Manifest{
		Kind: checkpoint.KindAverage, Program: Program, LibTorch: torch.Version(),
		Epoch: newest.manifest.Epoch, Step: newest.manifest.Step, Metric: a.Metric,
	}
	if a.Average != nil {
		value := a.Average.Of(a.Metric)
		m.Value = &value
	}
	return a, writeAverage(o.Out, m, files, mean, stepsOf(members))
}

// checkNew refuses, before any work, a folder that cannot take an average.
func checkNew(dir string) error {
	if checkpoint.IsStep(dir) {
		return fmt.Errorf("%s: the name is that of a checkpoint: choose another --out", dir)
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("folder of the average: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("%s: %w: choose another --out, so that nothing is written over", dir, ErrNotEmpty)
	}
	return nil
}

// meanOf averages the weights one tensor at a time, in float64.
func meanOf(members []*member) ([]safetensors.Tensor, error) {
	var list []safetensors.Tensor
	for _, name := range members[0].weights.Names() {
		_, shape, err := members[0].weights.Shape(name)
		if err != nil {
			return nil, err
		}
		var sum []float64
		for _, m := range members {
			x, err := m.weights.Tensor(name)
			if err != nil {
				return nil, err
			}
			values, err := x.Float32()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.dir, err)
			}
			if sum == nil {
				sum = make([]float64, len(values))
			}
			for i, v := range values {
				sum[i] += float64(v)
			}
		}
		mean := make([]float32, len(sum))
		for i, v := range sum {
			mean[i] = float32(v / float64(len(members)))
		}
		x, err := safetensors.NewFloat32(name, shape, mean)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// writeAverage makes the folder; the manifest is the last of it.
func writeAverage(dir string, m checkpoint.Manifest, files []file, mean []safetensors.Tensor, of string) (err error) {
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("folder of the average: %w", err)
	}
	var made []string
	defer func() {
		if err == nil {
			return
		}
		// Somebody else may have taken the folder meanwhile: what is theirs stays.
		for _, name := range made {
			os.Remove(filepath.Join(dir, name))
		}
		if missing != nil {
			os.Remove(dir)
		}
	}()
	about := metadata()
	about[AverageKey] = of
	write := func(name string, fill func(io.Writer) error) error {
		if err := atomicfile.Write(filepath.Join(dir, name), fill); err != nil {
			return err
		}
		made = append(made, name)
		return nil
	}
	for _, f := range files {
		if err := write(f.name, f.write); err != nil {
			return err
		}
	}
	if err := write(WeightsFile, func(w io.Writer) error { return safetensors.Write(w, mean, about) }); err != nil {
		return err
	}
	names := slices.Clone(made)
	made = append(made, checkpoint.ManifestFile)
	return checkpoint.Seal(dir, m, names)
}

func stepsOf(members []*member) string {
	var steps []string
	for _, m := range members {
		steps = append(steps, fmt.Sprint(m.manifest.Step))
	}
	return strings.Join(steps, " ")
}

// validate measures every member and the mean, where that can be done.
func (a *Averaged) validate(ctx context.Context, o AverageOptions, members []*member, mean []safetensors.Tensor) error {
	v, err := newValidator(ctx, o, members[len(members)-1])
	var unmeasured *unmeasuredError
	if errors.As(err, &unmeasured) {
		o.Report(Note{Text: fmt.Sprintf("%v: what the average gains is not measured", err)})
		return nil
	}
	if err != nil {
		return err
	}
	defer v.close()
	a.Sentences = v.data.Valid.Len()
	for i, m := range members {
		list, err := m.tensors()
		if err != nil {
			return err
		}
		if a.Checkpoints[i].Validation, err = v.score(ctx, list); err != nil {
			return fmt.Errorf("%s: %w", m.dir, err)
		}
	}
	if a.Average, err = v.score(ctx, mean); err != nil {
		return fmt.Errorf("the average of steps %s: %w", stepsOf(members), err)
	}
	return nil
}

func closeAll(members []*member) {
	for _, m := range members {
		m.weights.Close()
	}
}
