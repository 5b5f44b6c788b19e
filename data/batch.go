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

	// The rows of the n-grams of all examples, one after the other, and [B+1] the bounds
	// between examples, with both ends; nil unless they are wanted.
	NGrams, NGramBounds []int64
}

// Size returns B.
func (b Batch) Size() int { return len(b.Index) }

// NewBatch joins rows of ids, the longest first and equally long ones as they
// come, without labels. A row without an id stands as one unknown word. The n-grams
// of the rows may be nil.
func NewBatch(rows, ngrams [][]int64) Batch {
	index := make([]int, len(rows))
	length := 1
	for i, row := range rows {
		index[i], length = i, max(length, len(row))
	}
	slices.SortStableFunc(index, func(i, j int) int { return cmp.Compare(len(rows[j]), len(rows[i])) })
	b := Batch{Index: index, Length: length, Tokens: make([]int64, len(rows)*length), Lengths: make([]int64, len(rows))}
	for k, i := range index {
		if len(rows[i]) == 0 {
			b.Tokens[k*length] = UnknownID
		}
		copy(b.Tokens[k*length:], rows[i])
		b.Lengths[k] = int64(max(1, len(rows[i])))
		if ngrams != nil {
			b.addNGrams(append(b.NGrams, ngrams[i]...))
		}
	}
	return b
}

// Twice returns a batch in which every example stands twice, one beside the other.
func (b Batch) Twice() Batch {
	both := Batch{
		Index: twice(b.Index, 1), Length: b.Length,
		Tokens: twice(b.Tokens, b.Length), Lengths: twice(b.Lengths, 1), Labels: twice(b.Labels, len(b.Labels)/b.Size()),
	}
	if b.NGramBounds != nil {
		for k, from := range b.NGramBounds[:b.Size()] {
			for range 2 {
				both.addNGrams(append(both.NGrams, b.NGrams[from:b.NGramBounds[k+1]]...))
			}
		}
	}
	return both
}

// addNGrams takes rows that end with those of the next example.
func (b *Batch) addNGrams(rows []int64) {
	if b.NGramBounds == nil {
		b.NGramBounds = []int64{0}
	}
	b.NGrams, b.NGramBounds = rows, append(b.NGramBounds, int64(len(rows)))
}

// twice repeats each row of so many values.
func twice[T any](values []T, row int) []T {
	out := make([]T, 0, 2*len(values))
	for r := range slices.Chunk(values, max(1, row)) {
		out = append(append(out, r...), r...)
	}
	return out
}

// newBatch joins the examples at index, the longest first and equally long
// ones as they come.
func newBatch(examples *Examples, index []uint32) Batch {
	index = byLength(examples, index)
	length := examples.Length(int(index[0]))
	b := Batch{
		Index:   make([]int, len(index)),
		Length:  length,
		Tokens:  make([]int64, len(index)*length), // all PaddingID
		Lengths: make([]int64, len(index)),
		Labels:  make([]int64, 0, len(index)*len(examples.Labels(int(index[0])))),
	}
	for row, i := range index {
		b.Index[row] = int(i)
		b.Lengths[row] = int64(examples.Length(int(i)))
		examples.Tokens(b.Tokens[row*length:], int(i))
		for _, label := range examples.Labels(int(i)) {
			b.Labels = append(b.Labels, int64(label))
		}
		if examples.ngrams.On() {
			b.addNGrams(examples.appendNGrams(b.NGrams, int(i)))
		}
	}
	return b
}

// byLength returns the positions sorted by the length of their examples,
// stably, the longest first. It counts lengths, of which there are few.
func byLength(examples *Examples, index []uint32) []uint32 {
	lengths := make([]uint32, len(index))
	longest := 0
	for i, at := range index {
		n := examples.Length(int(at))
		lengths[i], longest = uint32(n), max(longest, n)
	}
	next := make([]uint32, longest+1) // per length, where the next of it goes
	for _, n := range lengths {
		next[n]++
	}
	before := uint32(0)
	for n := longest; n >= 0; n-- {
		next[n], before = before, before+next[n]
	}
	sorted := make([]uint32, len(index))
	for i, at := range index {
		n := lengths[i]
		sorted[next[n]] = at
		next[n]++
	}
	return sorted
}
