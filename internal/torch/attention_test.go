package torch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sugarme/gotch/libtch"
)

// ownCase is an operation of attention.go with its definition in those of
// LibTorch.
type ownCase struct {
	name     string
	leaves   [][]int64 // shapes of what it is differentiated by
	own, def func(s *Scope, x []Tensor) Tensor
}

// groupedCase is a grouped linear map: plain for one head.
func groupedCase(ends []int64, heads, d, F int64, transposed bool) ownCase {
	in, out := heads*F, heads*d
	if transposed {
		in, out = out, in
	}
	c := ownCase{
		name:   fmt.Sprintf("groups %v, %d heads, [%d,%d], transposed %v", ends, heads, d, F, transposed),
		leaves: [][]int64{{ends[len(ends)-1], in}},
	}
	for range ends {
		c.leaves = append(c.leaves, []int64{heads * d, F})
		if !transposed {
			c.leaves = append(c.leaves, []int64{heads * d})
		}
	}
	weights := func(x []Tensor) []Affine {
		var list []Affine
		for i := 1; i < len(x); {
			w := Affine{Weight: x[i]}
			if i++; !transposed {
				w.Bias = x[i]
				i++
			}
			list = append(list, w)
		}
		return list
	}
	c.own = func(s *Scope, x []Tensor) Tensor {
		switch {
		case transposed:
			return s.GroupedHeadsTransposed(x[0], ends, weights(x), heads)
		case heads > 1:
			return s.GroupedHeads(x[0], ends, weights(x), heads)
		}
		return s.GroupedLinear(x[0], ends, weights(x))
	}
	c.def = func(s *Scope, x []Tensor) Tensor {
		var groups []Tensor
		begin := int64(0)
		for g, w := range weights(x) {
			rows := s.Narrow(x[0], 0, begin, ends[g]-begin)
			begin = ends[g]
			var parts []Tensor
			for h := range heads {
				part, matrix := s.Narrow(rows, 1, h*in/heads, in/heads), s.Narrow(w.Weight, 0, h*d, d)
				if transposed {
					parts = append(parts, s.Matmul(part, matrix))
				} else {
					parts = append(parts, s.Linear(part, matrix, s.Narrow(w.Bias, 0, h*d, d)))
				}
			}
			groups = append(groups, s.Cat(1, parts...))
		}
		y := s.Cat(0, groups...)
		if got := y.Shape(); len(got) != 2 || got[1] != out {
			s.Fail(fmt.Errorf("the definition has shape %v", got))
		}
		return y
	}
	return c
}

// sentencesOf is a batch of sentences of given lengths and, for each pair, its
// sentence.
type sentencesOf struct {
	lengths []int64 // descending
	pairs   []int64
}

func (b sentencesOf) packed(s *Scope, h Tensor) Packed {
	sizes := lstmCase{lengths: b.lengths}.batchSizes()
	return Packed{Data: h, BatchSizes: NewHost(s, sizes, int64(len(sizes)))}
}

// mask is true at the positions [P,1,T] past a pair's sentence.
func (b sentencesOf) mask(s *Scope) Tensor {
	T := b.lengths[0]
	var past []bool
	for _, p := range b.pairs {
		for t := range T {
			past = append(past, t >= b.lengths[p])
		}
	}
	return NewHost(s, past, int64(len(b.pairs)), 1, T)
}

// states returns the states of each pair's sentence [P,T,F].
func (b sentencesOf) states(s *Scope, h Tensor) Tensor {
	return s.IndexSelect(s.Pad(b.packed(s, h)), 0, NewHost(s, b.pairs, int64(len(b.pairs))))
}

func attendCase(b sentencesOf, heads, F int64, padded bool) ownCase {
	P, n := int64(len(b.pairs)), lstmCase{lengths: b.lengths}.tokens()
	return ownCase{
		name:   fmt.Sprintf("attend %v, %d heads of %d features, padded %v", b, heads, F, padded),
		leaves: [][]int64{{n, F}, {P, heads * F}},
		own: func(s *Scope, x []Tensor) Tensor {
			return s.Attend(x[1], b.packed(s, x[0]), b.pairs, heads, padded)
		},
		def: func(s *Scope, x []Tensor) Tensor {
			h := b.states(s, x[0])
			scores := s.Scale(s.Matmul(s.Reshape(x[1], P, heads, F), s.Transpose(h, 1, 2)), 1/math.Sqrt(float64(F)/float64(heads)))
			if !padded {
				scores = s.MaskedFill(scores, b.mask(s), math.Inf(-1))
			}
			return s.Reshape(s.Matmul(s.Softmax(scores, -1), h), P, heads*F)
		},
	}
}

func weightedCase(b sentencesOf, columns []int64, A, F int64) ownCase {
	P, n := int64(len(b.pairs)), lstmCase{lengths: b.lengths}.tokens()
	return ownCase{
		name:   fmt.Sprintf("weighted sums %v, columns %v of %d, %d features", b, columns, A, F),
		leaves: [][]int64{{n, F}, {n, A}},
		own: func(s *Scope, x []Tensor) Tensor {
			return s.WeightedSums(x[1], b.packed(s, x[0]), b.pairs, columns)
		},
		def: func(s *Scope, x []Tensor) Tensor {
			T := b.lengths[0]
			index := s.Expand(NewHost(s, columns, P, 1, 1), P, T, 1)
			scores := s.Transpose(s.Gather(b.states(s, x[1]), 2, index), 1, 2)
			weights := s.Softmax(s.MaskedFill(scores, b.mask(s), math.Inf(-1)), -1)
			return s.Squeeze(s.Matmul(weights, b.states(s, x[0])), 1)
		},
	}
}

func ownCases() []ownCase {
	var cases []ownCase
	for _, ends := range [][]int64{{1}, {3, 7}, {0, 5, 5, 12, 12}, {40, 41, 90}} {
		cases = append(cases,
			groupedCase(ends, 1, 5, 7, false), groupedCase(ends, 1, 70, 33, false),
			groupedCase(ends, 2, 4, 6, false), groupedCase(ends, 3, 33, 70, false),
			groupedCase(ends, 1, 5, 7, true), groupedCase(ends, 2, 4, 6, true), groupedCase(ends, 3, 33, 70, true))
	}
	divided := []int64{60, 61, 200} // large enough to be divided among threads
	cases = append(cases, groupedCase(divided, 1, 97, 70, false), groupedCase(divided, 3, 64, 97, false),
		groupedCase(divided, 3, 64, 97, true))
	for _, b := range []sentencesOf{
		{[]int64{1}, []int64{0}},
		{[]int64{6}, []int64{0, 0, 0}},
		{[]int64{4, 4, 4}, []int64{2, 0, 2}},
		{[]int64{7, 5, 5, 3, 1, 1}, []int64{0, 1, 5, 0, 1, 2, 4, 5, 1}}, // nothing of sentence 3
		{[]int64{20, 19, 17, 11, 8, 8, 5, 3, 2, 1}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		for _, padded := range []bool{true, false} {
			cases = append(cases, attendCase(b, 1, 3, padded), attendCase(b, 2, 8, padded), attendCase(b, 4, 100, padded))
		}
		columns := make([]int64, len(b.pairs))
		for i := range columns {
			columns[i] = int64(i) % 4 // a pair twice where a sentence has several
		}
		cases = append(cases, weightedCase(b, columns, 5, 3), weightedCase(b, columns, 4, 100))
	}
	b := sentencesOf{lengths: []int64{40, 38, 37, 37, 30, 22, 22, 15, 9, 4, 2, 1}}
	columns := make([]int64, 40)
	for i := range columns {
		b.pairs = append(b.pairs, int64(7*i%11)) // nothing of the last sentence
		columns[i] = int64(i) % 4
	}
	return append(cases, attendCase(b, 4, 120, true), attendCase(b, 4, 120, false), weightedCase(b, columns, 5, 250))
}

// ownResults are the output of a case and the gradients of its leaves.
func ownResults[T float32 | float64](t *testing.T, c ownCase, run func(s *Scope, x []Tensor) Tensor) [][]T {
	t.Helper()
	s := NewScope(CPU)
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	var leaves []Tensor
	for _, shape := range c.leaves {
		leaves = append(leaves, leaf[T](s, r, 1, 0, shape...))
	}
	y := run(s, leaves)
	results := [][]T{values[T](s, y)}
	noErr(t, s.Err())
	s.Backward(s.Sum(s.Mul(y, leaf[T](s, r, 1, 0, y.Shape()...))))
	for _, x := range leaves {
		results = append(results, values[T](s, s.Grad(x)))
	}
	noErr(t, s.Err())
	return results
}

// TestOwnOperations compares the operations with their definitions, and with
// themselves, for several numbers of threads.
func TestOwnOperations(t *testing.T) {
	lock(t)
	defer SetThreads(1)
	defer ReleaseThreads()
	for _, c := range ownCases() {
		SetThreads(1)
		want64, want32 := ownResults[float64](t, c, c.def), ownResults[float32](t, c, c.def)
		for _, threads := range []int{1, 3} {
			SetThreads(threads)
			if e := distance(ownResults[float64](t, c, c.own), want64); !(e <= 1e-10) {
				t.Errorf("%s, %d threads, in float64: relative error %.2g, want at most 1e-10", c.name, threads, e)
			}
			got := ownResults[float32](t, c, c.own)
			if e := distance(got, want32); !(e <= 1e-5) {
				t.Errorf("%s, %d threads, in float32: relative error %.2g, want at most 1e-5", c.name, threads, e)
			}
			for i, again := range ownResults[float32](t, c, c.own) {
				if !slices.Equal(again, got[i]) {
					t.Errorf("%s, %d threads: the second run differs from the first", c.name, threads)
				}
			}
		}
	}
}

// TestOwnGradients compares the gradient along a random direction of each leaf
// with a central difference.
func TestOwnGradients(t *testing.T) {
	lock(t)
	const step, limit = 1e-5, 1e-7
	for _, c := range ownCases() {
		loss := func(at [][]float64) (float64, [][]float64) {
			s := NewScope(CPU)
			defer s.Close()
			var leaves []Tensor
			for i, shape := range c.leaves {
				leaves = append(leaves, requireGrad(s, NewHost(s, at[i], shape...)))
			}
			y := c.own(s, leaves)
			sum := s.Sum(s.Mul(s.Tanh(y), y)) // its gradient differs from place to place
			value := s.Float64s(sum)
			s.Backward(sum)
			var grads [][]float64
			for _, x := range leaves {
				grads = append(grads, s.Float64s(s.Grad(x)))
			}
			noErr(t, s.Err())
			return value[0], grads
		}
		r := rand.New(rand.NewPCG(5, 6))
		var at [][]float64
		for _, shape := range c.leaves {
			at = append(at, random(r, product(shape)))
		}
		_, grads := loss(at)
		for i := range at {
			direction, before := random(r, int64(len(at[i]))), at[i]
			moved := func(by float64) float64 {
				at[i] = slices.Clone(before)
				for j, d := range direction {
					at[i][j] += by * d
				}
				value, _ := loss(at)
				at[i] = before
				return value
			}
			want, got, scale := (moved(step)-moved(-step))/(2*step), 0.0, 0.0
			for j, d := range direction {
				got += grads[i][j] * d
				scale += math.Abs(grads[i][j] * d)
			}
			if !(math.Abs(got-want) <= limit*(1+scale)) {
				t.Errorf("%s: the gradient of leaf %d along a direction is %.10g, by differences %.10g", c.name, i, got, want)
			}
		}
	}
}

func requireGrad(s *Scope, x Tensor) Tensor {
	return s.unary("set_requires_grad", func(out *libtch.Ctensor, x libtch.Ctensor) {
		libtch.AtgSetRequiresGrad(out, x, 1)
	}, x)
}

func random(r *rand.Rand, n int64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = 2*r.Float64() - 1
	}
	return values
}

// TestFarScores holds that the softmax neither overflows nor vanishes: it does not
// change when the same is added to all scores.
func TestFarScores(t *testing.T) {
	s := newScope(t)
	h := Packed{Data: New(s, []float32{1, 5, 2, 3}, 4, 1), BatchSizes: NewHost(s, []int64{2, 1, 1}, 3)}
	for _, far := range []float32{0, 1e3, -1e3, 1e30, -1e30} {
		scores := New(s, []float32{far, far, far, far}, 4, 1)
		near(t, fmt.Sprintf("sums for scores of %g", far), float32s(t, s.WeightedSums(scores, h, []int64{0, 1}, []int64{0, 0})), []float32{2, 5}, 1e-6)
		queries := New(s, []float32{far, far}, 2, 1)
		want := []float32{3, 5}
		if far == 0 {
			want[0] = 2
		} else if far < 0 {
			want[0] = 1
		}
		near(t, fmt.Sprintf("sums for queries of %g", far), float32s(t, s.Attend(queries, h, []int64{0, 1}, 1, false)), want, 1e-6)
	}
	noErr(t, s.Err())
}

// TestNoPairs holds that nothing asked for is nothing done, and that the
// gradients are zeros.
func TestNoPairs(t *testing.T) {
	s := newScope(t)
	r := rand.New(rand.NewPCG(7, 8))
	h, w := leaf[float32](s, r, 1, 0, 3, 4), leaf[float32](s, r, 1, 0, 4, 4)
	none := s.Narrow(h, 0, 0, 0)
	keys := s.GroupedHeadsTransposed(none, []int64{0}, []Affine{{Weight: w}}, 1)
	y := s.Attend(keys, Packed{Data: h, BatchSizes: NewHost(s, []int64{2, 1}, 2)}, nil, 1, false)
	s.Backward(s.Sum(y))
	noErr(t, s.Err())
	for _, x := range []Tensor{h, w} {
		near(t, "gradient", float32s(t, s.Grad(x)), make([]float32, x.Elements()), 0)
	}
}

func TestOwnOperationsRefuse(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(s *Scope)
	}{
		{"no group", func(s *Scope) { s.GroupedLinear(s.Zeros(2, 3), nil, nil) }},
		{"a weight too many", func(s *Scope) {
			s.GroupedLinear(s.Zeros(2, 3), []int64{2}, []Affine{{s.Zeros(4, 3), s.Zeros(4)}, {s.Zeros(4, 3), s.Zeros(4)}})
		}},
		{"no bias", func(s *Scope) { s.GroupedLinear(s.Zeros(2, 3), []int64{2}, []Affine{{Weight: s.Zeros(4, 3)}}) }},
		{"rows of no group", func(s *Scope) { s.GroupedLinear(s.Zeros(2, 3), []int64{1}, []Affine{{s.Zeros(4, 3), s.Zeros(4)}}) }},
		{"groups that descend", func(s *Scope) {
			s.GroupedLinear(s.Zeros(2, 3), []int64{3, 2}, []Affine{{s.Zeros(4, 3), s.Zeros(4)}, {s.Zeros(4, 3), s.Zeros(4)}})
		}},
		{"rows of another width", func(s *Scope) { s.GroupedLinear(s.Zeros(2, 4), []int64{2}, []Affine{{s.Zeros(4, 3), s.Zeros(4)}}) }},
		{"heads that do not divide", func(s *Scope) { s.GroupedHeads(s.Zeros(2, 9), []int64{2}, []Affine{{s.Zeros(4, 3), s.Zeros(4)}}, 3) }},
		{"no heads", func(s *Scope) {
			s.Attend(s.Zeros(1, 4), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(2, 4)), []int64{0}, 0, true)
		}},
		{"queries of another width", func(s *Scope) {
			s.Attend(s.Zeros(1, 4), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(2, 4)), []int64{0}, 2, true)
		}},
		{"no such sentence", func(s *Scope) {
			s.Attend(s.Zeros(1, 4), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(2, 4)), []int64{1}, 1, true)
		}},
		{"tokens too few", func(s *Scope) {
			s.Attend(s.Zeros(1, 4), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(1, 4)), []int64{0}, 1, true)
		}},
		{"a column too few", func(s *Scope) {
			s.WeightedSums(s.Zeros(2, 3), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(2, 4)), []int64{0, 0}, []int64{0})
		}},
		{"no such column", func(s *Scope) {
			s.WeightedSums(s.Zeros(2, 3), sentencesOf{lengths: []int64{2}}.packed(s, s.Zeros(2, 4)), []int64{0}, []int64{3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScope(t)
			if c.run(s); s.Err() == nil {
				t.Error("no error")
			}
		})
	}
}
