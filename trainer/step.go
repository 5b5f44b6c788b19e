package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"
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
	norm      float64 // of the gradients
	sentences int
	pairs     int // labelled pairs
	correct   int
	auxiliary []float64 // losses of the auxiliary corpora
}

// finite reports whether the weights may change. The optimizer keeps squares of
// the gradients as float32.
func (o outcome) finite() bool {
	for _, loss := range o.auxiliary {
		if !finite(loss) {
			return false
		}
	}
	return finite(o.loss) && o.norm*o.norm <= math.MaxFloat32
}

// step trains on the batches of a group as if they were one: their gradients add
// up before the weights change. Those of as many batches of each auxiliary corpus add
// to them, so that what is minimised is the loss of the group and, by their weights,
// those of the others. The weights change only if losses and gradients are finite:
// after ErrNotFinite they are those of the last good step.
func (t *Trainer) step(group []data.Batch) (outcome, error) {
	var done outcome
	for _, batch := range group {
		done.sentences += batch.Size()
	}
	number := t.at.Epoch*t.batchesInEpoch() + t.at.Batch
	for i, targets := range t.encode(t.loss, group) {
		if err := t.accumulate(group[i], number+i, targets, &done); err != nil {
			return outcome{}, err
		}
	}
	for _, x := range t.tasks {
		if err := t.stepBeside(x, len(group), number, &done); err != nil {
			return outcome{}, err
		}
	}
	if !done.finite() {
		return outcome{}, t.notFinite(done, group)
	}
	t.optimizer.Step(t.scope, t.learningRate(), done.norm, t.ema)
	t.profile.optimized()
	return done, t.scope.Err()
}

// encode encodes the labels of a group. Where the objective compares two answers, the
// batches of the group hold every sentence twice from then on.
func (t *Trainer) encode(objective *models.Loss, group []data.Batch) []models.Targets {
	t.labels = t.labels[:0]
	for i := range group {
		if objective.Consistent() {
			group[i] = group[i].Twice()
		}
		t.labels = append(t.labels, group[i].Labels)
	}
	return objective.GroupTargets(t.labels)
}

// accumulate adds the gradients of a batch, by its number in the run, and what it
// found out to done. It waits for the device once, at its end.
func (t *Trainer) accumulate(batch data.Batch, number int, targets models.Targets, done *outcome) error {
	s := t.scope
	s.Reset()
	if err := torch.Seed(torch.Mix(uint64(t.config.Train.Seed), streamDropout, uint64(number))); err != nil {
		return err
	}
	out, loss := t.forward(nil, t.loss, batch, targets)
	s.Backward(loss)
	t.profile.backed()
	norm := t.optimizer.GradNorm(s)
	t.profile.optimized()
	t.values = s.Read(t.values[:0], norm, loss, out.Logits)
	if err := s.Err(); err != nil {
		return err
	}
	done.norm = t.values[0]
	done.loss += t.values[1]
	done.pairs += targets.Pairs
	done.correct += targets.Correct(out.Pairs, t.values[2:])
	t.profile.rested()
	return nil
}

// forward runs a batch through the heads of a branch, nil for the model's own, to a
// loss.
func (t *Trainer) forward(branch *models.Branch, objective *models.Loss, batch data.Batch, targets models.Targets) (models.Output, torch.Tensor) {
	s := t.scope
	input := feed(s, batch)
	input.Pairs = objective.Reads(targets)
	t.profile.fed()
	out := t.model.ForwardBranch(s, branch, input)
	loss := objective.Forward(s, out, targets)
	if objective.Consistent() {
		loss = s.Add(loss, objective.Divergence(s, out, targets))
	}
	t.profile.forwarded()
	return out, loss
}

// notFinite describes where a run broke down.
func (t *Trainer) notFinite(done outcome, group []data.Batch) error {
	var ids []string
	for _, batch := range group {
		for _, j := range slices.Compact(batch.Index) {
			ids = append(ids, t.data.Train.ID(j))
		}
	}
	losses, help := fmt.Sprintf("loss %g", done.loss), tamer
	for k, x := range t.tasks {
		losses += fmt.Sprintf(", of %s %g", x.key(), done.auxiliary[k])
	}
	if len(t.tasks) > 0 {
		ids = append(ids, "and those of train.auxiliary beside them")
		help += ", or a smaller weight in train.auxiliary"
	}
	name, grad, err := t.model.Parameters.LargestGrad()
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s, largest gradient %g in %s, sentences %s; %s",
		ErrNotFinite, losses, grad, name, strings.Join(ids, " "), help)
}

// tamer is what helps against ErrNotFinite.
const tamer = "try a smaller train.learning_rate or a train.clip_norm"

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Streams keep the random numbers of different uses of train.seed apart.
const (
	streamInit uint64 = iota + 1
	streamDropout
	streamOrder
	streamAuxiliary
)
