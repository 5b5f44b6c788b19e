package trainer

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"absa/configs"
	"absa/data"
	"absa/internal/host"
	"absa/internal/torch"
)

// stepping calls f with a trainer, and with the batches of its first epoch, on
// the thread that may step it.
func stepping(t *testing.T, c configs.Config, f func(*Trainer, []data.Batch) error) {
	t.Helper()
	err := torch.Locked(func() error {
		var begin start
		defer begin.close()
		r, err := newTrainer(t.Context(), Options{Config: c, Out: filepath.Join(t.TempDir(), "run"), Report: func(Event) {}}, &begin)
		if err != nil {
			return err
		}
		defer r.close()
		batches, err := r.firstBatches(r.batchesInEpoch())
		if err != nil {
			return err
		}
		return f(r, batches)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSoakMemory takes many training steps, after some that fill the caches of
// LibTorch and Go: the memory that the process holds stays where it is.
func TestSoakMemory(t *testing.T) {
	const warmUp, limit = 200, 5 << 20
	steps := 1000
	if os.Getenv("ABSA_SOAK") == "1" {
		steps = 20_000
	}
	c := small(t, "loader.batch_size=8", "model.layers=2", "train.ema=0.9", "train.clip_norm=1")
	stepping(t, c, func(r *Trainer, batches []data.Batch) error {
		var before int64
		live := torch.Live()
		for step := range steps {
			if step == warmUp {
				var err error
				if before, err = resident(); err != nil {
					return err
				}
			}
			if _, err := r.step(batches[step%len(batches) : step%len(batches)+1]); err != nil {
				return err
			}
			r.at.Step++
		}
		after, err := resident()
		if err != nil {
			return err
		}
		t.Logf("%d steps: resident memory grew by %d kB to %d MB", steps, (after-before)>>10, after>>20)
		if growth := after - before; growth > limit {
			t.Errorf("resident memory grew by %d kB from step %d to %d, want at most %d kB", growth>>10, warmUp, steps, limit>>10)
		}
		r.scope.Reset()
		if got := torch.Live(); got != live {
			t.Errorf("live tensors went from %d to %d", live, got)
		}
		return nil
	})
}

// resident is the memory that the process holds, without what Go keeps back.
func resident() (int64, error) {
	debug.FreeOSMemory()
	return host.ResidentMemory()
}

// TestStepAllocations holds that a step makes a fixed number of Go objects,
// whatever the batch: what grows with it is kept from step to step or is
// LibTorch's. A step of this model makes 22.
func TestStepAllocations(t *testing.T) {
	const limit = 30
	var counts []float64
	for _, size := range []string{"4", "128"} {
		c := small(t, "loader.batch_size="+size, "train.ema=0.9", "train.clip_norm=1")
		stepping(t, c, func(r *Trainer, batches []data.Batch) error {
			var failed error
			n := testing.AllocsPerRun(20, func() {
				if _, err := r.step(batches[:1]); err != nil {
					failed = err
				}
			})
			t.Logf("batch of %s: %v allocations", size, n)
			if n > limit {
				t.Errorf("batch of %s: %v allocations, want at most %d", size, n, limit)
			}
			counts = append(counts, n)
			return failed
		})
	}
	if len(counts) == 2 && counts[0] != counts[1] {
		t.Errorf("allocations: %v for a batch of 4, %v for one of 128, want as many", counts[0], counts[1])
	}
}
