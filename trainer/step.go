package trainer

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"absa/data"
	"absa/internal/torch"
)

// ErrNotFinite says that training ran into infinity or not-a-number.
var ErrNotFinite = errors.New("the loss is not finite")

// outcome is what a step found out.
type outcome struct {
	loss    float64
	pairs   int // labelled pairs in the batch
	correct int
}

// step trains on one batch. The weights change only if loss and gradients are
// finite: after ErrNotFinite they are those of the last good step.
func (t *Trainer) step(batch data.Batch) (outcome, error) {
	s := t.scope
	s.Reset()
	if err := torch.Seed(torch.Mix(uint64(t.config.Train.Seed), streamDropout, uint64(t.at.Step))); err != nil {
		return outcome{}, err
	}
	out := t.model.Forward(s, feed(s, batch))
	targets := t.loss.Targets(batch.Labels)
	loss := t.loss.Forward(s, out, targets)
	s.Backward(loss)
	value := s.Item(loss)
	if err := s.Err(); err != nil {
		return outcome{}, err
	}
	norm, err := t.model.Parameters.GradNorm()
	if err != nil {
		return outcome{}, err
	}
	if !finite(value) || !finite(norm) {
		return outcome{}, t.notFinite(value, batch)
	}
	t.optimizer.Step(s, t.config.Train.LearningRate, norm)
	t.optimizer.ZeroGrad(s)
	if t.ema != nil {
		t.ema.Update(s)
	}
	predicted := s.Int64s(s.Argmax(out.Logits, -1))
	done := outcome{loss: value, pairs: targets.Pairs}
	for i, label := range batch.Labels {
		if label >= 0 && predicted[i] == targets.Class[i] {
			done.correct++
		}
	}
	return done, s.Err()
}

// notFinite describes where a run broke down.
func (t *Trainer) notFinite(loss float64, batch data.Batch) error {
	ids := make([]string, len(batch.Index))
	for i, j := range batch.Index {
		ids[i] = t.data.Train[j].ID
	}
	name, grad, err := t.model.Parameters.LargestGrad()
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: loss %g, largest gradient %g in %s, sentences %s; %s",
		ErrNotFinite, loss, grad, name, strings.Join(ids, " "), tamer)
}

// tamer is what helps against ErrNotFinite.
const tamer = "try a smaller train.learning_rate or a train.clip_norm"

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Streams keep the random numbers of different uses of train.seed apart.
const (
	streamInit uint64 = iota + 1
	streamDropout
	streamOrder
)
