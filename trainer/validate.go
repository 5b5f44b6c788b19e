package trainer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"absa/configs"
	"absa/data"
	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/internal/torch"
)

// validate evaluates the weights that would be tested, remembers the best, and
// returns the value of train.metric, nil where there is nothing to validate on.
func (t *Trainer) validate(ctx context.Context, e *Epoch) (*float64, error) {
	if t.data.Valid.Len() == 0 {
		return nil, nil
	}
	var value float64
	err := t.averaged(func() error {
		begun := time.Now()
		v, err := t.evaluate(ctx, t.data.Valid)
		if err != nil {
			return err
		}
		t.pace.validated(time.Since(begun))
		scores, err := t.scores(v)
		if err != nil {
			return fmt.Errorf("validation: %w", err)
		}
		accuracy, f1 := scores.Overall.Model.Accuracy(), scores.Overall.Model.MacroF1()
		e.ValidLoss, e.ValidAccuracy, e.ValidMacroF1 = &v.loss, &accuracy, &f1
		value = *metric(t.config.Train, *e)
		if t.config.Train.Schedule == "plateau" {
			t.plateau.observe(value, lowerIsBetter(t.config.Train), t.config.Train)
		}
		if t.best != nil && !better(t.config.Train, value, t.best.Value) {
			return nil
		}
		t.best = &Best{Epoch: e.Epoch, Step: t.at.Step, Value: value}
		if t.config.Train.Select == "best" {
			t.bestWeights, err = weights(t.model.Parameters)
		}
		return err
	})
	return &value, err
}

// metric is an epoch's train.metric on validation, nil where nothing was held out.
func metric(c configs.Train, e Epoch) *float64 {
	if c.Metric == "loss" {
		return e.ValidLoss
	}
	score := e.ValidAccuracy
	if c.Metric == "macro_f1" {
		score = e.ValidMacroF1
	}
	return (*float64)(score)
}

// amongBest says whether an epoch is one of the best n to its end. Those that
// are the best of all epochs have all been so, whatever else was saved between them.
func (t *Trainer) amongBest(e Epoch, n int) bool {
	value := metric(t.config.Train, e)
	if value == nil {
		return false
	}
	ahead := 0
	for _, before := range t.history {
		if v := metric(t.config.Train, before); v != nil && before.Epoch < e.Epoch && !better(t.config.Train, *value, *v) {
			ahead++
		}
	}
	return ahead < n
}

// averaged runs f with the moving average in place of the weights, if there is
// one.
func (t *Trainer) averaged(f func() error) error {
	if t.ema == nil {
		return f()
	}
	if err := t.ema.Swap(); err != nil {
		return err
	}
	return errors.Join(f(), t.ema.Swap())
}

func (t *Trainer) evaluate(ctx context.Context, examples *data.Examples) (*evaluation, error) {
	defer torch.ReleaseThreads()
	v, err := evaluate(ctx, t.config, t.model, t.loss, examples)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w in evaluation after step %d: %w", ErrInterrupted, t.at.Step, err)
	}
	if err == nil && !finite(v.loss) {
		return nil, fmt.Errorf("evaluation after step %d: %w: loss %g; %s", t.at.Step, ErrNotFinite, v.loss, tamer)
	}
	return v, err
}

// scores compares an evaluation with the majority class.
func (t *Trainer) scores(v *evaluation) (metrics.Result, error) {
	return t.answers(v).Evaluate()
}

// answers are an evaluation's, beside gold and the majority class.
func (t *Trainer) answers(v *evaluation) *runs.Answers {
	return v.answers(t.model.Labels, t.data.Majority)
}

// chosen runs f with the weights that are to be tested in place of those that
// are trained.
func (t *Trainer) chosen(f func() error) error {
	if t.bestWeights == nil {
		return t.averaged(f)
	}
	trained, err := weights(t.model.Parameters)
	if err != nil {
		return err
	}
	if err := setWeights(t.model.Parameters, t.bestWeights); err != nil {
		return err
	}
	return errors.Join(f(), setWeights(t.model.Parameters, trained))
}
