package trainer

import (
	"context"
	"fmt"
	"time"

	"absa/data"
	"absa/internal/metrics"
	"absa/internal/torch"
)

// run is the training loop.
func (t *Trainer) run(ctx context.Context) (*Result, error) {
	for t.stopped() == "" {
		if err := t.epoch(ctx); err != nil {
			return nil, t.interrupted(err)
		}
		if err := t.endEpoch(ctx); err != nil {
			return nil, t.interrupted(err)
		}
	}
	return t.finish(ctx)
}

// stopped says what ends training, "" while it goes on. It is asked between
// epochs.
func (t *Trainer) stopped() string {
	patience := t.config.Train.Patience
	switch {
	case t.at.Batch > 0: // an epoch is under way
		return ""
	case patience > 0 && t.best != nil && t.at.Epoch-t.best.Epoch >= patience:
		return "patience"
	case t.exhausted():
		return "max_steps"
	case t.at.Epoch >= t.config.Train.Epochs:
		return "epochs"
	}
	return ""
}

// epoch trains on the batches that are left of an epoch.
func (t *Trainer) epoch(ctx context.Context) error {
	defer torch.ReleaseThreads()
	batches, epoch := t.batchesInEpoch(), t.at.Epoch
	if t.config.Train.OverfitBatches > 0 {
		epoch = 0 // the same batches in every epoch
	}
	for _, x := range t.tasks {
		defer x.begin(epoch*batches + t.at.Batch)()
	}
	t.pace.resume()
	before := t.now.Seconds
	begun := time.Now()
	t.profile.begin(t.at.Epoch + 1)
	var group []data.Batch
	for batch, err := range t.batches.Epoch(epoch, t.at.Batch) {
		if t.at.Batch >= batches || t.exhausted() {
			break
		}
		if err != nil {
			return fmt.Errorf("epoch %d: %w", t.at.Epoch+1, err)
		}
		group = append(group, batch)
		if len(group) < t.config.Train.Accumulate && t.at.Batch+len(group) < batches {
			continue
		}
		t.profile.waited()
		if ctx.Err() != nil {
			return fmt.Errorf("%w at step %d: %w", ErrInterrupted, t.at.Step, context.Cause(ctx))
		}
		rate := t.learningRate()
		o, err := t.step(group)
		if err != nil {
			return fmt.Errorf("step %d: %w", t.at.Step+1, err)
		}
		t.at.Step++
		t.at.Batch += len(group)
		t.value = nil
		t.now.add(o, before+time.Since(begun).Seconds())
		t.pace.step(len(group))
		t.board.step(t.at.Step, o, rate)
		group = group[:0]
		t.report(t.stepDone())
		if err := t.saveAfterStep(); err != nil {
			return err
		}
		t.profile.stepped()
	}
	return nil
}

// stepDone is the event of the step just done.
func (t *Trainer) stepDone() StepDone {
	return StepDone{
		Epoch: t.at.Epoch + 1, Epochs: t.config.Train.Epochs, Batch: t.at.Batch, Batches: t.batchesInEpoch(), Step: t.at.Step,
		Loss: t.now.Loss, Accuracy: float64(ratio(t.now.Correct, t.now.Pairs)),
		SentencesPerSec: float64(t.now.Sentences) / t.now.Seconds,
		Left:            t.pace.left(t.batchesLeft(), t.config.Train.Epochs-t.at.Epoch),
	}
}

// endEpoch validates, and closes the books of the epoch.
func (t *Trainer) endEpoch(ctx context.Context) error {
	e := t.now.epoch(t.at.Epoch + 1)
	e.LearningRate = t.learningRate()
	value, err := t.validate(ctx, &e)
	if err != nil {
		return err
	}
	best := t.best != nil && t.best.Epoch == e.Epoch
	t.at.Epoch++
	t.at.Batch = 0
	t.now, t.value = UnderWay{}, value
	t.history = append(t.history, e)
	if err := t.out.append(e); err != nil {
		return err
	}
	t.board.epoch(t.at.Step, e)
	t.report(EpochDone{Epoch: e, Epochs: t.config.Train.Epochs, Best: best})
	if t.saver.dueAtEpoch(t.at, t.amongBest(e, t.saver.policy.KeepBest), t.stopped() != "") {
		if err := t.beginSave(); err != nil {
			return err
		}
	}
	t.saveIfAsked()
	return nil
}

// learningRate is that of the next step.
func (t *Trainer) learningRate() float64 { return t.schedule.rate(t.at.Step, t.plateau.Scale) }

// seconds is how long the run has taken so far, all processes together.
func (t *Trainer) seconds() float64 { return t.before + time.Since(t.begun).Seconds() }

// exhausted reports whether train.max_steps is reached.
func (t *Trainer) exhausted() bool {
	limit := t.config.Train.MaxSteps
	return limit > 0 && t.at.Step >= limit
}

// batchesInEpoch is the number of batches, or of those that
// train.overfit_batches leaves.
func (t *Trainer) batchesInEpoch() int {
	n := t.batches.Batches()
	if limit := t.config.Train.OverfitBatches; limit > 0 {
		return min(n, limit)
	}
	return n
}

// batchesLeft is how many batches the run still has if nothing stops it early.
func (t *Trainer) batchesLeft() int {
	n := (t.config.Train.Epochs-t.at.Epoch)*t.batchesInEpoch() - t.at.Batch
	if limit := t.config.Train.MaxSteps; limit > 0 {
		return max(0, min(n, (limit-t.at.Step)*t.config.Train.Accumulate))
	}
	return n
}

// steps is how many steps the run has when nothing stops it early.
func (t *Trainer) steps() int {
	k := t.config.Train.Accumulate
	n := t.config.Train.Epochs * ((t.batchesInEpoch() + k - 1) / k)
	if limit := t.config.Train.MaxSteps; limit > 0 {
		return min(n, limit)
	}
	return n
}

func ratio(correct, pairs int) metrics.Score {
	if pairs == 0 {
		return undefined()
	}
	return metrics.Score(float64(correct) / float64(pairs))
}
