package torch

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plain fails the test unless err is there, holds all parts and is one line
// without a C++ stack trace.
func plain(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Error("got no error")
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got error %q, want it to hold %q", err, part)
		}
	}
	for _, trace := range []string{"Exception raised", "frame #", "C++ CapturedTraceback", ".cpp", "\n"} {
		if strings.Contains(err.Error(), trace) {
			t.Errorf("error %q holds %q of a stack trace", err, trace)
		}
	}
}

func TestErrorsNameOperationAndShapes(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(s *Scope)
		want []string
	}{
		{"binary", func(s *Scope) { s.Add(s.Zeros(2, 3), s.Zeros(4)) }, []string{"add(float32[2,3], float32[4]): ", "size"}},
		{"matmul", func(s *Scope) { s.Matmul(s.Zeros(2, 3), s.Zeros(4, 5)) }, []string{"matmul(float32[2,3], float32[4,5]): "}},
		{"unary", func(s *Scope) { s.Squeeze(s.Zeros(2, 3), 5) }, []string{"squeeze(float32[2,3]): ", "5"}},
		{"list", func(s *Scope) { s.Cat(0, s.Zeros(2, 3), s.Zeros(2, 4)) }, []string{"cat(float32[2,3], float32[2,4]): "}},
		{"scalar", func(s *Scope) { s.MaskedFill(s.Zeros(2), New(s, []int64{0, 1}, 2), 1) }, []string{"masked_fill(float32[2], int64[2]): "}},
		{"optional", func(s *Scope) { s.Linear(s.Zeros(2, 3), s.Zeros(4, 4), Tensor{}) }, []string{"linear(float32[2,3], float32[4,4], none): "}},
		{"index of a bag", func(s *Scope) {
			s.EmbeddingBag(s.Zeros(3, 2), New(s, []int64{3}, 1), New(s, []int64{0, 1}, 2))
		}, []string{"embedding_bag(float32[3,2], int64[1], int64[2]): "}},
		{"index", func(s *Scope) { s.Embedding(s.Zeros(3, 2), New(s, []int64{3}, 1)) }, []string{"embedding(float32[3,2], int64[1]): ", "out of range"}},
		{"reshape", func(s *Scope) { s.Reshape(s.Zeros(2, 3), 4) }, []string{"reshape(float32[2,3]): "}},
		{"unsorted lengths", func(s *Scope) { s.Pack(s.Zeros(2, 3, 1), NewHost(s, []int64{1, 3}, 2)) }, []string{"pack_padded_sequence(float32[2,3,1], int64[2]): ", "decreasing"}},
		{"length of zero", func(s *Scope) { s.Pack(s.Zeros(2, 3, 1), NewHost(s, []int64{3, 0}, 2)) }, []string{"pack_padded_sequence(float32[2,3,1], int64[2]): "}},
		{"pad", func(s *Scope) { s.Pad(Packed{Data: s.Zeros(2, 1), BatchSizes: New(s, []int64{5}, 1)}) }, []string{"pad_packed_sequence(float32[2,1], int64[1]): "}},
		{"lstm", func(s *Scope) {
			(&LSTM{Hidden: 4, Layers: 1}).Forward(s, Packed{}, 1)
		}, []string{"lstm: got 0 weights, want 8"}},
		{"lstm shapes", func(s *Scope) {
			weights := make([]Tensor, 8)
			for i := range weights {
				weights[i] = s.Zeros(5, 5)
			}
			(&LSTM{Hidden: 4, Layers: 1, Weights: weights}).Forward(s, s.Pack(s.Zeros(1, 2, 3), NewHost(s, []int64{2}, 1)), 1)
		}, []string{"lstm(float32[2,3], int64[2]): "}},
		{"backward of no scalar", func(s *Scope) {
			p := NewParameters(CPU, 1)
			defer p.Close()
			s.Backward(s.Scale(p.Uniform("x", 1, 2), 2))
		}, []string{"backward(float32[2]): ", "scalar"}},
		{"backward of a constant", func(s *Scope) { s.Backward(s.Sum(s.Zeros(2))) }, []string{"backward(float32[]): "}},
		{"read another kind", func(s *Scope) { s.Float32s(New(s, []int64{1, 2}, 2)) }, []string{"read(int64[2]): ", "holds int64, want float32"}},
		{"read bool as integers", func(s *Scope) { s.Int64s(New(s, []bool{true}, 1)) }, []string{"read(bool[1]): ", "holds bool, want int64"}},
		{"read no tensor", func(s *Scope) { s.Float64s(Tensor{}) }, []string{"read(none): ", "undefined"}},
		{"read no gradient", func(s *Scope) { s.Float32s(s.Grad(s.Zeros(2))) }, []string{"read(none): ", "undefined"}},
		{"item of several", func(s *Scope) { s.Item(s.Zeros(2)) }, []string{"item(float32[2]): ", "not a scalar"}},
		{"values and shape", func(s *Scope) { New(s, []float32{1, 2, 3}, 2, 2) }, []string{"new tensor: 3 values for shape [2 2]"}},
		{"no values", func(s *Scope) { New(s, []float32{}, 0) }, []string{"new tensor: no values"}},
		{"negative sizes", func(s *Scope) { New(s, []float32{1, 2}, -1, -2) }, []string{"new tensor"}},
		{"no shape", func(s *Scope) { s.Zeros() }, []string{"zeros: no sizes"}},
		{"reshape to nothing", func(s *Scope) { s.Reshape(s.Zeros(1)) }, []string{"reshape: no sizes"}},
		{"expand to nothing", func(s *Scope) { s.Expand(s.Zeros(1)) }, []string{"expand: no sizes"}},
		{"cat of nothing", func(s *Scope) { s.Cat(0) }, []string{"cat: no sizes or tensors"}},
		{"stack of nothing", func(s *Scope) { s.Stack(0) }, []string{"stack: no sizes or tensors"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScope(t)
			c.run(s)
			plain(t, s.Err(), c.want...)
		})
	}
}

func TestFirstErrorStays(t *testing.T) {
	s := newScope(t)
	x := s.Zeros(2)
	s.Add(x, s.Zeros(3))
	first := s.Err()
	plain(t, first, "add(float32[2], float32[3])")
	s.Matmul(x, x)
	s.Fail(errors.New("another"))
	if s.Err() != first {
		t.Errorf("got %v, want the first error %v", s.Err(), first)
	}

	s.Reset()
	noErr(t, s.Err())
	near(t, "after Reset", s.Float32s(s.Add(New(s, []float32{1}, 1), New(s, []float32{2}, 1))), []float32{3}, 0)
	noErr(t, s.Err())
}

// TestFailedScopeDoesNothing runs every operation that has a golden in a failed
// scope, and the calls that change parameters.
func TestFailedScopeDoesNothing(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	x := p.Values("x", true, []float32{1, 2}, 2)
	noErr(t, p.Err())
	adam, err := NewAdam(p, AdamOptions{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8})
	noErr(t, err)
	defer adam.Close()
	ema, err := NewEMA(p, 0.9)
	noErr(t, err)
	defer ema.Close()
	loss := s.Sum(x)
	s.Backward(loss)
	noErr(t, s.Err())

	first := errors.New("the scope's error")
	s.Fail(first)
	live := Live()
	for _, c := range goldenCases {
		for i, out := range c.run(s, inputs{}) {
			if out != (Tensor{}) {
				t.Errorf("%s: output %d is not the zero Tensor", c.name, i)
			}
		}
	}
	for name, got := range map[string]Tensor{
		"Dropout": s.Dropout(x, 0.5), "Grad": s.Grad(x), "GradNorm": adam.GradNorm(s), "Zeros": s.Zeros(2), "New": New(s, []float32{1}, 1),
	} {
		if got != (Tensor{}) {
			t.Errorf("%s: got a tensor, want the zero Tensor", name)
		}
	}
	if s.Float32s(x) != nil || s.Int64s(x) != nil || s.Item(loss) != 0 || s.Read(nil, x) != nil {
		t.Error("values can be read")
	}
	s.Backward(loss)
	adam.Step(s, 1, 1, ema)
	adam.ZeroGrad(s)
	if Live() != live {
		t.Errorf("%d tensors were made", Live()-live)
	}
	if s.Err() != first {
		t.Errorf("got error %v, want %v", s.Err(), first)
	}

	s.Reset()
	near(t, "parameter", s.Float32s(x), []float32{1, 2}, 0)
	near(t, "gradient", s.Float32s(s.Grad(x)), []float32{1, 1}, 0)
	noErr(t, ema.Swap())
	near(t, "average", s.Float32s(x), []float32{1, 2}, 0)
	noErr(t, s.Err())
}

// TestSlabs makes results of one, two and three handles at every place around
// the end of a slab.
func TestSlabs(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	lstm := p.LSTM("lstm", 3, 2, 1, 0)
	noErr(t, p.Err())
	values := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0}
	before := Live()
	for n := slabSize - 10; n < slabSize; n++ {
		for range n {
			s.Zeros(1)
		}
		packed := s.Pack(New(s, values, 2, 2, 3), NewHost(s, []int64{2, 1}, 2))
		y, h := lstm.Forward(s, packed, 2)
		near(t, "packed and padded", s.Float32s(s.Pad(packed)), values, 0)
		// The last state of the forward direction is its output at the last token.
		near(t, "last state", s.Float32s(s.Select(s.Select(h, 0, 0), 0, 0)), s.Float32s(s.Narrow(s.Select(y.Data, 0, 2), 0, 0, 2)), 0)
		noErr(t, s.Err())
		s.Reset()
		if got := Live(); got != before {
			t.Fatalf("after Reset %d tensors are live, want %d", got, before)
		}
	}
}

func TestInferenceScope(t *testing.T) {
	lock(t)
	p := newParameters(t, 1)
	x := p.Values("x", true, []float32{1, 2}, 2)
	noErr(t, p.Err())

	s := NewInferenceScope(CPU)
	loss := s.Sum(x)
	if got := s.Item(loss); got != 3 {
		t.Errorf("sum: got %g, want 3", got)
	}
	s.Backward(loss)
	plain(t, s.Err(), "backward(float32[])")
	s.Close()

	// Close gives the thread its gradient mode back.
	s = NewScope(CPU)
	defer s.Close()
	s.Backward(s.Sum(x))
	near(t, "gradient", s.Float32s(s.Grad(x)), []float32{1, 1}, 0)
	noErr(t, s.Err())
}

func TestKindsRoundTrip(t *testing.T) {
	s := newScope(t)
	got := []any{
		s.Float32s(New(s, []float32{1.5, -2}, 2)), s.Float64s(New(s, []float64{1.5, -2}, 2)), s.Int64s(New(s, []int64{1 << 40, -2}, 2)),
		values[bool](s, New(s, []bool{true, false}, 2)), values[uint8](s, New(s, []uint8{255, 0}, 2)),
	}
	want := []any{[]float32{1.5, -2}, []float64{1.5, -2}, []int64{1 << 40, -2}, []bool{true, false}, []uint8{255, 0}}
	noErr(t, s.Err())
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("values (-want +got)\n%s", d)
	}
	// The elements come in row-major order, whatever the memory's.
	x := s.Transpose(New(s, []float32{1, 2, 3, 4, 5, 6}, 2, 3), 0, 1)
	near(t, "transposed", s.Float32s(x), []float32{1, 4, 2, 5, 3, 6}, 0)
}
