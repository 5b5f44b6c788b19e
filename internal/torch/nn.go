package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Linear returns x·wᵀ + b for x [..,in], w [out,in] and b [out]: [..,out]. The
// zero Tensor as b leaves the bias out.
func (s *Scope) Linear(x, w, b Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgLinear(p, x.c, w.c, b.c)
	return s.got(p, "linear", x, w, b)
}

// AdditiveScores returns q·tanh(W h + b) for each token h [N,D] and each aspect:
// [N,A]. projections hold each W [F,D] and b [F], queries each q [1,F]. It is
// one operation for all of them, on the CPU.
func (s *Scope) AdditiveScores(h Tensor, projections []Affine, queries []Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if len(projections) == 0 || len(queries) != len(projections) {
		s.Fail(fmt.Errorf("additive scores: %d projections and %d queries", len(projections), len(queries)))
		return Tensor{}
	}
	weights := make([]Tensor, 0, 3*len(queries))
	for a, w := range projections {
		weights = append(weights, w.Weight, w.Bias, queries[a])
	}
	p := s.out(1)
	err := message(C.absa_additive_scores(C.absa_tensor(h.c), handles(weights), C.int64_t(len(queries)), (*C.absa_tensor)(unsafe.Pointer(p))))
	if err != nil {
		s.check(err, "additive_scores", h)
		return Tensor{}
	}
	return s.got(p, "additive_scores", h)
}

// Embedding returns the rows of weight [V,D] that ids, int64 of any shape,
// name: [..,D].
func (s *Scope) Embedding(weight, ids Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgEmbedding(p, weight.c, ids.c, -1, 0, 0)
	return s.got(p, "embedding", weight, ids)
}

// EmbeddingBag sums rows of weight [V,D] by bags: ids, int64 [G], names the rows, and
// bounds, int64 [B+1] and ascending from 0 to G, where those of each bag begin and the
// last one ends: [B,D].
func (s *Scope) EmbeddingBag(weight, ids, bounds Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	const sum = 0
	p := s.out(4)
	libtch.AtgEmbeddingBag(p, weight.c, ids.c, bounds.c, 0, sum, 0, nil, 1)
	t := s.got(p, "embedding_bag", weight, ids, bounds)
	if s.err == nil {
		live.Add(3) // bookkeeping for its backward pass
	}
	return t
}

// Dropout zeroes each element with probability rate and scales the others by
// 1/(1-rate). In an inference scope, or at rate 0, it returns x itself.
func (s *Scope) Dropout(x Tensor, rate float64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if s.inference || rate == 0 {
		return x
	}
	p := s.out(1)
	libtch.AtgDropout(p, x.c, rate, 1)
	return s.got(p, "dropout", x)
}

// Softmax normalises exp(x) over dimension dim.
func (s *Scope) Softmax(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgSoftmax(p, x.c, dim, int32(x.Kind()))
	return s.got(p, "softmax", x)
}

// LogSoftmax returns the logarithm of Softmax.
func (s *Scope) LogSoftmax(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgLogSoftmax(p, x.c, dim, int32(x.Kind()))
	return s.got(p, "log_softmax", x)
}

// Attention is scaled dot-product attention (Vaswani et al. 2017, eq. 1):
// softmax(q·kᵀ/√d)·v for q [B,h,Q,d], k and v [B,h,T,d]. mask is Bool, true
// where a query may look, and broadcasts to [B,h,Q,T].
func (s *Scope) Attention(q, k, v, mask Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgScaledDotProductAttention(p, q.c, k.c, v.c, mask.c, 0, 0, 0, 1)
	return s.got(p, "scaled_dot_product_attention", q, k, v, mask)
}

// CrossEntropy returns Σ w·(-log softmax(x)[target]) for logits x [..,C],
// target int64 [..] and weight float32 [..], a scalar. A row of weight 0 is
// ignored; weights that hold class weight over their sum give the weighted mean
// of PyTorch. Taking the denominators from the host, which knows the labels,
// keeps a batch without any label from dividing by zero and needs no wait for
// the device. On the CPU it is one operation.
func (s *Scope) CrossEntropy(x, target, weight Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if !s.device.IsCPU() {
		return s.plainCrossEntropy(x, target, weight)
	}
	p := s.out(1)
	err := message(C.absa_cross_entropy(C.absa_tensor(x.c), C.absa_tensor(target.c), C.absa_tensor(weight.c), (*C.absa_tensor)(unsafe.Pointer(p))))
	if err != nil {
		s.check(err, "cross_entropy", x, target, weight)
		return Tensor{}
	}
	return s.got(p, "cross_entropy", x, target, weight)
}

func (s *Scope) plainCrossEntropy(x, target, weight Tensor) Tensor {
	logp := s.LogSoftmax(x, -1)
	picked := s.Squeeze(s.Gather(logp, -1, s.Unsqueeze(target, -1)), -1)
	return s.Scale(s.Sum(s.Mul(picked, weight)), -1)
}

// BCEWithLogits returns the mean binary cross-entropy of logits x against
// target, both float32 of one shape.
func (s *Scope) BCEWithLogits(x, target Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	const mean = 1 // at::Reduction::Mean
	libtch.AtgBinaryCrossEntropyWithLogits(p, x.c, target.c, nil, nil, mean)
	return s.got(p, "binary_cross_entropy_with_logits", x, target)
}
