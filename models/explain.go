package models

import (
	"math"

	"absa/internal/torch"
)

// Explain tells what the logits of an input rest on, word by word. It needs a
// scope that records gradients, a model without dropout, and an input that asks
// about all pairs. class [B,A] is the class of each pair that is explained.
//
// attention [B,A,T] is the share of each position in what an aspect's head reads:
// the softmax weights, averaged over the heads of self-attention and, for its mean
// pool, over the positions that ask. They sum to 1 over a sentence. It is undefined
// where no weight is given to a position: without attention, and where a maximum
// follows it. Attention says where a head looked, not what it made of it
// (Jain & Wallace 2019).
//
// gradient [B,A,T] is gradient × input (Shrikumar et al. 2016; the gradient of a
// class score is that of Simonyan et al. 2014, eq. 4),
//
//	Σ_d e_td · ∂(z_c − Σ_k z_k/C)/∂e_td
//
// of the word's vector e_t and the logit z_c of the class, less the mean of all
// C logits, as softmax does not see what they have in common. It is positive where
// the word speaks for the class, and 0 for padding. The logits are the network's: what
// a classifier of n-grams beside it says is in neither.
func (m *Model) Explain(s *torch.Scope, in Input, class []int64) (attention, gradient torch.Tensor) {
	aspects := len(m.Labels.Aspects)
	eND := m.look(s, in)
	attention = m.own.pooling.attention(s, m.read(s, &m.own, in, eND))
	list := make([]torch.Tensor, aspects)
	for a := range list {
		classB := make([]int64, in.B)
		for b := range classB {
			classB[b] = class[b*aspects+a]
		}
		list[a] = m.gradientTimesInput(s, in, eND, int64(a), classB)
	}
	return attention, s.Stack(1, list...)
}

// gradientTimesInput is that of one aspect: [B,T]. Its pass through the network is
// freed at its end, so that memory does not grow with the aspects.
func (m *Model) gradientTimesInput(to *torch.Scope, in Input, eND torch.Packed, aspect int64, class []int64) torch.Tensor {
	if to.Err() != nil {
		return torch.Tensor{}
	}
	s := torch.NewScope(to.Device())
	defer s.Close()
	in.Pairs = onlyPairs(in.B, int64(len(m.Labels.Aspects)), aspect)
	classes := len(m.Labels.Classes())
	coefficients := make([]float32, len(class)*classes)
	for i := range coefficients {
		coefficients[i] = -1 / float32(classes)
	}
	for b, c := range class {
		coefficients[b*classes+int(c)]++
	}
	leaf := torch.Packed{Data: s.Leaf(eND.Data), BatchSizes: eND.BatchSizes}
	logitsBC := m.own.answer(s, m.read(s, &m.own, in, leaf)).trained()[0]
	// Sentences do not see each other, so the sum over them has the gradient of each.
	score := s.Sum(s.Mul(logitsBC, torch.New(s, coefficients, in.B, int64(classes))))
	shareN := s.SumDim(s.Mul(leaf.Data, s.Gradient(score, leaf.Data)), -1)
	values := s.Float32s(s.Pad(torch.Packed{Data: s.Unsqueeze(shareN, -1), BatchSizes: eND.BatchSizes}))
	if err := s.Err(); err != nil {
		to.Fail(err)
		return torch.Tensor{}
	}
	return torch.New(to, values, in.B, in.T)
}

// attention averages over the heads and over the positions that ask.
func (q *selfAttention) attention(s *torch.Scope, h states) torch.Tensor {
	A := int64(len(q.query))
	hBTD := h.padded(s)
	switch q.poolBy {
	case "max":
		return torch.Tensor{}
	case "mean":
		list := make([]torch.Tensor, A)
		for a := range list {
			weightBThT := q.allWeights(s, a, hBTD, h.Input)
			asking := s.Reshape(s.Not(h.Valid), h.B, h.T, 1, 1)
			sumBhT := s.SumDim(s.MaskedFill(weightBThT, asking, 0), 1)
			list[a] = s.Div(s.SumDim(sumBhT, 1), s.Scale(h.Counts, float64(q.heads)))
		}
		return s.Stack(1, list...)
	}
	weightBnT := q.oneWeights(s, q.queries(s, hBTD, h.Input), hBTD, h.Input)
	return s.Scale(s.SumDim(s.Reshape(weightBnT, h.B, A, q.heads, h.T), 2), 1/float64(q.heads))
}

// allWeights returns the softmax weights of aspect a for every position that asks
// and every head: [B,T,h,T].
func (q *selfAttention) allWeights(s *torch.Scope, a int, hBTD torch.Tensor, in Input) torch.Tensor {
	query, key := q.split(s, hBTD, in, q.query[a]), q.split(s, hBTD, in, q.key[a])
	scoreBhTT := s.Scale(s.Matmul(query, s.Transpose(key, 2, 3)), 1/math.Sqrt(float64(q.features/q.heads)))
	if q.masked {
		scoreBhTT = s.MaskedFill(scoreBhTT, s.Reshape(s.Not(in.Valid), in.B, 1, 1, in.T), lowest)
	}
	return s.Transpose(s.Softmax(scoreBhTT, -1), 1, 2)
}
