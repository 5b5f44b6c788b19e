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
	switch q.poolBy {
	case "last_padded":
		return q.one(s, q.queries(s, s.Select(hBTD, 1, -1)), hBTD, h.Input)
	case "last":
		return q.one(s, q.queries(s, q.lastValid(s, hBTD, h.Input)), hBTD, h.Input)
	case "query":
		return q.one(s, q.learnedQueries(s), hBTD, h.Input)
	}
	pooled := make([]torch.Tensor, len(q.aspects))
	for a, w := range q.aspects {
		yBTD := q.all(s, w, hBTD, h.Input)
		if q.poolBy == "mean" { // the projection is linear: once after the mean
			pooled[a] = s.Linear(meanOverTokens(s, yBTD, h.Input), w.output.Weight, w.output.Bias)
		} else {
			pooled[a] = maxOverTokens(s, s.Linear(yBTD, w.output.Weight, w.output.Bias), h.Input)
		}
	}
	return s.Stack(1, pooled...)
}

// joined returns one matrix of all aspects below each other.
func (q *selfAttention) joined(s *torch.Scope, of func(w attentionWeights) torch.Tensor) torch.Tensor {
	list := make([]torch.Tensor, len(q.aspects))
	for a, w := range q.aspects {
		list[a] = of(w)
	}
	return s.Cat(0, list...)
}

// queries projects x [B,2H] for all A aspects and their n heads: [A·n,B,d].
func (q *selfAttention) queries(s *torch.Scope, x torch.Tensor) torch.Tensor {
	weight := q.joined(s, func(w attentionWeights) torch.Tensor { return w.query.Weight })
	bias := q.joined(s, func(w attentionWeights) torch.Tensor { return w.query.Bias })
	n := int64(len(q.aspects)) * q.heads
	return s.Transpose(s.Reshape(s.Linear(x, weight, bias), -1, n, q.features/q.heads), 0, 1)
}

// learnedQueries projects each aspect's own query: [A·n,1,d].
func (q *selfAttention) learnedQueries(s *torch.Scope) torch.Tensor {
	aspects := make([]torch.Tensor, len(q.aspects))
	for a, w := range q.aspects {
		aspects[a] = s.Linear(s.Unsqueeze(w.seed, 0), w.query.Weight, w.query.Bias)
	}
	return s.Reshape(s.Cat(0, aspects...), -1, 1, q.features/q.heads)
}

// one returns each aspect's attention for one query per head, of [A·n,B,d] or,
// for all sentences, [A·n,1,d], over h [B,T,2H]: [B,A,2H]. All aspects are one
// computation: as many small products would take longer to begin than to do.
func (q *selfAttention) one(s *torch.Scope, queries, h torch.Tensor, in Input) torch.Tensor {
	A, F, d := int64(len(q.aspects)), q.features, q.features/q.heads
	n := A * q.heads
	keyndF := s.Reshape(q.joined(s, func(w attentionWeights) torch.Tensor { return w.key.Weight }), n, d, F)
	foldedBnF := s.Transpose(s.Matmul(queries, keyndF), 0, 1)

	scoreBnT := s.Scale(s.Matmul(foldedBnF, s.Transpose(h, 1, 2)), 1/math.Sqrt(float64(d)))
	if q.masked {
		scoreBnT = s.MaskedFill(scoreBnT, s.Unsqueeze(s.Not(in.Valid), 1), lowest)
	}
	weightBnT := s.Softmax(scoreBnT, -1)

	// Weights stand on the left: their gradients then come in their own layout.
	contextnFB := s.Transpose(s.Transpose(s.Matmul(weightBnT, h), 0, 1), 1, 2)
	valuendF := s.Reshape(q.joined(s, func(w attentionWeights) torch.Tensor { return w.value.Weight }), n, d, F)
	valueBias := q.joined(s, func(w attentionWeights) torch.Tensor { return w.value.Bias })
	yAFB := s.Add(s.Reshape(s.Matmul(valuendF, contextnFB), A, F, in.B), s.Reshape(valueBias, A, F, 1))

	outputAFF := s.Reshape(q.joined(s, func(w attentionWeights) torch.Tensor { return w.output.Weight }), A, F, F)
	outputBias := q.joined(s, func(w attentionWeights) torch.Tensor { return w.output.Bias })
	outAFB := s.Add(s.Matmul(outputAFF, yAFB), s.Reshape(outputBias, A, F, 1))
	return s.Transpose(s.Transpose(outAFB, 0, 2), 1, 2)
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
