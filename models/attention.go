package models

import (
	"fmt"
	"math"

	"absa/configs"
	"absa/internal/torch"
)

// selfAttention is multi-head scaled dot-product attention over the states of a
// sentence (Vaswani et al. 2017, section 3.2), one per aspect, whose output is
// pooled over the positions.
//
// Most ways of pooling read the output of one position alone, so one query is
// projected, not T. Keys and values need no projection of every position
// either: with q = Wq x + bq for that position, and for each head,
//
//	q·(Wk h_t + bk) = (Wkᵀ q)·h_t + q·bk      q·bk is the same for every t
//	Σ a_t (Wv h_t + bv) = Wv (Σ a_t h_t) + bv  as Σ a_t = 1
//
// so the softmax sees Wkᵀq·h_t, and bk, which it cancels, gets no gradient.
type selfAttention struct {
	heads    int64
	features int64 // 2H
	masked   bool
	poolBy   string
	aspects  []attentionWeights
}

type attentionWeights struct {
	query, key, value, output torch.Affine // [2H,2H]
	seed                      torch.Tensor // [2H], the learned query of pool = query
}

func newSelfAttention(p *torch.Parameters, config configs.Model, aspects []string) (*selfAttention, error) {
	at := config.Attention
	features := 2 * int64(config.Hidden)
	if at.Heads < 1 || features%int64(at.Heads) != 0 {
		return nil, fmt.Errorf("%d features cannot be divided among %d attention heads", features, at.Heads)
	}
	q := &selfAttention{heads: int64(at.Heads), features: features, masked: at.Masked, poolBy: at.Pool}
	switch at.Pool {
	case "last_padded", "last", "mean", "max", "query":
	default:
		return nil, fmt.Errorf("pool %q is not known", at.Pool)
	}
	for _, aspect := range aspects {
		name := HeadName(aspect) + ".attention"
		w := attentionWeights{
			query:  p.Linear(name+".query", features, features),
			key:    p.Linear(name+".key", features, features),
			value:  p.Linear(name+".value", features, features),
			output: p.Linear(name+".output", features, features),
		}
		if at.Pool == "query" {
			w.seed = p.Normal(name+".seed", 1, features)
		}
		q.aspects = append(q.aspects, w)
	}
	return q, nil
}

func (q *selfAttention) pool(s *torch.Scope, h states) torch.Tensor {
	hBTD := h.padded(s)
	pooled := make([]torch.Tensor, len(q.aspects))
	for a, w := range q.aspects {
		switch q.poolBy {
		case "last_padded":
			pooled[a] = q.one(s, w, s.Select(hBTD, 1, -1), hBTD, h.Input)
		case "last":
			pooled[a] = q.one(s, w, q.lastValid(s, hBTD, h.Input), hBTD, h.Input)
		case "query":
			pooled[a] = q.one(s, w, s.Unsqueeze(w.seed, 0), hBTD, h.Input)
		case "mean": // the projection is linear: once after the mean
			yBTD := q.all(s, w, hBTD, h.Input)
			pooled[a] = s.Linear(meanOverTokens(s, yBTD, h.Input), w.output.Weight, w.output.Bias)
		case "max":
			yBTD := q.all(s, w, hBTD, h.Input)
			pooled[a] = maxOverTokens(s, s.Linear(yBTD, w.output.Weight, w.output.Bias), h.Input)
		}
	}
	return s.Stack(1, pooled...)
}

// one returns the attention's output for one query x [B,2H], or [1,2H] for all
// sentences, over h [B,T,2H]: [B,2H].
func (q *selfAttention) one(s *torch.Scope, w attentionWeights, x, h torch.Tensor, in Input) torch.Tensor {
	features := q.features
	d := features / q.heads
	qBD := s.Linear(x, w.query.Weight, w.query.Bias)
	qhBd := s.Transpose(s.Reshape(qBD, -1, q.heads, d), 0, 1)
	foldedBhD := s.Transpose(s.Matmul(qhBd, s.Reshape(w.key.Weight, q.heads, d, features)), 0, 1)

	scoreBhT := s.Scale(s.Matmul(foldedBhD, s.Transpose(h, 1, 2)), 1/math.Sqrt(float64(d)))
	if q.masked {
		scoreBhT = s.MaskedFill(scoreBhT, s.Unsqueeze(s.Not(in.Valid), 1), lowest)
	}
	weightBhT := s.Softmax(scoreBhT, -1)

	contexthBD := s.Transpose(s.Matmul(weightBhT, h), 0, 1)
	valuehDd := s.Transpose(s.Reshape(w.value.Weight, q.heads, d, features), 1, 2)
	yBD := s.Reshape(s.Transpose(s.Matmul(contexthBD, valuehDd), 0, 1), in.B, features)
	return s.Linear(s.Add(yBD, w.value.Bias), w.output.Weight, w.output.Bias)
}

// all returns the heads' joined outputs for every position, before the output
// projection: [B,T,2H].
func (q *selfAttention) all(s *torch.Scope, w attentionWeights, h torch.Tensor, in Input) torch.Tensor {
	features := q.features
	split := func(a torch.Affine) torch.Tensor {
		x := s.Linear(h, a.Weight, a.Bias)
		return s.Transpose(s.Reshape(x, in.B, in.T, q.heads, features/q.heads), 1, 2)
	}
	mask := s.Reshape(in.Valid, in.B, 1, 1, in.T)
	if !q.masked {
		mask = torch.New(s, []bool{true}, 1, 1, 1, 1)
	}
	yBhTd := s.Attention(split(w.query), split(w.key), split(w.value), mask)
	return s.Reshape(s.Transpose(yBhTd, 1, 2), in.B, in.T, features)
}

// lastValid returns each sentence's state at its last token: [B,2H].
func (q *selfAttention) lastValid(s *torch.Scope, h torch.Tensor, in Input) torch.Tensor {
	index := s.Expand(in.Last, in.B, 1, q.features)
	return s.Squeeze(s.Gather(h, 1, index), 1)
}
