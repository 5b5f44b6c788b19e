package trainer

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInterruptKeepsBest holds that a run with select: best, interrupted after
// its first epoch, keeps that epoch's weights beside those of the last step.
func TestInterruptKeepsBest(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := try(t, ctx, small(t, "train.ema=0.9", "train.select=best"), func(e Event) {
		if s, ok := e.(StepDone); ok && s.Epoch == 2 && s.Batch == 3 {
			cancel(errStop)
		}
	})
	if diff := cmp.Diff(begun(BestFile, LastFile, MetricsFile), files(t, r.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	whole := train(t, small(t, "train.ema=0.9", "train.select=best", "train.epochs=1"))
	if !sameWeights(r.weights(t, BestFile), whole.weights(t, WeightsFile)) {
		t.Errorf("%s does not hold the weights of the best epoch", BestFile)
	}
	if sameWeights(r.weights(t, BestFile), r.weights(t, LastFile)) {
		t.Errorf("%s and %s hold the same weights", BestFile, LastFile)
	}
}
