package trainer

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"absa/data"
	"absa/internal/torch"
	"absa/models"
)

// ErrNotFinite says that training ran into infinity or not-a-number.
var ErrNotFinite = errors.New("the loss is not finite")

// outcome is what a step found out.
type outcome struct {
	loss      float64
	norm      float64 // of the gradients, before they are clipped
	sentences int
	pairs     int // labelled pairs
	correct   int
}

// step trains on the batches of a group as if they were one: their gradients add
// up before the weights change. The weights change only if loss and gradients
// are finite: after ErrNotFinite they are those of the last good step.
func (t *Trainer) step(group []data.Batch) (outcome, error) {
	s := t.scope
	labels := make([][]int64, len(group))
	for i, batch := range group {
		labels[i] = batch.Labels
	}
	var done outcome
	for i, targets := range t.loss.GroupTargets(labels) {
		if err := t.accumulate(group[i], i, targets, &done); err != nil {
			return outcome{}, err
		}
	}
	norm, err := t.model.Parameters.GradNorm()
	if err != nil {
		return outcome{}, err
	}
	if !finite(done.loss) || !finite(norm) {
		return outcome{}, t.notFinite(done.loss, group)
	}
	done.norm = norm
	t.optimizer.Step(s, t.learningRate(), norm)
	t.optimizer.ZeroGrad(s)
	if t.ema != nil {
		t.ema.Update(s)
	}
	t.profile.optimized()
	return done, s.Err()
}

// accumulate adds the gradients of batch number i of a group, and what it found
// out to done.
func (t *Trainer) accumulate(batch data.Batch, i int, targets models.Targets, done *outcome) error {
	s := t.scope
	s.Reset()
	number := t.at.Epoch*t.batchesInEpoch() + t.at.Batch + i
	if err := torch.Seed(torch.Mix(uint64(t.config.Train.Seed), streamDropout, uint64(number))); err != nil {
		return err
	}
	input := feed(s, batch)
	t.profile.fed()
	out := t.model.Forward(s, input)
	loss := t.loss.Forward(s, out, targets)
	t.profile.forwarded()
	s.Backward(loss)
	t.profile.backed()
	done.loss += s.Item(loss)
	done.sentences += batch.Size()
	done.pairs += targets.Pairs
	predicted := s.Int64s(s.Argmax(out.Logits, -1))
	if err := s.Err(); err != nil {
		return err
	}
	for i, label := range batch.Labels {
		if label >= 0 && predicted[i] == targets.Class[i] {
			done.correct++
		}
	}
	t.profile.rested()
	return nil
}

// notFinite describes where a run broke down.
func (t *Trainer) notFinite(loss float64, group []data.Batch) error {
	var ids []string
	for _, batch := range group {
		for _, j := range batch.Index {
			ids = append(ids, t.data.Train.ID(j))
		}
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
