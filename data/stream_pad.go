package data

// Pad returns the batch of sentences [B] of at least one token each, the longest
// first. It has no labels.
func Pad(sentences [][]int64) Batch {
	length := len(sentences[0])
	b := Batch{
		Index:   make([]int, len(sentences)),
		Length:  length,
		Tokens:  make([]int64, len(sentences)*length), // all PaddingID
		Lengths: make([]int64, len(sentences)),
	}
	for row, tokens := range sentences {
		b.Index[row] = row
		b.Lengths[row] = int64(copy(b.Tokens[row*length:], tokens))
	}
	return b
}
