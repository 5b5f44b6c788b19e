package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// The operations of this file are for the CPU.
//
// B sentences, N tokens of them all, F features, P pairs of a sentence and an
// aspect, n heads of d = F/n.

// GroupedLinear maps each row of x [P,in] by the matrix [out,in] and bias [out]
// of its group: [P,out]. The rows of group g end before row ends[g], where those
// of the next begin. A group without rows has zeros for gradients.
func (s *Scope) GroupedLinear(x Tensor, ends []int64, weights []Affine) Tensor {
	return s.grouped(x, ends, weights, 1, false)
}

// GroupedHeads is GroupedLinear head by head: it maps the part [F] of each head
// in a row of x [P,n·F] by the head's d rows of the matrix [n·d,F]: [P,n·d].
func (s *Scope) GroupedHeads(x Tensor, ends []int64, weights []Affine, heads int64) Tensor {
	return s.grouped(x, ends, weights, heads, false)
}

// GroupedHeadsTransposed maps the part [d] of each head in a row of x [P,n·d] by
// the transpose of the head's d rows of the matrix [n·d,F], without a bias:
// [P,n·F].
func (s *Scope) GroupedHeadsTransposed(x Tensor, ends []int64, weights []Affine, heads int64) Tensor {
	return s.grouped(x, ends, weights, heads, true)
}

func (s *Scope) grouped(x Tensor, ends []int64, weights []Affine, heads int64, transposed bool) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if len(ends) == 0 || len(ends) != len(weights) {
		s.Fail(fmt.Errorf("grouped linear: %d groups and %d weights", len(ends), len(weights)))
		return Tensor{}
	}
	list := make([]Tensor, 0, 2*len(weights))
	for _, w := range weights {
		list = append(list, w.Weight)
	}
	for _, w := range weights {
		list = append(list, w.Bias)
	}
	p := s.out(1)
	err := message(C.absa_grouped_linear(C.absa_tensor(x.c), ints(ends), C.int64_t(len(ends)), handles(list),
		C.int64_t(heads), C.bool(transposed), (*C.absa_tensor)(unsafe.Pointer(p))))
	return s.own(p, err, "grouped_linear", x)
}

// Attend is scaled dot-product attention over the states h [N,F] of a sentence
// with one query for each head (Vaswani et al. 2017, eq. 1): queries [P,n·F] hold
// a pair's, with the projection of the keys folded into them, and sentences [P]
// the pair's sentence. The weights are
//
//	softmax over t of q·h_t/√d
//
// and the result [P,n·F] are the weighted sums of the states. If padded, the
// softmax is over all T positions of the batch, those past a sentence's end with
// states of zeros.
func (s *Scope) Attend(queries Tensor, h Packed, sentences []int64, heads int64, padded bool) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	features := h.Data.Shape()[1]
	p := s.out(1)
	err := message(C.absa_attend(C.absa_tensor(h.Data.c), C.absa_tensor(queries.c), C.absa_tensor(h.BatchSizes.c),
		ints(sentences), nil, C.int64_t(len(sentences)), C.int64_t(heads),
		C.double(1/math.Sqrt(float64(features)/float64(heads))), C.bool(padded), (*C.absa_tensor)(unsafe.Pointer(p))))
	return s.own(p, err, "attend", queries, h.Data)
}

// WeightedSums sums the states h [N,F] of each pair's sentence with the softmax
// of one column of scores [N,A] as weights: [P,F]. sentences [P] and columns [P]
// are the pairs'.
func (s *Scope) WeightedSums(scores Tensor, h Packed, sentences, columns []int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if len(sentences) == 0 || len(sentences) != len(columns) {
		s.Fail(fmt.Errorf("weighted sums: %d sentences and %d columns", len(sentences), len(columns)))
		return Tensor{}
	}
	p := s.out(1)
	err := message(C.absa_attend(C.absa_tensor(h.Data.c), C.absa_tensor(scores.c), C.absa_tensor(h.BatchSizes.c),
		ints(sentences), ints(columns), C.int64_t(len(sentences)), 1, 1, false, (*C.absa_tensor)(unsafe.Pointer(p))))
	return s.own(p, err, "weighted_sums", scores, h.Data)
}

// own is got for an operation of this package's own.
func (s *Scope) own(p *libtch.Ctensor, err error, op string, args ...Tensor) Tensor {
	if err != nil {
		s.check(err, op, args...)
		return Tensor{}
	}
	return s.got(p, op, args...)
}

// ints views integers as C's.
func ints(values []int64) *C.int64_t {
	if len(values) == 0 {
		return nil
	}
	return (*C.int64_t)(unsafe.Pointer(&values[0]))
}
