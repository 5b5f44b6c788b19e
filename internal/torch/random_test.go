package torch

import (
	"math"
	"slices"
	"testing"
)

// draw returns 64 values of dropout on ones: 0 or 2 with rate ½.
func draw(t *testing.T, s *Scope) []float32 {
	t.Helper()
	ones := slices.Repeat([]float32{1}, 64)
	v := s.Float32s(s.Dropout(New(s, ones, 64), 0.5))
	noErr(t, s.Err())
	return v
}

func TestSeed(t *testing.T) {
	s := newScope(t)
	noErr(t, Seed(7))
	first, second := draw(t, s), draw(t, s)
	if slices.Equal(first, second) {
		t.Error("two draws in a row are equal")
	}
	noErr(t, Seed(7))
	if got := draw(t, s); !slices.Equal(got, first) {
		t.Errorf("after the same seed: got %v, want %v", got, first)
	}
	noErr(t, Seed(8))
	if got := draw(t, s); slices.Equal(got, first) {
		t.Error("seeds 7 and 8 draw the same")
	}
	noErr(t, Seed(math.MaxUint64)) // every number is a seed
}

func TestRandomState(t *testing.T) {
	s := newScope(t)
	noErr(t, Seed(7))
	draw(t, s)
	state, err := RandomState(CPU)
	noErr(t, err)
	want := append(draw(t, s), draw(t, s)...)

	noErr(t, Seed(99))
	noErr(t, SetRandomState(CPU, state))
	if got := append(draw(t, s), draw(t, s)...); !slices.Equal(got, want) {
		t.Errorf("after restoring the state: got %v, want %v", got, want)
	}
}

func TestRandomStateErrors(t *testing.T) {
	lock(t)
	for _, c := range []struct {
		name  string
		state []byte
	}{
		{"empty", nil},
		{"cut off", []byte("not a state")},
	} {
		t.Run(c.name, func(t *testing.T) {
			lock(t)
			plain(t, SetRandomState(CPU, c.state), "set random state of cpu")
		})
	}
	if OpenCUDA() != nil {
		_, err := RandomState(CUDA(0))
		plain(t, err, "random state of cuda:0")
	}
}

func TestDropout(t *testing.T) {
	s := newScope(t)
	noErr(t, Seed(1))
	const n, rate = 20000, 0.3
	p := newParameters(t, 1)
	x := p.Values("x", true, slices.Repeat([]float32{2}, n), n)
	noErr(t, p.Err())
	y := s.Dropout(x, rate)
	s.Backward(s.Sum(y))
	values, grads := s.Float32s(y), s.Float32s(s.Grad(x))
	noErr(t, s.Err())
	dropped := 0
	for i, v := range values {
		switch {
		case v == 0 && grads[i] == 0:
			dropped++
		case math.Abs(float64(v)-2/(1-rate)) > 1e-5 || math.Abs(float64(grads[i])-1/(1-rate)) > 1e-5:
			t.Fatalf("element %d: got value %g and gradient %g, want 0 and 0 or 2 and 1 over %g", i, v, grads[i], 1-rate)
		}
	}
	deviation := math.Sqrt(n * rate * (1 - rate))
	if d := math.Abs(float64(dropped) - n*rate); d > 4*deviation {
		t.Errorf("%d of %d were dropped, want %g ± %g", dropped, n, n*rate, 4*deviation)
	}
	if got := s.Dropout(x, 0); got != x {
		t.Error("rate 0 does not pass its input on")
	}
	s.Reset()

	inference := NewInferenceScope(CPU)
	defer inference.Close()
	if got := inference.Dropout(x, rate); got != x {
		t.Error("an inference scope does not pass the input of Dropout on")
	}
}

func TestMix(t *testing.T) {
	from := map[uint64][2]uint64{}
	for a := range uint64(64) {
		for b := range uint64(64) {
			h := Mix(a, b)
			if other, ok := from[h]; ok {
				t.Fatalf("Mix(%d, %d) is Mix(%d, %d)", a, b, other[0], other[1])
			}
			from[h] = [2]uint64{a, b}
		}
	}
	if Mix(1) == Mix(1, 0) {
		t.Error("Mix(1) is Mix(1, 0)")
	}
	if MixName(1, "a") == MixName(1, "b") || MixName(1, "a") == MixName(2, "a") {
		t.Error("MixName does not depend on both its arguments")
	}
}
