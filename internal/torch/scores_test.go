package torch

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// scoresResults are the scores of a batch and the gradients of all that they are
// computed from.
func scoresResults[T float32 | float64](t *testing.T, tokens, aspects, features, rows int64, plain bool) [][]T {
	t.Helper()
	s := NewScope(CPU)
	defer s.Close()
	r := rand.New(rand.NewPCG(2, uint64(rows)))
	h := leaf[T](s, r, 1, 0, tokens, features)
	var projections []Affine
	var queries []Tensor
	leaves := []Tensor{h}
	for range aspects {
		w := Affine{Weight: leaf[T](s, r, 0.5, 0, rows, features), Bias: leaf[T](s, r, 0.5, 0, rows)}
		q := leaf[T](s, r, 1, 0, 1, rows)
		projections, queries = append(projections, w), append(queries, q)
		leaves = append(leaves, w.Weight, w.Bias, q)
	}
	up := leaf[T](s, r, 1, 0, tokens, aspects)
	var scores Tensor
	if plain {
		scores = s.plainAdditiveScores(h, projections, queries)
	} else {
		scores = s.AdditiveScores(h, projections, queries)
	}
	results := [][]T{values[T](s, scores)}
	s.Backward(s.Sum(s.Mul(scores, up)))
	for _, x := range leaves {
		results = append(results, values[T](s, s.Grad(x)))
	}
	noErr(t, s.Err())
	return results
}

// TestAdditiveScores compares the one operation with its definition, for every
// kernel that runs here, and with itself.
func TestAdditiveScores(t *testing.T) {
	lock(t)
	defer SetThreads(1)
	defer func() { noErr(t, UseLSTMKernels("")) }()
	for _, kernels := range []string{"portable", "avx2", "avx512"} {
		if UseLSTMKernels(kernels) != nil {
			t.Logf("this processor does not run %s", kernels)
			continue
		}
		for _, c := range []struct{ tokens, aspects, features, rows int64 }{
			{1, 1, 1, 1}, {3, 2, 5, 3}, {17, 5, 8, 16}, {40, 3, 33, 31}, {101, 5, 64, 70},
		} {
			SetThreads(1)
			want64 := scoresResults[float64](t, c.tokens, c.aspects, c.features, c.rows, true)
			want32 := scoresResults[float32](t, c.tokens, c.aspects, c.features, c.rows, true)
			for _, threads := range []int{1, 2, 3} {
				SetThreads(threads)
				name := fmt.Sprintf("%s, %v, %d threads", kernels, c, threads)
				if e := distance(scoresResults[float64](t, c.tokens, c.aspects, c.features, c.rows, false), want64); !(e <= 1e-10) {
					t.Errorf("%s in float64: relative error %.2g, want at most 1e-10", name, e)
				}
				got := scoresResults[float32](t, c.tokens, c.aspects, c.features, c.rows, false)
				if e := distance(got, want32); !(e <= 1e-5) {
					t.Errorf("%s in float32: relative error %.2g, want at most 1e-5", name, e)
				}
				if e := distance(scoresResults[float32](t, c.tokens, c.aspects, c.features, c.rows, false), got); e != 0 {
					t.Errorf("%s: the second run is %.2g from the first", name, e)
				}
			}
		}
	}
}

func TestAdditiveScoresRefuses(t *testing.T) {
	s := newScope(t)
	w := []Affine{{Weight: s.Zeros(4, 3), Bias: s.Zeros(4)}}
	q := []Tensor{s.Zeros(1, 4)}
	noErr(t, s.Err())
	for _, c := range []struct {
		name string
		run  func(s *Scope)
	}{
		{"no aspect", func(s *Scope) { s.AdditiveScores(w[0].Weight, nil, nil) }},
		{"a query too many", func(s *Scope) { s.AdditiveScores(w[0].Weight, w, append(q, q[0])) }},
		{"tokens of another width", func(s *Scope) { s.AdditiveScores(s.Zeros(2, 4), w, q) }},
		{"a query of another width", func(s *Scope) { s.AdditiveScores(s.Zeros(2, 3), w, []Tensor{s.Zeros(1, 3)}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScope(t)
			if c.run(s); s.Err() == nil {
				t.Error("no error")
			}
		})
	}
}
