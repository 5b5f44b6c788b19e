package trainer

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInterruptKeepsBest holds that with select: best a run that is interrupted
// after its best epoch keeps that epoch's weights in its checkpoint, beside those
// of the last step; where the two are the same they are there once.
func TestInterruptKeepsBest(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := try(t, ctx, small(t, "train.ema=0.9", "train.select=best"), func(e Event) {
		if s, ok := e.(StepDone); ok && s.Epoch == 2 && s.Batch == 3 {
			cancel(errStop)
		}
	})
	wantError(t, r.err, errStop.Error())
	if diff := cmp.Diff(stepNames(8, 11), r.saved(t)); diff != "" {
		t.Fatalf("checkpoints (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(parts(), files(t, r.step(8))); diff != "" {
		t.Errorf("after the best epoch: files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(parts(BestFile), files(t, r.step(11))); diff != "" {
		t.Errorf("after a step more: files (-want +got):\n%s", diff)
	}
	whole := train(t, small(t, "train.ema=0.9", "train.select=best", "train.epochs=1"))
	best := whole.weights(t, WeightsFile)
	if !sameWeights(r.weights(t, inStep(8, WeightsFile)), best) {
		t.Errorf("%s does not hold the weights of the best epoch", inStep(8, WeightsFile))
	}
	if !sameWeights(r.weights(t, inStep(11, BestFile)), best) {
		t.Errorf("%s does not hold the weights of the best epoch", inStep(11, BestFile))
	}
	if sameWeights(r.weights(t, inStep(11, WeightsFile)), best) {
		t.Errorf("%s holds the weights of the best epoch", inStep(11, WeightsFile))
	}
}
