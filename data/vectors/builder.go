package vectors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"absa/internal/mapped"
)

// builder turns the entries of a source into an image. Rows go to the writer
// at once; only the words, or their keys, and the index stay in memory until
// finish. A source has
//
//   - words, each followed by its row: add;
//   - or first all words, then their rows, then those that their subwords
//     share: enter, addRow, addBucket;
//   - or rows, then the keys of words that name them: addRow, setKeys.
type builder struct {
	w io.Writer

	dimension  int
	rows       int // written, buckets included
	offsets    []uint64
	text       []byte
	slots      []uint32
	duplicates int

	keys     []uint64 // ascending
	keyRows  []uint32 // of each key
	lower    bool     // keys are of words in lower case
	subwords subwords

	sum     []float64 // per dimension, buckets left out
	squares float64
	raw     []byte
}

// newBuilder writes a placeholder for the header: finish returns the real one,
// which belongs at offset 0.
func newBuilder(w io.Writer) (*builder, error) {
	if _, err := w.Write(make([]byte, headerSize)); err != nil {
		return nil, err
	}
	return &builder{w: w, offsets: []uint64{0}, slots: make([]uint32, 1024)}, nil
}

// count is the number of words.
func (b *builder) count() int { return len(b.offsets) - 1 }

// add appends a word and its row [D]. The first of several entries for one
// word wins; the others are counted.
func (b *builder) add(word []byte, row []float32) error {
	if err := b.fits(row); err != nil {
		return err
	}
	fresh, err := b.enter(word)
	if err != nil {
		return err
	}
	if !fresh {
		b.duplicates++
		return nil
	}
	return b.addRow(row)
}

// enter appends a word, unless it is there.
func (b *builder) enter(word []byte) (fresh bool, err error) {
	switch {
	case len(word) == 0:
		return false, fmt.Errorf("an entry without a word")
	case b.count() == maxWords:
		return false, fmt.Errorf("more than %d words", maxWords)
	}
	if !b.claim(word) {
		return false, nil
	}
	b.text = append(b.text, word...)
	b.offsets = append(b.offsets, uint64(len(b.text)))
	return true, nil
}

// fits holds that all rows are equally long.
func (b *builder) fits(row []float32) error {
	switch {
	case len(row) < minDimension || len(row) > maxDimension:
		return fmt.Errorf("dimension %d, want %d to %d", len(row), minDimension, maxDimension)
	case b.rows > 0 && len(row) != b.dimension:
		return fmt.Errorf("dimension %d, want %d as in the entries before", len(row), b.dimension)
	}
	return nil
}

// addRow appends the row [D] of a word, or of the keys that will name it.
func (b *builder) addRow(row []float32) error {
	if b.rows == 0 {
		b.sum = make([]float64, len(row))
	}
	if err := b.addBucket(row); err != nil {
		return err
	}
	for i, v := range row {
		b.sum[i] += float64(v)
		b.squares += float64(v) * float64(v)
	}
	return nil
}

// addBucket appends a row [D] that subwords share.
func (b *builder) addBucket(row []float32) error {
	if err := b.fits(row); err != nil {
		return err
	}
	b.dimension = len(row)
	b.rows++
	b.raw = b.raw[:0]
	for _, v := range row {
		b.raw = binary.NativeEndian.AppendUint32(b.raw, math.Float32bits(v))
	}
	_, err := b.w.Write(b.raw)
	return err
}

// keyRow says which row the word of a key has.
type keyRow struct {
	key uint64
	row uint32
}

// setKeys says which rows the words of some keys have, and sorts all.
func (b *builder) setKeys(all []keyRow, lower bool) error {
	slices.SortFunc(all, func(x, y keyRow) int { return cmp.Compare(x.key, y.key) })
	b.lower = lower
	b.keys, b.keyRows = make([]uint64, len(all)), make([]uint32, len(all))
	for i, k := range all {
		if i > 0 && k.key == b.keys[i-1] {
			return fmt.Errorf("key %d stands twice", k.key)
		}
		b.keys[i], b.keyRows[i] = k.key, k.row
	}
	return nil
}

// claim enters the word as the next row of the index, unless it is there.
func (b *builder) claim(word []byte) bool {
	if 2*(b.count()+1) > len(b.slots) {
		b.grow()
	}
	mask := uint32(len(b.slots) - 1)
	at := hash(word) & mask
	for ; b.slots[at] != 0; at = (at + 1) & mask {
		if row := b.slots[at] - 1; bytes.Equal(b.text[b.offsets[row]:b.offsets[row+1]], word) {
			return false
		}
	}
	b.slots[at] = uint32(b.count()) + 1
	return true
}

// grow doubles the index.
func (b *builder) grow() {
	slots := make([]uint32, 2*len(b.slots))
	mask := uint32(len(slots) - 1)
	for row := range b.count() {
		at := hash(b.text[b.offsets[row]:b.offsets[row+1]]) & mask
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = uint32(row) + 1
	}
	b.slots = slots
}

// finish writes what follows the rows and returns the header, whose checksum of
// the content is not known yet.
func (b *builder) finish(fingerprint [32]byte, format Format) (header, error) {
	mean, std := moments(b.sum, b.squares, b.rows-b.subwords.buckets)
	h := header{
		fingerprint: fingerprint,
		words:       uint64(b.count()),
		dimension:   uint64(b.dimension),
		text:        uint64(len(b.text)),
		slots:       uint64(len(b.slots)),
		duplicates:  uint64(b.duplicates),
		std:         std,
		rows:        uint64(b.rows),
		keys:        uint64(len(b.keys)),
		subwords:    b.subwords,
		lower:       b.lower,
		format:      uint32(format),
	}
	for _, section := range [][]byte{mapped.Bytes(mean), make([]byte, h.padding()), mapped.Bytes(b.keys), mapped.Bytes(b.offsets), mapped.Bytes(b.slots), mapped.Bytes(b.keyRows), b.text} {
		if _, err := b.w.Write(section); err != nil {
			return header{}, err
		}
	}
	return h, nil
}

// moments is the mean [D] of n vectors and the standard deviation of all their
// values, by their sum [D] and that of the squares of all values.
func moments(sum []float64, squares float64, n int) (mean []float32, std float64) {
	mean = make([]float32, len(sum))
	total := 0.0
	for i, s := range sum {
		total += s
		mean[i] = float32(s / float64(n))
	}
	values := float64(n) * float64(len(sum))
	variance := squares/values - (total/values)*(total/values)
	return mean, math.Sqrt(max(variance, 0))
}
