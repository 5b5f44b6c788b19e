package models

import (
	"errors"
	"math"

	"absa/configs"
	"absa/internal/torch"
)

// ngrams is a linear classifier of the n-grams of a sentence: the logits of an aspect are
//
//	s/√n Σ over n-grams of w_i + b
//
// with w of the n-gram, the same for all aspects, and b of the aspect. It is trained beside
// the network, each by its own cross-entropy, and answers with it: the mean of their
// probabilities. That is a wide part beside a deep one (Cheng et al. 2016), but with a loss
// for each, so that either answers by itself and the mean is of two opinions.
type ngrams struct {
	weight torch.Tensor // [buckets,C]; undefined without the classifier
	bias   torch.Tensor // [A,C]
	scale  float64
}

func newNGrams(p *torch.Parameters, config configs.NGrams, labels Labels) (q ngrams) {
	if config.On() {
		q.scale = config.Scale
		classes := int64(len(labels.Classes()))
		q.weight = p.Zeros("ngrams.weight", int64(config.Buckets), classes)
		q.bias = p.Zeros("ngrams.bias", int64(len(labels.Aspects)), classes)
	}
	return q
}

// logits returns those of each pair, [P,C].
func (q ngrams) logits(s *torch.Scope, h states) torch.Tensor {
	if !h.NGramBounds.Defined() {
		s.Fail(errors.New("a model of n-grams is fed none"))
		return torch.Tensor{}
	}
	sumsBC := s.Mul(s.EmbeddingBag(q.weight, h.NGrams, h.NGramBounds), s.Scale(h.NGramScale, q.scale))
	pairs := int64(len(h.pairs.Sentences))
	sumsPC := s.IndexSelect(sumsBC, 0, torch.New(s, h.pairs.Sentences, pairs))
	return s.Add(sumsPC, s.IndexSelect(q.bias, 0, torch.New(s, h.pairs.aspects(), pairs)))
}

// mixed returns the logarithm of the mean of the probabilities of two answers.
func mixed(s *torch.Scope, a, b torch.Tensor) torch.Tensor {
	both := s.LogAddExp(s.LogSoftmax(a, -1), s.LogSoftmax(b, -1))
	return s.Add(both, torch.New(s, []float32{-math.Ln2}, 1))
}
