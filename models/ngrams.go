package models

import (
	"errors"

	"absa/configs"
	"absa/internal/torch"
)

// ngrams is a linear classifier of the n-grams of a sentence, whose order the network
// has to learn from few sentences: the logits of an aspect are
//
//	s/√n Σ over n-grams of w_i + b
//
// with w of the n-gram, the same for all aspects, and b of the aspect. It is trained beside
// the network, each by its own cross-entropy, and answers with it: the mean of their
// probabilities. A wide part beside a deep one (Cheng et al. 2016), though neither
// makes up for what the other misses, so that their mistakes stay apart.
type ngrams struct {
	weight torch.Tensor // [buckets,C]; undefined without the classifier
	bias   torch.Tensor // [A,C]
	scale  float64
}

func newNGrams(p *torch.Parameters, config configs.NGrams, prefix string, aspects, classes int64) (q ngrams) {
	if config.On() {
		q.scale = config.Scale
		q.weight = p.Zeros(prefix+"ngrams.weight", int64(config.Buckets), classes)
		q.bias = p.Zeros(prefix+"ngrams.bias", aspects, classes)
	}
	return q
}

// logits returns those of each pair, [P,C].
func (q ngrams) logits(s *torch.Scope, h states) torch.Tensor {
	if !h.NGramsAt.Defined() {
		s.Fail(errors.New("a model of n-grams is fed none"))
		return torch.Tensor{}
	}
	sumsBC := s.Mul(s.EmbeddingBag(q.weight, h.NGrams, h.NGramsAt), s.Scale(h.NGramsScale, q.scale))
	pairs := int64(len(h.pairs.Sentences))
	sumsPC := s.IndexSelect(sumsBC, 0, torch.New(s, h.pairs.Sentences, pairs))
	return s.Add(sumsPC, s.IndexSelect(q.bias, 0, torch.New(s, h.pairs.aspects(), pairs)))
}

// mixed returns the logarithm of the mean of the probabilities of two answers.
func mixed(s *torch.Scope, a, b torch.Tensor) torch.Tensor {
	return s.Log(s.Scale(s.Add(s.Softmax(a, -1), s.Softmax(b, -1)), 0.5))
}
