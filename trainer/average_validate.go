package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"absa/configs"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// validator measures weights on the sentences that a run held out.
type validator struct {
	config   configs.Config
	data     *Dataset
	majority []int
	model    *models.Model
	loss     *models.Loss
}

// unmeasuredError says why a run's validation cannot be done again.
type unmeasuredError struct {
	text string
	err  error
}

func (e *unmeasuredError) Error() string { return e.text }

func (e *unmeasuredError) Unwrap() error { return e.err }

// newValidator splits the run's training corpus as the run did and builds the
// network of m.
func newValidator(ctx context.Context, o AverageOptions, m *member) (_ *validator, err error) {
	c := m.config
	if c.Data.ValidFraction == 0 {
		return nil, &unmeasuredError{text: "the run has no validation set (data.valid_fraction=0)"}
	}
	if o.Device != "" {
		c.Train.Device = o.Device
	}
	if o.Threads != 0 {
		c.Train.Threads = o.Threads
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	device, err := torch.ParseDevice(c.Train.Device)
	if err != nil {
		return nil, err
	}
	runAnywhere(&c, noter(o.Report))
	if err := setCPU(c, device, c.Loader.BatchSize); err != nil {
		return nil, err
	}
	vectors, err := m.embedding()
	if err != nil {
		return nil, err
	}
	c.Data.Test = "" // an average is not chosen by it
	c.Train.Auxiliary = nil
	set, err := Prepare(ctx, c, source{vocabulary: m.vocabulary, vectors: vectors}, o.Report)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &unmeasuredError{err.Error(), err}
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			set.Close()
		}
	}()
	if was, now := m.data, set.Fingerprint; was.Train != now.Train || was.Split != now.Split {
		return nil, &unmeasuredError{text: fmt.Sprintf("data.train=%s has other sentences than when the run was trained (fingerprint %s, it was %s)", c.Data.Train, now.Train, was.Train)}
	}
	v := &validator{config: c, data: set, majority: set.Majority}
	if v.model, err = models.New(c.Model, m.labels, vectors, device, 0); err != nil {
		return nil, err
	}
	err = fill(v.model, m.weights) // for its checks: score sets all weights
	if err == nil {
		v.loss, err = models.NewLoss(c.Loss, m.labels)
	}
	if err != nil {
		v.model.Close()
		return nil, fmt.Errorf("%s: %w", m.dir, err)
	}
	return v, nil
}

func (v *validator) close() {
	v.model.Close()
	v.data.Close()
	torch.ReleaseThreads()
}

// score validates weights, which must be of the network's shape.
func (v *validator) score(ctx context.Context, list []safetensors.Tensor) (*Validation, error) {
	if err := setWeights(v.model.Parameters, list); err != nil {
		return nil, err
	}
	e, err := evaluate(ctx, v.config, v.model, v.loss, v.data.Valid)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	if !finite(e.loss) {
		return nil, fmt.Errorf("%w: loss %g", ErrNotFinite, e.loss)
	}
	r, err := e.answers(v.model.Labels, v.majority).Evaluate()
	if err != nil {
		return nil, err
	}
	return &Validation{Loss: e.loss, Accuracy: r.Overall.Model.Accuracy(), MacroF1: r.Overall.Model.MacroF1()}, nil
}
