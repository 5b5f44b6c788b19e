package data

import (
	"cmp"
	"slices"
)

// Batch is B examples of A aspects, padded to the T tokens of the longest. All
// slices are row major and belong to the receiver.
type Batch struct {
	Index   []int   // [B] positions in the loader's examples, the longest first
	Length  int     // T
	Tokens  []int64 // [B,T], PaddingID after the end of a sentence
	Lengths []int64 // [B], descending, at least 1
	Labels  []int64 // [B,A], Absent where an aspect has no label
}

// Size returns B.
func (b Batch) Size() int { return len(b.Index) }

// newBatch joins the examples at index, the longest first and equally long
// ones as they come.
func newBatch(examples []Example, index []int) Batch {
	index = slices.Clone(index)
	byLength(examples, index)
	length := len(examples[index[0]].Tokens)
	aspects := len(examples[index[0]].Labels)
	b := Batch{
		Index:   index,
		Length:  length,
		Tokens:  make([]int64, len(index)*length), // all PaddingID
		Lengths: make([]int64, len(index)),
		Labels:  make([]int64, 0, len(index)*aspects),
	}
	for row, i := range index {
		b.Lengths[row] = int64(copy(b.Tokens[row*length:], examples[i].Tokens))
		for _, label := range examples[i].Labels {
			b.Labels = append(b.Labels, int64(label))
		}
	}
	return b
}

// byLength sorts positions by the length of their examples, stably, the
// longest first.
func byLength(examples []Example, index []int) {
	slices.SortStableFunc(index, func(i, j int) int {
		return cmp.Compare(len(examples[j].Tokens), len(examples[i].Tokens))
	})
}
