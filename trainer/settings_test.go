package trainer

import (
	"runtime"
	"strings"
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
	anywhere, said := c, ""
	runAnywhere(&anywhere, func(format string, _ ...any) { said = format })
	if torch.BFloat16() != "" {
		train(t, c)
		if anywhere.Model.Products != "bfloat16" || said != "" {
			t.Errorf("answers in %s and says %q, want bfloat16", anywhere.Model.Products, said)
		}
		return
	}
	if anywhere.Model.Products != "float32" || !strings.Contains(said, "float32") {
		t.Errorf("answers in %s and says %q, want float32 and a note of it", anywhere.Model.Products, said)
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
			config.Train.Threads = c.threads
			if err := setCPU(config, torch.CPU, c.batch); err != nil {
				t.Fatal(err)
			}
			if got := torch.Threads(); got != c.want {
				t.Errorf("got %d threads, want %d", got, c.want)
			}
		})
	}
}
