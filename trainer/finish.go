package trainer

import (
	"context"
	"fmt"

	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/internal/torch"
)

// finish tests the chosen weights once and writes what is left to write. The
// manifest is the last of it: with it, the run has ended.
func (t *Trainer) finish(ctx context.Context) (*Result, error) {
	tested := t.at.Epoch
	if t.bestWeights != nil {
		tested = t.best.Epoch
	}
	_, all := t.model.Parameters.Elements()
	r := &Result{
		Score:  Score{Accuracy: undefined(), Majority: undefined(), MacroF1: undefined(), MajorityMacroF1: undefined(), Aspects: map[string]AspectResult{}},
		Epochs: t.history, TestedEpoch: tested, Steps: t.at.Step, Stopped: t.stopped(),
		SentencesPerSecond: throughput(t.history),
		Seed:               t.config.Train.Seed,
		Device:             t.device.String(), Threads: torch.Threads(),
		Parameters: all, Versions: CurrentVersions(),
	}
	if t.best != nil {
		r.BestEpoch = &t.best.Epoch
	}
	var list []safetensors.Tensor
	err := t.chosen(func() (err error) {
		if t.data.Test.Len() > 0 {
			v, err := t.evaluate(ctx, t.data.Test)
			if err != nil {
				return err
			}
			scores, err := t.scores(v)
			if err != nil {
				return fmt.Errorf("test: %w", err)
			}
			r.Score = Scores(scores)
			t.report(Tested{Result: scores})
		}
		list, err = weights(t.model.Parameters)
		return err
	})
	if err != nil {
		return nil, t.interrupted(err)
	}
	t.saveIfAsked()
	t.endSave()
	if err := t.profile.save(t.out, t.report); err != nil {
		return nil, err
	}
	if err := t.out.finish(r, list, checkpoint.Manifest{
		Program: Program, LibTorch: torch.Version(), Epoch: t.at.Epoch, Step: t.at.Step,
	}); err != nil {
		return nil, t.interrupted(err)
	}
	return r, nil
}
