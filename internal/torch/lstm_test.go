package torch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/sugarme/gotch/libtch"

	"absa/internal/host"
)

// lstmCase is a batch and an LSTM for it.
type lstmCase struct {
	in, hidden, layers int64
	lengths            []int64 // descending
	from               bool    // from random states, not from zeros
	dropout            float64
	scale              float64 // of the weights, 1/√H when 0
	forget             float64 // added to the bias of the forget gates
}

func (c lstmCase) String() string {
	return fmt.Sprintf("in=%d,H=%d,layers=%d,B=%d,T=%d,from=%v,dropout=%g", c.in, c.hidden, c.layers, len(c.lengths), c.lengths[0], c.from, c.dropout)
}

func (c lstmCase) tokens() int64 {
	n := int64(0)
	for _, l := range c.lengths {
		n += l
	}
	return n
}

// batchSizes counts the sequences that reach each step.
func (c lstmCase) batchSizes() []int64 {
	sizes := make([]int64, c.lengths[0])
	for _, l := range c.lengths {
		for t := range l {
			sizes[t]++
		}
	}
	return sizes
}

// lstmInputs are the leaves of a case, with the gradients of what it returns.
type lstmInputs struct {
	x, h, c Tensor
	weights []Tensor
	up      [3]Tensor // of states, last states and last cells
	sizes   Tensor
}

// leaf makes a tensor that collects a gradient.
func leaf[T float32 | float64](s *Scope, r *rand.Rand, scale, shift float64, shape ...int64) Tensor {
	values := make([]T, product(shape))
	for i := range values {
		values[i] = T(scale*(2*r.Float64()-1) + shift)
	}
	t := NewHost(s, values, shape...)
	return s.unary("set_requires_grad", func(out *libtch.Ctensor, x libtch.Ctensor) {
		libtch.AtgSetRequiresGrad(out, x, 1)
	}, t)
}

func newLSTMInputs[T float32 | float64](s *Scope, c lstmCase) lstmInputs {
	r := rand.New(rand.NewPCG(1, uint64(c.hidden)))
	scale := c.scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(c.hidden))
	}
	h, b, n := c.hidden, int64(len(c.lengths)), c.tokens()
	in := lstmInputs{x: leaf[T](s, r, 2, 0, n, c.in), sizes: NewHost(s, c.batchSizes(), c.lengths[0])}
	width := c.in
	for range c.layers {
		for range 2 {
			bias := leaf[T](s, r, scale, 0, 4*h)
			if c.forget != 0 {
				v := make([]T, 4*h)
				for i := h; i < 2*h; i++ {
					v[i] = T(c.forget)
				}
				bias = NewHost(s, v, 4*h)
			}
			in.weights = append(in.weights, leaf[T](s, r, scale, 0, 4*h, width), leaf[T](s, r, scale, 0, 4*h, h), bias, leaf[T](s, r, scale, 0, 4*h))
		}
		width = 2 * h
	}
	if c.from {
		in.h, in.c = leaf[T](s, r, 1, 0, 2*c.layers, b, h), leaf[T](s, r, 1, 0, 2*c.layers, b, h)
	}
	in.up = [3]Tensor{leaf[T](s, r, 1, 0, n, 2*h), leaf[T](s, r, 1, 0, 2*c.layers, b, h), leaf[T](s, r, 1, 0, 2*c.layers, b, h)}
	return in
}

func (in lstmInputs) lstm(c lstmCase, aten bool) *LSTM {
	return &LSTM{Hidden: c.hidden, Layers: c.layers, Dropout: c.dropout, ATen: aten, Weights: in.weights}
}

// run returns what the LSTM computes: states, last states, last cells.
func (in lstmInputs) run(s *Scope, c lstmCase, aten bool) [3]Tensor {
	h, cell := in.h, in.c
	if aten && !c.from {
		zero := s.Scale(in.up[1], 0)
		h, cell = zero, zero
	}
	y, h, cell := in.lstm(c, aten).ForwardFrom(s, Packed{Data: in.x, BatchSizes: in.sizes}, h, cell)
	return [3]Tensor{y.Data, h, cell}
}

func (in lstmInputs) loss(s *Scope, out [3]Tensor) Tensor {
	var sum [3]Tensor
	for i := range out {
		sum[i] = s.Sum(s.Mul(out[i], in.up[i]))
	}
	return s.Add(s.Add(sum[0], sum[1]), sum[2])
}

// leaves are the tensors that a case differentiates by.
func (in lstmInputs) leaves(c lstmCase) []Tensor {
	all := append([]Tensor{in.x}, in.weights...)
	if c.from {
		all = append(all, in.h, in.c)
	}
	return all
}

// lstmResults are the outputs of a case and the gradients of its leaves.
func lstmResults[T float32 | float64](t testing.TB, c lstmCase, aten bool, seed uint64) [][]T {
	t.Helper()
	s := NewScope(CPU)
	defer s.Close()
	in := newLSTMInputs[T](s, c)
	noErr(t, Seed(seed))
	out := in.run(s, c, aten)
	results := [][]T{values[T](s, out[0]), values[T](s, out[1]), values[T](s, out[2])}
	s.Backward(in.loss(s, out))
	for _, x := range in.leaves(c) {
		results = append(results, values[T](s, s.Grad(x)))
	}
	noErr(t, s.Err())
	return results
}

// distance is the largest relative error in norm of a result.
func distance[T float32 | float64](got, want [][]T) float64 {
	worst := 0.0
	for i := range want {
		var difference, norm float64
		for j, w := range want[i] {
			d := float64(got[i][j]) - float64(w)
			difference += d * d
			norm += float64(w) * float64(w)
		}
		e := math.Sqrt(difference)
		if norm > 0 {
			e /= math.Sqrt(norm)
		}
		if !(e <= worst) {
			worst = e
		}
	}
	return worst
}

// lstmCases are many shapes: one step, one sequence, equal and ragged lengths,
// and numbers of units around the width of every vector.
func lstmCases() []lstmCase {
	var cases []lstmCase
	lengths := [][]int64{
		{1}, {6}, {1, 1, 1}, {4, 4, 4, 4},
		{7, 5, 5, 3, 1, 1},
		{9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1},
	}
	for i, hidden := range []int64{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100} {
		for j, l := range lengths {
			layers := int64((i+j)%3 + 1)
			c := lstmCase{in: hidden%6 + 1, hidden: hidden, layers: layers, lengths: l}
			if (i+j/3)%2 == 0 {
				c.from, c.dropout = true, 0.3
			}
			cases = append(cases, c)
		}
	}
	return append(cases, lstmCase{in: 50, hidden: 300, layers: 2, lengths: lengths[4], from: true, dropout: 0.2})
}

func atSomeThreads(t *testing.T, f func(t *testing.T)) {
	for _, threads := range []int{1, 2, 5} {
		t.Run(fmt.Sprintf("threads=%d", threads), func(t *testing.T) {
			lock(t)
			SetThreads(threads)
			defer SetThreads(1)
			f(t)
		})
	}
}

// TestLSTMAgainstATen compares outputs and all gradients with LibTorch's LSTM,
// with dropout after the same seed.
func TestLSTMAgainstATen(t *testing.T) {
	lock(t)
	defer SetThreads(1)
	for _, c := range lstmCases() {
		SetThreads(1)
		want64, want32 := lstmResults[float64](t, c, true, 5), lstmResults[float32](t, c, true, 5)
		threads := []int{1}
		if c.hidden > 30 { // smaller ones stay on one thread
			threads = []int{1, 2, 5}
		}
		for _, n := range threads {
			SetThreads(n)
			if e := distance(lstmResults[float64](t, c, false, 5), want64); !(e <= 1e-10) {
				t.Errorf("%v in float64, %d threads: relative error %.2g, want at most 1e-10", c, n, e)
			}
			if e := distance(lstmResults[float32](t, c, false, 5), want32); !(e <= 1e-5) {
				t.Errorf("%v in float32, %d threads: relative error %.2g, want at most 1e-5", c, n, e)
			}
		}
	}
}

// TestLSTMGradient compares the gradient with differences of the loss.
func TestLSTMGradient(t *testing.T) {
	lock(t)
	for _, c := range []lstmCase{
		{in: 2, hidden: 3, layers: 2, lengths: []int64{4, 2, 1}, from: true},
		{in: 3, hidden: 5, layers: 1, lengths: []int64{3, 3}},
		{in: 1, hidden: 1, layers: 3, lengths: []int64{2, 1}, dropout: 0.4},
	} {
		const step = 1e-5
		s := newScope(t)
		in := newLSTMInputs[float64](s, c)
		at := func() float64 {
			noErr(t, Seed(3))
			loss := s.Float64s(in.loss(s, in.run(s, c, false)))
			noErr(t, s.Err())
			return loss[0]
		}
		noErr(t, Seed(3))
		s.Backward(in.loss(s, in.run(s, c, false)))
		for i, x := range in.leaves(c) {
			gradient, v := s.Float64s(s.Grad(x)), s.Float64s(x)
			noErr(t, s.Err())
			want := make([]float64, len(v))
			for j, was := range v {
				v[j] = was + step
				noErr(t, write(x, v))
				above := at()
				v[j] = was - step
				noErr(t, write(x, v))
				want[j] = (above - at()) / (2 * step)
				v[j] = was
			}
			noErr(t, write(x, v))
			if e := distance([][]float64{gradient}, [][]float64{want}); !(e <= 1e-7) {
				t.Errorf("%v: gradient %d is %.2g from the differences, want at most 1e-7", c, i, e)
			}
		}
	}
}

// TestLSTMVariants compares the kernels for each instruction set with the
// portable ones.
func TestLSTMVariants(t *testing.T) {
	lock(t)
	defer func() { noErr(t, UseLSTMKernels("")) }()
	t.Logf("chosen: %s", LSTMKernels())
	for _, name := range []string{"avx2", "avx512"} {
		t.Run(name, func(t *testing.T) {
			if UseLSTMKernels(name) != nil {
				t.Skipf("this processor does not run %s", name)
			}
			for _, c := range lstmCases() {
				noErr(t, UseLSTMKernels("portable"))
				want32, want64 := lstmResults[float32](t, c, false, 5), lstmResults[float64](t, c, false, 5)
				noErr(t, UseLSTMKernels(name))
				if e := distance(lstmResults[float64](t, c, false, 5), want64); !(e <= 1e-13) {
					t.Errorf("%v in float64: relative error %.2g, want at most 1e-13", c, e)
				}
				// One unit of one step is two numbers, which may nearly cancel.
				limit := 1e-6
				if c.hidden < 8 {
					limit = 1e-5
				}
				if e := distance(lstmResults[float32](t, c, false, 5), want32); !(e <= limit) {
					t.Errorf("%v in float32: relative error %.2g, want at most %g", c, e, limit)
				}
			}
		})
	}
	if UseLSTMKernels("sse9") == nil {
		t.Error("kernels of an unknown name were taken")
	}
}

// TestLSTMSameBits holds that a result is a function of its inputs, the seed and
// the number of threads.
func TestLSTMSameBits(t *testing.T) {
	c := lstmCase{in: 20, hidden: 40, layers: 2, dropout: 0.3, lengths: make([]int64, 33)}
	for i := range c.lengths {
		c.lengths[i] = int64(33 - i)
	}
	atSomeThreads(t, func(t *testing.T) {
		want := lstmResults[float32](t, c, false, 9)
		for range 5 {
			if e := distance(lstmResults[float32](t, c, false, 9), want); e != 0 {
				t.Fatalf("the second run is %.2g from the first", e)
			}
		}
		if distance(lstmResults[float32](t, c, false, 10)[:1], want[:1]) < 0.01 {
			t.Error("another seed drops the same")
		}
	})
}

// TestLSTMInferenceIsTraining holds that nothing but the dropout differs.
func TestLSTMInferenceIsTraining(t *testing.T) {
	lock(t)
	for _, c := range lstmCases() {
		c.dropout = 0
		want := lstmResults[float32](t, c, false, 1)[:3]
		s := NewScope(CPU)
		in := newLSTMInputs[float32](s, c)
		inference := NewInferenceScope(CPU)
		c.dropout = 0.5
		out := in.run(inference, c, false)
		got := [][]float32{inference.Float32s(out[0]), inference.Float32s(out[1]), inference.Float32s(out[2])}
		err := inference.Err()
		inference.Close()
		s.Close()
		noErr(t, err)
		if e := distance(got, want); e != 0 {
			t.Errorf("%v: inference is %.2g from training", c, e)
		}
	}
}

// TestLSTMDropout reads the mask between two layers: the second one has weights
// that let unit j see nothing but feature j, on a scale on which it is linear.
func TestLSTMDropout(t *testing.T) {
	const rate, small = 0.3, 1e-2
	c := lstmCase{in: 8, hidden: 24, layers: 2, dropout: rate, lengths: slices.Repeat([]int64{20}, 40)}
	s := newScope(t)
	in := newLSTMInputs[float64](s, c)
	for d := range int64(2) {
		seen := make([]float64, 4*c.hidden*2*c.hidden)
		for j := range c.hidden {
			seen[(2*c.hidden+j)*2*c.hidden+d*c.hidden+j] = small
		}
		bias := make([]float64, 4*c.hidden)
		for j := range c.hidden {
			bias[c.hidden+j] = -100 // forgets
		}
		w := in.weights[8+4*d:]
		noErr(t, write(w[0], seen))
		noErr(t, write(w[1], make([]float64, 4*c.hidden*c.hidden)))
		noErr(t, write(w[2], bias))
		noErr(t, write(w[3], make([]float64, 4*c.hidden)))
	}
	noErr(t, Seed(4))
	dropped := s.Float64s(in.run(s, c, false)[0])
	c.dropout = 0
	whole := s.Float64s(in.run(s, c, false)[0])
	noErr(t, s.Err())
	zeros := 0.0
	for i, v := range dropped {
		if math.Abs(v) < 1e-20 { // what is not quite forgotten
			zeros++
		} else if ratio := v / whole[i]; math.Abs(ratio*(1-rate)-1) > 1e-3 {
			t.Fatalf("a value that was kept is scaled by %g, want %g", ratio, 1/(1-rate))
		}
	}
	n := float64(len(dropped))
	if deviation := math.Sqrt(rate * (1 - rate) / n); math.Abs(zeros/n-rate) > 4*deviation {
		t.Errorf("%.4f of %g values dropped, want %g ± %.4f", zeros/n, n, rate, 4*deviation)
	}
}

// TestLSTMDenormals holds that a gradient that vanishes costs no more than
// another: on many processors arithmetic on numbers too small for a normal float
// takes many times as long.
func TestLSTMDenormals(t *testing.T) {
	lock(t)
	c := lstmCase{in: 4, hidden: 64, layers: 1, lengths: slices.Repeat([]int64{160}, 4), scale: 1e-3, forget: 1.4}
	least := func(scale float64) time.Duration {
		s := NewScope(CPU)
		defer s.Close()
		in := newLSTMInputs[float32](s, c)
		best := time.Hour
		for range 15 {
			out := in.run(s, c, false)
			loss := s.Scale(s.Sum(s.Mul(out[1], in.up[1])), scale) // at the ends alone
			start := time.Now()
			s.Backward(loss)
			best = min(best, time.Since(start))
			noErr(t, s.Err())
		}
		return best
	}
	// A step of the cell keeps σ(1.4) = 0.8 of the gradient.
	if usual, got := least(1), least(1e-34); got > 2*usual {
		t.Errorf("backward of a vanishing gradient took %v, want at most twice the usual %v", got, usual)
	}
}

// TestLSTMFlushesEverywhere holds that such numbers are zero in every thread.
func TestLSTMFlushesEverywhere(t *testing.T) {
	lock(t)
	defer SetThreads(1)
	c := lstmCase{in: 20, hidden: 40, layers: 2, lengths: slices.Repeat([]int64{10}, 32)}
	for _, threads := range []int{1, 2, 4} {
		SetThreads(threads)
		s := newScope(t)
		in := newLSTMInputs[float32](s, c)
		s.Backward(s.Sum(s.Mul(in.run(s, c, false)[0], s.Scale(in.up[0], 1e-38))))
		for i, x := range in.leaves(c) {
			for _, v := range s.Float32s(s.Grad(x)) {
				if v != 0 {
					t.Fatalf("%d threads: gradient %d has a %g", threads, i, v)
				}
			}
		}
		noErr(t, s.Err())
	}
}

// TestLSTMMemory trains on batches of all sizes: what is kept for the next one
// does not grow.
func TestLSTMMemory(t *testing.T) {
	lock(t)
	const warmUp, steps, limit = 200, 1000, 4 << 20
	r := rand.New(rand.NewPCG(1, 2))
	s := newScope(t)
	step := func() {
		c := lstmCase{in: 4, hidden: 12, layers: 2, dropout: 0.2}
		for range 1 + r.IntN(24) {
			c.lengths = append(c.lengths, 1+r.Int64N(16))
		}
		slices.Sort(c.lengths)
		slices.Reverse(c.lengths)
		in := newLSTMInputs[float32](s, c)
		s.Backward(in.loss(s, in.run(s, c, false)))
		noErr(t, s.Err())
		s.Reset()
	}
	resident := func() int64 {
		debug.FreeOSMemory()
		bytes, err := host.ResidentMemory()
		noErr(t, err)
		return bytes
	}
	for range warmUp {
		step()
	}
	before, live := resident(), Live()
	for range steps {
		step()
	}
	if growth := resident() - before; growth > limit {
		t.Errorf("resident memory grew by %d kB in %d steps, want at most %d kB", growth>>10, steps, limit>>10)
	}
	if got := Live(); got != live {
		t.Errorf("live tensors went from %d to %d", live, got)
	}
}

func TestLSTMRefuses(t *testing.T) {
	lock(t)
	c := lstmCase{in: 3, hidden: 4, layers: 1, lengths: []int64{3, 1}}
	for _, x := range []struct {
		name string
		edit func(s *Scope, in *lstmInputs)
	}{
		{"tokens of another number", func(s *Scope, in *lstmInputs) { in.x = s.Zeros(5, 3) }},
		{"tokens of another width", func(s *Scope, in *lstmInputs) { in.x = s.Zeros(4, 2) }},
		{"no matrix", func(s *Scope, in *lstmInputs) { in.x = s.Zeros(4, 3, 1) }},
		{"ascending batch sizes", func(s *Scope, in *lstmInputs) { in.sizes = NewHost(s, []int64{1, 2, 1}, 3) }},
		{"an empty step", func(s *Scope, in *lstmInputs) { in.sizes = NewHost(s, []int64{4, 0}, 2) }},
		{"batch sizes that are no integers", func(s *Scope, in *lstmInputs) { in.sizes = s.Zeros(3) }},
		{"a weight of another shape", func(s *Scope, in *lstmInputs) { in.weights[1] = s.Zeros(16, 3) }},
		{"weights of another kind", func(s *Scope, in *lstmInputs) { in.weights[2] = NewHost(s, make([]float64, 16), 16) }},
		{"states of another number", func(s *Scope, in *lstmInputs) { in.h = s.Zeros(2, 3, 4) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newScope(t)
			in := newLSTMInputs[float32](s, c)
			x.edit(s, &in)
			noErr(t, s.Err())
			if in.run(s, c, false); s.Err() == nil {
				t.Error("no error")
			}
		})
	}
}

// BenchmarkLSTM is a training pass over a batch of the article's size, ours and
// ATen's by turns.
func BenchmarkLSTM(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			lock(b)
			SetThreads(threads)
			defer SetThreads(1)
			defer ReleaseThreads()
			c := lstmCase{in: 100, hidden: 128, layers: 2}
			for i := range int64(32) {
				c.lengths = append(c.lengths, 32-i)
			}
			var took [2][]time.Duration
			s := NewScope(CPU)
			defer s.Close()
			in := newLSTMInputs[float32](s, c)
			for b.Loop() {
				for k := range took {
					SetThreads(threads)
					if k == 1 {
						SetATenThreads(threads)
					}
					start := time.Now()
					s.Backward(s.Sum(s.Mul(in.run(s, c, k == 1)[0], in.up[0])))
					took[k] = append(took[k], time.Since(start))
					ReleaseThreads()
				}
			}
			noErr(b, s.Err())
			for k := range took {
				slices.Sort(took[k])
			}
			ours, aten := took[0][len(took[0])/2], took[1][len(took[1])/2]
			b.ReportMetric(float64(ours.Microseconds())/1000, "ours-ms")
			b.ReportMetric(float64(aten.Microseconds())/1000, "aten-ms")
			b.ReportMetric(float64(aten)/float64(ours), "ratio")
		})
	}
}
