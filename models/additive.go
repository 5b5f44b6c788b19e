package models

import (
	"absa/configs"
	"absa/internal/torch"
)

// additiveAttention weighs the tokens for each aspect by
//
//	softmax over t of q·tanh(W h_t + b)
//
// with W and q of the aspect (Bahdanau et al. 2015, with a learned query;
// Yang et al. 2016, eq. 5-7). Padding is left out.
type additiveAttention struct {
	features    int64          // 2H
	projections []torch.Affine // A of [2H,2H]
	scores      []torch.Tensor // A of [1,2H]
}

func newAdditiveAttention(p *torch.Parameters, config configs.Model, names []string) *additiveAttention {
	features := 2 * int64(config.Hidden)
	q := &additiveAttention{features: features}
	for _, name := range names {
		name += ".attention"
		q.projections = append(q.projections, p.Linear(name+".projection", features, features))
		q.scores = append(q.scores, p.LinearWithoutBias(name+".score", features, 1))
	}
	return q
}

func (q *additiveAttention) pool(s *torch.Scope, h states) torch.Tensor {
	if h.fused {
		scoreNA := s.AdditiveScores(h.packed.Data, q.projections, q.scores)
		return s.WeightedSums(scoreNA, h.packed, h.pairs.Sentences, h.pairs.aspects())
	}
	pooledBAD := s.Matmul(q.attention(s, h), h.padded(s))
	return h.pairs.rows(s, pooledBAD, q.features)
}

func (q *additiveAttention) attention(s *torch.Scope, h states) torch.Tensor {
	scores := make([]torch.Tensor, len(q.scores))
	for a, w := range q.projections {
		scores[a] = s.Linear(s.Tanh(s.Linear(h.packed.Data, w.Weight, w.Bias)), q.scores[a], torch.Tensor{})
	}
	scoreBTA := s.Pad(torch.Packed{Data: s.Cat(1, scores...), BatchSizes: h.packed.BatchSizes})
	padding := s.Unsqueeze(s.Not(h.Valid), -1)
	return s.Transpose(s.Softmax(s.MaskedFill(scoreBTA, padding, lowest), 1), 1, 2)
}
