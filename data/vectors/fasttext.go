package vectors

import "encoding/binary"

// fastTextMagic are the first four bytes of fastText's models, as a number.
const fastTextMagic = 793712314

// fastTextHead is how a model of fastText begins: how it was trained (Args),
// then the counts of its dictionary.
type fastTextHead struct {
	Magic, Version                                          int32
	Dimension, Window, Epochs, MinCount, Negatives, Phrases int32
	Loss, Model, Buckets, Shortest, Longest, Rate           int32
	Sampling                                                float64
	Entries, Words, Labels                                  int32
	Tokens, Pruned                                          int64
}

const (
	fastTextSupervised = 3 // fastTextHead.Model
	fastTextNotPruned  = -1
)

// isFastText looks at the first bytes of a file.
func isFastText(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head) == fastTextMagic
}

// readFastText reads a model of fastText (.bin, versions 11 and 12) up to its
// input matrix: the rows of its words, then those that its subwords share. The
// image keeps them as they are, so nothing but the words is held in memory, and
// a word's vector is made of its rows when it is looked up. Words are bytes, as
// fastText takes them; labels of a supervised model are passed over.
func readFastText(r *binaryReader, b *builder) error {
	var h fastTextHead
	if err := r.values(&h, "its settings"); err != nil {
		return err
	}
	if h.Version == 11 && h.Model == fastTextSupervised {
		h.Longest = 0 // such models were trained without, whatever they say
	}
	switch {
	case h.Version != 11 && h.Version != 12:
		return r.fault(4, "version %d of fastText's models, want 11 or 12: %w", h.Version, ErrFormat)
	case h.Dimension < minDimension || h.Dimension > maxDimension:
		return r.fault(8, "dimension %d, want %d to %d", h.Dimension, minDimension, maxDimension)
	case h.Buckets < 0 || h.Shortest < 0 || h.Longest < 0 || h.Longest > maxSubword:
		return r.fault(40, "%d buckets for subwords of %d to %d characters, want none below 0 and at most %d characters", h.Buckets, h.Shortest, h.Longest, maxSubword)
	case h.Words < 1 || h.Labels < 0 || int64(h.Entries) != int64(h.Words)+int64(h.Labels):
		return r.fault(64, "a dictionary of %d entries, %d words and %d labels", h.Entries, h.Words, h.Labels)
	case h.Pruned != fastTextNotPruned:
		return r.quantised()
	}
	if err := readDictionary(r, b, h); err != nil {
		return err
	}
	var matrix struct {
		Quantised     bool
		Rows, Columns int64
	}
	from := r.at
	if err := r.values(&matrix, "its matrix"); err != nil {
		return err
	}
	switch want := int64(h.Words) + int64(h.Buckets); {
	case matrix.Quantised:
		return r.quantised()
	case matrix.Rows != want || matrix.Columns != int64(h.Dimension):
		return r.fault(from, "a matrix [%d, %d], want [%d, %d] by its dictionary and settings", matrix.Rows, matrix.Columns, want, h.Dimension)
	}
	for range h.Words {
		if err := r.pass(int(h.Dimension), b.addRow); err != nil {
			return err
		}
	}
	if h.Longest == 0 || h.Shortest > h.Longest {
		return nil // the buckets, if any, are not of subwords
	}
	if h.Buckets == 0 {
		return r.fault(40, "subwords of %d to %d characters, but no buckets for them", h.Shortest, h.Longest)
	}
	b.subwords = subwords{int(h.Shortest), int(h.Longest), int(h.Buckets)}
	for range h.Buckets {
		if err := r.pass(int(h.Dimension), b.addBucket); err != nil {
			return err
		}
	}
	return nil
}

// readDictionary enters the words. An entry is the text, a zero byte, how often
// it was there (8 bytes) and whether it is a label (a byte); the words come
// first.
func readDictionary(r *binaryReader, b *builder, h fastTextHead) error {
	for i := range h.Entries {
		from := r.at
		text, err := r.until(0, "the dictionary")
		if err != nil {
			return err
		}
		fresh := true
		if i < h.Words {
			if fresh, err = b.enter(text); err != nil {
				return r.fault(from, "entry %d of the dictionary: %w", i+1, err)
			}
		}
		if !fresh {
			return r.fault(from, "entry %d of the dictionary, %.40q, stands twice", i+1, text)
		}
		rest, err := r.bytes(9, "the dictionary")
		if err != nil {
			return err
		}
		if label := rest[8] == 1; label != (i >= h.Words) || rest[8] > 1 {
			return r.fault(from, "entry %d of the dictionary is of kind %d, with %d words before the labels", i+1, rest[8], h.Words)
		}
	}
	return nil
}

// pass hands a vector on.
func (r *binaryReader) pass(dimension int, to func([]float32) error) error {
	row, err := r.vector(dimension)
	if err != nil {
		return err
	}
	if err := to(row); err != nil {
		return r.fault(r.at, "%w", err)
	}
	return nil
}

func (r *binaryReader) quantised() error {
	return r.fault(r.at, "a quantised model of fastText (.ftz), which holds no whole vectors; name the .bin that it was made from: %w", ErrFormat)
}
