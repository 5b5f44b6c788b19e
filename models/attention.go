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

	query, key, value, output []torch.Affine // A of [2H,2H]
	seed                      []torch.Tensor // A of [2H], the learned queries of pool = query
}

func newSelfAttention(p *torch.Parameters, config configs.Model, names []string) (*selfAttention, error) {
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
	for _, name := range names {
		name += ".attention"
		q.query = append(q.query, p.Linear(name+".query", features, features))
		q.key = append(q.key, p.Linear(name+".key", features, features))
		q.value = append(q.value, p.Linear(name+".value", features, features))
		q.output = append(q.output, p.Linear(name+".output", features, features))
		if at.Pool == "query" {
			q.seed = append(q.seed, p.Normal(name+".seed", 1, features))
		}
	}
	return q, nil
}

func (q *selfAttention) pool(s *torch.Scope, h states) torch.Tensor {
	one := q.poolBy != "mean" && q.poolBy != "max"
	if one && h.fused {
		return q.fused(s, h)
	}
	hBTD := h.padded(s)
	if one {
		return h.pairs.rows(s, q.one(s, q.queries(s, hBTD, h.Input), hBTD, h.Input), q.features)
	}
	pooled := make([]torch.Tensor, len(q.output))
	for a, output := range q.output {
		yBTD := q.all(s, a, hBTD, h.Input)
		if q.poolBy == "mean" { // the projection is linear: once after the mean
			pooled[a] = s.Linear(meanOverTokens(s, yBTD, h.Input), output.Weight, output.Bias)
		} else {
			pooled[a] = maxOverTokens(s, s.Linear(yBTD, output.Weight, output.Bias), h.Input)
		}
	}
	return h.pairs.rows(s, s.Stack(1, pooled...), q.features)
}

// fused computes the pairs alone, over states without padding: [P,2H].
func (q *selfAttention) fused(s *torch.Scope, h states) torch.Tensor {
	ends := h.pairs.Ends
	var queryPD torch.Tensor
	if q.poolBy == "query" {
		one := allPairs(1, int64(len(q.seed))) // the same query for all pairs of an aspect
		queryAD := s.GroupedLinear(s.Reshape(s.Cat(0, q.seed...), -1, q.features), one.Ends, q.query)
		queryPD = s.Embedding(queryAD, torch.New(s, h.pairs.aspects(), int64(len(h.pairs.Sentences))))
	} else {
		queryPD = s.GroupedLinear(q.lastStates(s, h), ends, q.query)
	}
	foldedPnD := s.GroupedHeadsTransposed(queryPD, ends, q.key, q.heads)
	contextPnD := s.Attend(foldedPnD, h.packed, h.pairs.Sentences, q.heads, !q.masked)
	yPD := s.GroupedHeads(contextPnD, ends, q.value, q.heads)
	return s.GroupedLinear(yPD, ends, q.output)
}

// lastStates returns the state of each pair at its sentence's last token or, for
// last_padded, at the last position of the batch, which is zero for padding:
// [P,2H].
func (q *selfAttention) lastStates(s *torch.Scope, h states) torch.Tensor {
	sizes, lengths := s.Int64s(h.packed.BatchSizes), s.Int64s(h.Lengths)
	if s.Err() != nil {
		return torch.Tensor{}
	}
	P := int64(len(h.pairs.Sentences))
	rows, kept := make([]int64, P), make([]float32, P)
	first := make([]int64, len(sizes)) // token of each step
	for t := 1; t < len(sizes); t++ {
		first[t] = first[t-1] + sizes[t-1]
	}
	for i, b := range h.pairs.Sentences {
		rows[i] = first[lengths[b]-1] + b
		if q.poolBy == "last" || lengths[b] == h.T {
			kept[i] = 1
		}
	}
	xPD := s.Embedding(h.packed.Data, torch.New(s, rows, P))
	if q.poolBy == "last" {
		return xPD
	}
	return s.Mul(xPD, torch.New(s, kept, P, 1))
}

// queries returns the projected queries of all A aspects and their n heads over
// h [B,T,2H]: [A·n,B,d] or, the same for all sentences, [A·n,1,d].
func (q *selfAttention) queries(s *torch.Scope, h torch.Tensor, in Input) torch.Tensor {
	d := q.features / q.heads
	if q.poolBy == "query" {
		aspects := make([]torch.Tensor, len(q.query))
		for a, w := range q.query {
			aspects[a] = s.Linear(s.Unsqueeze(q.seed[a], 0), w.Weight, w.Bias)
		}
		return s.Reshape(s.Cat(0, aspects...), -1, 1, d)
	}
	xBD := s.Select(h, 1, -1)
	if q.poolBy == "last" {
		xBD = q.lastValid(s, h, in)
	}
	query := s.Linear(xBD, joined(s, weight, q.query), joined(s, bias, q.query))
	return s.Transpose(s.Reshape(query, -1, int64(len(q.query))*q.heads, d), 0, 1)
}

// joined returns the weights or biases of all aspects below each other.
func joined(s *torch.Scope, of func(torch.Affine) torch.Tensor, aspects []torch.Affine) torch.Tensor {
	list := make([]torch.Tensor, len(aspects))
	for a, w := range aspects {
		list[a] = of(w)
	}
	return s.Cat(0, list...)
}

func weight(w torch.Affine) torch.Tensor { return w.Weight }
func bias(w torch.Affine) torch.Tensor   { return w.Bias }

// one returns each aspect's attention for one query per head, of [A·n,B,d] or,
// for all sentences, [A·n,1,d], over h [B,T,2H]: [B,A,2H]. All aspects are one
// computation: as many small products would take longer to begin than to do.
func (q *selfAttention) one(s *torch.Scope, queries, h torch.Tensor, in Input) torch.Tensor {
	A, F, d := int64(len(q.query)), q.features, q.features/q.heads
	n := A * q.heads
	weightBnT := q.oneWeights(s, queries, h, in)

	// Weights stand on the left: their gradients then come in their own layout.
	contextnFB := s.Transpose(s.Transpose(s.Matmul(weightBnT, h), 0, 1), 1, 2)
	valuendF := s.Reshape(joined(s, weight, q.value), n, d, F)
	yAFB := s.Add(s.Reshape(s.Matmul(valuendF, contextnFB), A, F, in.B), s.Reshape(joined(s, bias, q.value), A, F, 1))

	outputAFF := s.Reshape(joined(s, weight, q.output), A, F, F)
	outAFB := s.Add(s.Matmul(outputAFF, yAFB), s.Reshape(joined(s, bias, q.output), A, F, 1))
	return s.Transpose(s.Transpose(outAFB, 0, 2), 1, 2)
}

// oneWeights returns the softmax of those queries over the positions: [B,A·n,T].
func (q *selfAttention) oneWeights(s *torch.Scope, queries, h torch.Tensor, in Input) torch.Tensor {
	A, F, d := int64(len(q.query)), q.features, q.features/q.heads
	keyndF := s.Reshape(joined(s, weight, q.key), A*q.heads, d, F)
	foldedBnF := s.Transpose(s.Matmul(queries, keyndF), 0, 1)

	scoreBnT := s.Scale(s.Matmul(foldedBnF, s.Transpose(h, 1, 2)), 1/math.Sqrt(float64(d)))
	if q.masked {
		scoreBnT = s.MaskedFill(scoreBnT, s.Unsqueeze(s.Not(in.Valid), 1), lowest)
	}
	return s.Softmax(scoreBnT, -1)
}

// all returns the heads' joined outputs of aspect a for every position, before the
// output projection: [B,T,2H].
func (q *selfAttention) all(s *torch.Scope, a int, h torch.Tensor, in Input) torch.Tensor {
	mask := s.Reshape(in.Valid, in.B, 1, 1, in.T)
	if !q.masked {
		mask = torch.New(s, []bool{true}, 1, 1, 1, 1)
	}
	yBhTd := s.Attention(q.split(s, h, in, q.query[a]), q.split(s, h, in, q.key[a]), q.split(s, h, in, q.value[a]), mask)
	return s.Reshape(s.Transpose(yBhTd, 1, 2), in.B, in.T, q.features)
}

// split projects h [B,T,2H] and divides it among the heads: [B,h,T,d].
func (q *selfAttention) split(s *torch.Scope, h torch.Tensor, in Input, w torch.Affine) torch.Tensor {
	return s.Transpose(s.Reshape(s.Linear(h, w.Weight, w.Bias), in.B, in.T, q.heads, q.features/q.heads), 1, 2)
}

// lastValid returns each sentence's state at its last token: [B,2H].
func (q *selfAttention) lastValid(s *torch.Scope, h torch.Tensor, in Input) torch.Tensor {
	index := s.Expand(in.Last, in.B, 1, q.features)
	return s.Squeeze(s.Gather(h, 1, index), 1)
}
