package torch

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"testing"
)

// TestAdam repeats the steps of torch.optim in testdata/optim.safetensors.
func TestAdam(t *testing.T) {
	const limit = 1e-6
	g := readGoldens(t, "testdata/optim.safetensors")
	for name, text := range g.cases {
		t.Run(name, func(t *testing.T) {
			var settings struct {
				LearningRate float64 `json:"learning_rate"`
				Betas        [2]float64
				Eps          float64
				WeightDecay  float64 `json:"weight_decay"`
				Decoupled    bool
				ClipNorm     float64 `json:"clip_norm"`
			}
			noErr(t, json.Unmarshal(text, &settings))

			s, p := newScope(t), newParameters(t, 1)
			indices := g.names(name + ".param.")
			for _, i := range indices {
				x := g.get(t, name+".param."+i)
				p.Values(i, true, g.float32s(t, x.Name), x.Shape...)
			}
			noErr(t, p.Err())
			adam, err := NewAdam(p, AdamOptions{
				Beta1: settings.Betas[0], Beta2: settings.Betas[1], Eps: settings.Eps,
				WeightDecay: settings.WeightDecay, Decoupled: settings.Decoupled, ClipNorm: settings.ClipNorm,
			})
			noErr(t, err)
			defer adam.Close()

			norms := g.float32s(t, name+".norm")
			clipped := 0
			for step, want := range norms {
				s.Reset()
				for _, q := range p.All() {
					// The gradient of Σ p·g is g.
					grad := New(s, row(g.float32s(t, name+".grad."+q.Name), step, len(norms)), q.Tensor.Shape()...)
					s.Backward(s.Sum(s.Mul(q.Tensor, grad)))
				}
				noErr(t, s.Err())
				norm := s.Read(nil, adam.GradNorm(s))[0]
				near(t, fmt.Sprintf("gradient norm of step %d", step), []float32{float32(norm)}, []float32{want}, limit)
				if settings.ClipNorm > 0 && norm > settings.ClipNorm {
					clipped++
				}
				adam.Step(s, settings.LearningRate, norm, nil)
				noErr(t, s.Err())
				for _, q := range p.All() {
					near(t, fmt.Sprintf("%s after step %d", q.Name, step), float32s(t, q.Tensor),
						row(g.float32s(t, name+".value."+q.Name), step, len(norms)), limit)
				}
			}
			if settings.ClipNorm > 0 && (clipped == 0 || clipped == len(norms)) {
				t.Errorf("%d of %d steps were clipped, want some and not all", clipped, len(norms))
			}

			for i, state := range adam.State() {
				of, kind := indices[i/3], []string{"exp_avg", "exp_avg_sq", "step"}[i%3]
				if got, want := state.Name, of+"."+kind; got != want {
					t.Errorf("state %d: got name %s, want %s", i, got, want)
				}
				want := []float32{float32(len(norms))}
				if kind != "step" {
					want = g.float32s(t, name+"."+kind+"."+of)
				}
				near(t, state.Name, float32s(t, state.Tensor), want, limit)
			}
		})
	}
}

// row is part i of n equal ones.
func row(values []float32, i, n int) []float32 {
	size := len(values) / n
	return values[i*size : (i+1)*size]
}

func TestAdamLeavesAloneWhatHasNoGradient(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	used := p.Values("used", true, []float32{1, 2}, 2)
	unused := p.Values("unused", true, []float32{3, 4}, 2)
	frozen := p.Values("frozen", false, []float32{5, 6}, 2)
	noErr(t, p.Err())
	adam, err := NewAdam(p, AdamOptions{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, Decoupled: true})
	noErr(t, err)
	defer adam.Close()

	s.Backward(s.Sum(s.Mul(used, frozen)))
	adam.Step(s, 0.5, 0, nil)
	noErr(t, s.Err())
	near(t, "unused", float32s(t, unused), []float32{3, 4}, 0)
	near(t, "frozen", float32s(t, frozen), []float32{5, 6}, 0)
	// The first step is the learning rate against the gradient's sign, after a
	// decay of lr·0.1.
	near(t, "used", float32s(t, used), []float32{1*0.95 - 0.5, 2*0.95 - 0.5}, 1e-6)

	if g := s.Grad(used); g.Defined() {
		t.Errorf("after Step the gradient is %v, want none", float32s(t, g))
	}
	if norm := s.Read(nil, adam.GradNorm(s))[0]; norm != 0 {
		t.Errorf("norm without gradients: got %g, want 0", norm)
	}
}

func TestLargestGrad(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		name  string
		grads [][]float32
		want  string
		value float64
	}{
		{"by absolute value", [][]float32{{1, 2}, {0, -3}, {2, 2}}, "p1", 3},
		{"infinite", [][]float32{{1, 2}, {-inf, 0}, {9, 9}}, "p1", math.Inf(1)},
		{"not a number", [][]float32{{inf, 2}, {0, nan}, {9, 9}}, "p1", math.NaN()},
		{"all zero", [][]float32{{0, 0}, {0, 0}}, "p0", 0},
		{"no parameters", nil, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, p := newScope(t), newParameters(t, 1)
			for i, g := range c.grads {
				x := p.Values("p"+strconv.Itoa(i), true, []float32{1, 1}, 2)
				s.Backward(s.Sum(s.Mul(x, New(s, g, 2))))
			}
			noErr(t, p.Err())
			noErr(t, s.Err())
			name, value, err := p.LargestGrad()
			noErr(t, err)
			if same := value == c.value || math.IsNaN(value) && math.IsNaN(c.value); name != c.want || !same {
				t.Errorf("got %q %g, want %q %g", name, value, c.want, c.value)
			}
		})
	}
}
