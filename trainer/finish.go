package trainer

import (
	"context"
	"errors"
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
	r := &Result{
		Score:  Score{Accuracy: undefined(), Majority: undefined(), MacroF1: undefined(), MajorityMacroF1: undefined(), Aspects: map[string]AspectResult{}},
		Epochs: t.history, TestedEpoch: tested, Steps: t.at.Step, Stopped: t.stopped(),
		SentencesPerSecond: throughput(t.history),
		Auxiliary:          t.data.auxiliaryResults(),
		Leakage:            leakage(t.data.Leaks),
		Seed:               t.config.Train.Seed,
		Device:             t.device.String(), Threads: torch.Threads(), Kernels: kernels(t.config, t.device),
		Parameters: elements(t.model.Parameters), Versions: CurrentVersions(),
	}
	if t.best != nil {
		r.BestEpoch = &t.best.Epoch
	}
	var list []safetensors.Tensor
	var test, valid *evaluation
	err := t.chosen(func() (err error) {
		if t.data.Test.Len() > 0 {
			if test, err = t.evaluate(ctx, t.data.Test); err != nil {
				return err
			}
		}
		if t.data.Valid.Len() > 0 {
			if valid, err = t.evaluate(ctx, t.data.Valid); err != nil {
				return err
			}
		}
		list, err = weights(t.model.Parameters)
		return err
	})
	if err != nil {
		return nil, t.interrupted(err)
	}
	var answers []predicted
	var calibration *Calibration
	if valid != nil {
		noteHeldOut(t.config, noter(t.report))
		calibration, err = t.answers(valid).Calibrate(runs.OnValidation, 0)
		if errors.Is(err, runs.ErrUnfit) {
			t.report(Note{Text: fmt.Sprintf("validation: %v; probabilities stay as they are", err)})
		} else if err != nil {
			return nil, fmt.Errorf("validation: %w", err)
		}
	}
	if test != nil {
		t.keep(&answers, runs.Test, t.data.Test, test)
		if r.Score, err = t.answers(test).Score(calibration, runs.Threshold); err != nil {
			return nil, fmt.Errorf("test: %w", err)
		}
		t.report(Tested{Table: r.Score.Table(t.model.Labels.Aspects)})
	}
	if valid != nil {
		t.keep(&answers, runs.Validation, t.data.Valid, valid)
	}
	t.saveIfAsked()
	t.endSave()
	if err := t.profile.save(t.out, t.report); err != nil {
		return nil, err
	}
	t.board.end(t.at.Step, r.Score)
	if err := t.out.finish(r, list, answers, calibration, checkpoint.Manifest{
		Program: Program, LibTorch: torch.Version(), Epoch: t.at.Epoch, Step: t.at.Step,
	}); err != nil {
		return nil, t.interrupted(err)
	}
	return r, nil
}
