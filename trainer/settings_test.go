package trainer

import (
	"runtime"
	"testing"

	"absa/internal/torch"
)

// TestProducts trains with products in bfloat16, and without the instructions for
// them.
func TestProducts(t *testing.T) {
	exact := train(t, small(t, "train.epochs=1", "model.hidden=24"))
	rounded := train(t, small(t, "train.epochs=1", "model.hidden=24", "model.products=bfloat16_portable"))
	a, b := exact.result.Epochs[0].TrainLoss, rounded.result.Epochs[0].TrainLoss
	if a == b || !(b < 1.05*a && a < 1.05*b) {
		t.Errorf("training losses %g in float32 and %g in bfloat16: want them near, not equal", a, b)
	}

	c := small(t, "train.epochs=1", "model.products=bfloat16")
	if torch.BFloat16() != "" {
		train(t, c)
		return
	}
	r := try(t, t.Context(), c, nil)
	wantError(t, r.err, "model.products", "AVX512-BF16", "bfloat16_portable")
}

func TestThreads(t *testing.T) {
	cores := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(cores)
	defer torch.SetThreads(1)
	for _, c := range []struct {
		name                 string
		threads, batch, want int
	}{
		{"as set", 7, 8, 7}, {"the cores", 0, 32, 4}, {"what a small batch can use", 0, 8, 2}, {"one sentence", 0, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := small(t)
			config.Train.Threads, config.Loader.BatchSize = c.threads, c.batch
			if err := setCPU(config); err != nil {
				t.Fatal(err)
			}
			if got := torch.Threads(); got != c.want {
				t.Errorf("got %d threads, want %d", got, c.want)
			}
		})
	}
}
