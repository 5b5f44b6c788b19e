package models

import "absa/internal/torch"

// Pairs are pairs of a sentence and an aspect that a model is asked about,
// ordered by aspect.
type Pairs struct {
	Sentences []int64 // [P], the sentence of each pair
	Ends      []int64 // [A], one past the last pair of each aspect
}

// allPairs are all B·A.
func allPairs(sentences, aspects int64) Pairs {
	p := Pairs{Sentences: make([]int64, 0, sentences*aspects)}
	for range aspects {
		for b := range sentences {
			p.Sentences = append(p.Sentences, b)
		}
		p.Ends = append(p.Ends, int64(len(p.Sentences)))
	}
	return p
}

// onlyPairs are those of one aspect with every sentence.
func onlyPairs(sentences, aspects, aspect int64) Pairs {
	p := Pairs{Ends: make([]int64, aspects)}
	for b := range sentences {
		p.Sentences = append(p.Sentences, b)
	}
	for a := aspect; a < aspects; a++ {
		p.Ends[a] = sentences
	}
	return p
}

// All reports whether p is the zero value, which stands for every pair.
func (p Pairs) All() bool { return p.Ends == nil }

// aspects returns the aspect of each pair.
func (p Pairs) aspects() []int64 {
	list := make([]int64, 0, len(p.Sentences))
	for a, end := range p.Ends {
		for int64(len(list)) < end {
			list = append(list, int64(a))
		}
	}
	return list
}

// places returns where each pair is among all of them, [B,A] row-major.
func (p Pairs) places() []int64 {
	list := p.aspects()
	for i, b := range p.Sentences {
		list[i] += b * int64(len(p.Ends))
	}
	return list
}

// pick returns those of values [B,A] at the pairs.
func pick[T any](p Pairs, values []T) []T {
	picked := make([]T, 0, len(p.Sentences))
	for _, at := range p.places() {
		picked = append(picked, values[at])
	}
	return picked
}

// rows returns those of x [B,A,F] at the pairs, [P,F].
func (p Pairs) rows(s *torch.Scope, x torch.Tensor, features int64) torch.Tensor {
	return s.IndexSelect(s.Reshape(x, -1, features), 0, torch.New(s, p.places(), int64(len(p.Sentences))))
}

// linear maps each row of x [P,in] by the matrix of its aspect: [P,out].
func (h states) linear(s *torch.Scope, x torch.Tensor, weights []torch.Affine) torch.Tensor {
	if h.fused {
		return s.GroupedLinear(x, h.pairs.Ends, weights)
	}
	parts := make([]torch.Tensor, len(weights))
	begin := int64(0)
	for a, w := range weights {
		end := h.pairs.Ends[a]
		parts[a] = s.Linear(s.Narrow(x, 0, begin, end-begin), w.Weight, w.Bias)
		begin = end
	}
	return s.Cat(0, parts...)
}
