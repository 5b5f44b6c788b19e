package vectors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"absa/internal/mapped"
)

// The image of a table, the content of its cache file, in the byte order of
// the host that wrote it. A table has either words or keys:
//
//	header   headerSize bytes, see header
//	rows     [rows, dimension] float32, in the order of the source: those of
//	         the words, then those of the buckets of their subwords
//	mean     [dimension] float32, the mean vector of the words
//	         padding to 8 bytes
//	keys     [keys] uint64, ascending: hashes of words, see spacyKey
//	offsets  [words+1] uint64: word i is text[offsets[i]:offsets[i+1]]
//	slots    [slots] uint32: open addressing, word+1, 0 is free
//	keyRows  [keys] uint32: the row of each key; several may share one
//	text     the words, one after the other
const (
	imageMagic   = "absavecs"
	imageOrder   = 0x01020304 // reads differently on a host of the other byte order
	imageVersion = 3
	headerSize   = 144

	minDimension = 2 // a word and one number is a frequency list, not a vector
	maxDimension = 1 << 16
	maxWords     = 1<<31 - 1
)

// image gives typed views of a table's bytes. The zero image has no words.
type image struct {
	header    header
	dimension int
	rows      []float32
	mean      []float32
	keys      []uint64
	offsets   []uint64
	slots     []uint32
	keyRows   []uint32
	text      []byte
	symbols   map[string]uint64 // of a table with keys
}

// parseImage lays views over b, after a look at its header alone. b must start at
// a multiple of 8 bytes and stay unchanged as long as the image is used.
func parseImage(b []byte) (image, error) {
	h, err := decodeHeader(b)
	if err != nil {
		return image{}, err
	}
	if err := h.check(); err != nil {
		return image{}, fmt.Errorf("impossible header: %w", err)
	}
	sizes := []uint64{h.rows * h.dimension * 4, h.dimension * 4, h.padding(), h.keys * 8, (h.words + 1) * 8, h.slots * 4, h.keys * 4, h.text}
	want := uint64(headerSize)
	for _, n := range sizes {
		want += n
	}
	if uint64(len(b)) != want {
		return image{}, fmt.Errorf("%d bytes, the header announces %d", len(b), want)
	}
	if !mapped.Aligned(b) {
		return image{}, errors.New("not aligned to 8 bytes")
	}
	at := uint64(headerSize)
	section := make([][]byte, len(sizes))
	for i, n := range sizes {
		section[i], at = b[at:at+n], at+n
	}
	m := image{
		header: h, dimension: int(h.dimension),
		rows: mapped.View[float32](section[0]), mean: mapped.View[float32](section[1]),
		keys: mapped.View[uint64](section[3]), offsets: mapped.View[uint64](section[4]),
		slots: mapped.View[uint32](section[5]), keyRows: mapped.View[uint32](section[6]), text: section[7],
	}
	if len(m.keys) > 0 {
		m.symbols = spacySymbols()
	}
	return m, nil
}

// count is the number of words that can be found.
func (m *image) count() int { return int(m.header.words + m.header.keys) }

// row is row i [D], which the image has.
func (m *image) row(i int) []float32 {
	d := m.dimension
	return m.rows[i*d : (i+1)*d : (i+1)*d]
}

// word is the text of word i, nil if the image has no such word or says
// something impossible of it.
func (m *image) word(i int) []byte {
	if i < 0 || i >= int(m.header.words) {
		return nil
	}
	from, to := m.offsets[i], m.offsets[i+1]
	if from > to || to > uint64(len(m.text)) {
		return nil
	}
	return m.text[from:to]
}

// find returns the row of a word.
func (m *image) find(word string) (int, bool) {
	if word == "" {
		return 0, false
	}
	if len(m.keys) > 0 {
		at, ok := slices.BinarySearch(m.keys, spacyKey(word, m.header.lower, m.symbols))
		if !ok || uint64(m.keyRows[at]) >= m.header.rows {
			return 0, false
		}
		return int(m.keyRows[at]), true
	}
	mask := uint32(len(m.slots) - 1)
	at := hash(word) & mask
	for range m.slots { // bounded, should a damaged index have no free slot
		slot := m.slots[at]
		if slot == 0 {
			return 0, false
		}
		if row := int(slot - 1); string(m.word(row)) == word {
			return row, row < int(m.header.words)
		}
		at = (at + 1) & mask
	}
	return 0, false
}

// compose writes the vector of a word [D], as fastText's getWordVector makes
// it: the mean of its own row, unless own is negative, and of those of its
// subwords, summed in that order in float32. A word that has neither has none,
// and none that has a sum beyond float32.
func (m *image) compose(sum []float32, word string, own int) bool {
	clear(sum)
	n := 0
	add := func(row int) {
		for i, v := range m.row(row) {
			sum[i] += v
		}
		n++
	}
	if own >= 0 {
		add(own)
	}
	m.header.subwords.each(word, func(bucket int) { add(int(m.header.words) + bucket) })
	if n == 0 {
		return false
	}
	share := float32(1 / float64(n))
	for i := range sum {
		if math.IsNaN(float64(sum[i])) || math.IsInf(float64(sum[i]), 0) {
			return false
		}
		sum[i] *= share
	}
	return true
}

// composed is the mean [D] and the standard deviation of the vectors that the
// words have with their subwords.
func (m *image) composed(ctx context.Context) (mean []float32, std float64, err error) {
	sum, squares, n := make([]float64, m.dimension), 0.0, 0
	v := make([]float32, m.dimension)
	for row := range int(m.header.words) {
		if row%1024 == 0 && ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		if !m.compose(v, string(m.word(row)), row) {
			continue
		}
		for i, x := range v {
			sum[i] += float64(x)
			squares += float64(x) * float64(x)
		}
		n++
	}
	mean, std = moments(sum, squares, max(n, 1))
	return mean, std, nil
}

// hash is FNV-1a of 64 bits, folded to 32.
func hash[T string | []byte](word T) uint32 {
	h := uint64(14695981039346656037)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 1099511628211
	}
	return uint32(h>>32) ^ uint32(h)
}
