package models

import (
	"absa/configs"
	"absa/internal/torch"
)

// additiveAttention weighs the tokens for each aspect by
//
//	softmax over t of q·tanh(W h_t + b)
//
// with q of the aspect (Bahdanau et al. 2015, with a learned query; Yang et al. 2016,
// eq. 5-7), and W and b of the aspect or the same for all. Padding is left out.
type additiveAttention struct {
	features    int64          // 2H
	projections []torch.Affine // A of [2H,2H], or one
	scores      []torch.Tensor // A of [1,2H]
}

func newAdditiveAttention(p *torch.Parameters, config configs.Model, prefix string, names []string) *additiveAttention {
	features := 2 * int64(config.Hidden)
	q := &additiveAttention{features: features}
	if config.Attention.Shared {
		q.projections = append(q.projections, p.Linear(prefix+"attention.projection", features, features))
	}
	for _, name := range names {
		name += ".attention"
		if !config.Attention.Shared {
			q.projections = append(q.projections, p.Linear(name+".projection", features, features))
		}
		q.scores = append(q.scores, p.LinearWithoutBias(name+".score", features, 1))
	}
	return q
}

func (q *additiveAttention) pool(s *torch.Scope, h states) torch.Tensor {
	if h.fused {
		return s.WeightedSums(q.scoresOf(s, h), h.packed, h.pairs.Sentences, h.pairs.aspects())
	}
	pooledBAD := s.Matmul(q.attention(s, h), h.padded(s))
	return h.pairs.rows(s, pooledBAD, q.features)
}

// scoresOf returns q·tanh(W h + b) of each token and aspect, [N,A].
func (q *additiveAttention) scoresOf(s *torch.Scope, h states) torch.Tensor {
	tanh := func(w torch.Affine) torch.Tensor { return s.Tanh(s.Linear(h.packed.Data, w.Weight, w.Bias)) }
	switch {
	case len(q.projections) < len(q.scores):
		return s.Linear(tanh(q.projections[0]), s.Cat(0, q.scores...), torch.Tensor{})
	case h.fused:
		return s.AdditiveScores(h.packed.Data, q.projections, q.scores)
	}
	scores := make([]torch.Tensor, len(q.scores))
	for a, w := range q.projections {
		scores[a] = s.Linear(tanh(w), q.scores[a], torch.Tensor{})
	}
	return s.Cat(1, scores...)
}

func (q *additiveAttention) attention(s *torch.Scope, h states) torch.Tensor {
	scoreBTA := s.Pad(torch.Packed{Data: q.scoresOf(s, h), BatchSizes: h.packed.BatchSizes})
	padding := s.Unsqueeze(s.Not(h.Valid), -1)
	return s.Transpose(s.Softmax(s.MaskedFill(scoreBTA, padding, lowest), 1), 1, 2)
}
