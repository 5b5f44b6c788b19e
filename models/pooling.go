package models

import (
	"fmt"

	"absa/configs"
	"absa/internal/torch"
)

// states are the outputs of the LSTM for a batch, with what is asked of it.
type states struct {
	Input
	packed torch.Packed // [N,2H]
	final  torch.Tensor // [2·layers,B,H], the last state of each direction
	pairs  Pairs        // Input's, spelt out
	fused  bool         // by torch's own operations, else as compositions of LibTorch's
}

// padded returns the states with padding as zeros, [B,T,2H].
func (h states) padded(s *torch.Scope) torch.Tensor { return s.Pad(h.packed) }

// pooling turns the states of a pair's sentence into one vector.
type pooling interface {
	pool(s *torch.Scope, h states) torch.Tensor // [P,2H]
	// attention returns the weights that pool gives the positions, [B,A,T], or an
	// undefined tensor where there are none.
	attention(s *torch.Scope, h states) torch.Tensor
}

// newPooling makes the pooling of the aspects whose parameters' names begin with
// names, and what they share with prefix.
func newPooling(p *torch.Parameters, config configs.Model, prefix string, names []string) (pooling, error) {
	switch config.Attention.Kind {
	case "self":
		return newSelfAttention(p, config, names)
	case "additive":
		return newAdditiveAttention(p, config, prefix, names), nil
	case "none":
		return newPlainPooling(config)
	}
	return nil, fmt.Errorf("attention kind %q is not known", config.Attention.Kind)
}

// plainPooling is the network without attention: every aspect sees the same
// vector.
type plainPooling struct {
	reduce func(s *torch.Scope, h states) torch.Tensor // [B,2H]
}

func newPlainPooling(config configs.Model) (*plainPooling, error) {
	q := &plainPooling{}
	switch config.Attention.Pool {
	case "mean":
		q.reduce = func(s *torch.Scope, h states) torch.Tensor { return meanOverTokens(s, h.padded(s), h.Input) }
	case "max":
		q.reduce = func(s *torch.Scope, h states) torch.Tensor { return maxOverTokens(s, h.padded(s), h.Input) }
	case "last":
		rate := config.OutputDropout
		q.reduce = func(s *torch.Scope, h states) torch.Tensor { return s.Dropout(lastStates(s, h.final), rate) }
	default:
		return nil, fmt.Errorf("pool %q needs attention; without it there are mean, max and last", config.Attention.Pool)
	}
	return q, nil
}

func (q *plainPooling) pool(s *torch.Scope, h states) torch.Tensor {
	of := torch.New(s, h.pairs.Sentences, int64(len(h.pairs.Sentences)))
	return s.IndexSelect(q.reduce(s, h), 0, of)
}

func (q *plainPooling) attention(*torch.Scope, states) torch.Tensor { return torch.Tensor{} }

// lastStates joins the last state of the forward direction, at the last token,
// and of the backward direction, at the first: [B,2H].
func lastStates(s *torch.Scope, final torch.Tensor) torch.Tensor {
	return s.Cat(1, s.Select(final, 0, -2), s.Select(final, 0, -1))
}

// meanOverTokens averages x [B,T,F] over the tokens of each sentence: [B,F].
func meanOverTokens(s *torch.Scope, x torch.Tensor, in Input) torch.Tensor {
	padding := s.Unsqueeze(s.Not(in.Valid), -1)
	return s.Div(s.SumDim(s.MaskedFill(x, padding, 0), 1), in.Counts)
}

// maxOverTokens takes the largest value of x [B,T,F] over the tokens: [B,F].
func maxOverTokens(s *torch.Scope, x torch.Tensor, in Input) torch.Tensor {
	padding := s.Unsqueeze(s.Not(in.Valid), -1)
	return s.Max(s.MaskedFill(x, padding, lowest), 1)
}

// lowest stands for minus infinity: it vanishes in a softmax and keeps its
// gradient finite.
const lowest = -3e38
