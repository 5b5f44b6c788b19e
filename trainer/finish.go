package trainer

import (
	"context"
	"fmt"

	"absa/internal/checkpoint"
	"absa/internal/runs"
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
		Device:             t.device.String(), Threads: torch.Threads(), Kernels: kernels(t.config, t.device),
		Parameters: all, Versions: CurrentVersions(),
	}
	if t.best != nil {
		r.BestEpoch = &t.best.Epoch
	}
	var list []safetensors.Tensor
	var answers []predicted
	err := t.chosen(func() (err error) {
		if t.data.Test.Len() > 0 {
			v, err := t.evaluate(ctx, t.data.Test)
			if err != nil {
				return err
			}
			if v.logits != nil {
				answers = append(answers, predicted{runs.Test, t.data.Test, v})
			}
			scores, err := t.scores(v)
			if err != nil {
				return fmt.Errorf("test: %w", err)
			}
			r.Score = Scores(scores)
			t.report(Tested{Result: scores})
		}
		if n := t.data.Valid.Len(); n > 0 && n <= maxPredictions {
			v, err := t.evaluate(ctx, t.data.Valid)
			if err != nil {
				return err
			}
			answers = append(answers, predicted{runs.Validation, t.data.Valid, v})
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
	t.noteUnkept(runs.Test, t.data.Test)
	t.noteUnkept(runs.Validation, t.data.Valid)
	t.board.end(t.at.Step, r.Score)
	if err := t.out.finish(r, list, answers, checkpoint.Manifest{
		Program: Program, LibTorch: torch.Version(), Epoch: t.at.Epoch, Step: t.at.Step,
	}); err != nil {
		return nil, t.interrupted(err)
	}
	return r, nil
}
