package vectors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"absa/internal/mapped"
)

// builder turns the entries of a source into an image. Rows go to the writer
// at once; only the words and their index stay in memory until finish.
type builder struct {
	w   io.Writer
	crc uint32

	dimension  int
	offsets    []uint64
	text       []byte
	slots      []uint32
	duplicates int

	sum     []float64 // per dimension
	squares float64
	row     []byte
}

// newBuilder writes a placeholder for the header: finish returns the real one,
// which belongs at offset 0.
func newBuilder(w io.Writer) (*builder, error) {
	if _, err := w.Write(make([]byte, headerSize)); err != nil {
		return nil, err
	}
	return &builder{w: w, offsets: []uint64{0}, slots: make([]uint32, 1024)}, nil
}

func (b *builder) count() int { return len(b.offsets) - 1 }

// add appends a word and its row [D]. The first of several entries for one
// word wins; the others are counted. All rows must be equally long.
func (b *builder) add(word []byte, row []float32) error {
	if b.count() == 0 {
		b.dimension = len(row)
		b.sum = make([]float64, len(row))
	}
	switch {
	case len(word) == 0:
		return fmt.Errorf("an entry without a word")
	case len(row) < minDimension || len(row) > maxDimension:
		return fmt.Errorf("dimension %d, want %d to %d", len(row), minDimension, maxDimension)
	case len(row) != b.dimension:
		return fmt.Errorf("dimension %d, want %d as in the entries before", len(row), b.dimension)
	case b.count() == maxWords:
		return fmt.Errorf("more than %d words", maxWords)
	}
	if !b.claim(word) {
		b.duplicates++
		return nil
	}
	b.text = append(b.text, word...)
	b.offsets = append(b.offsets, uint64(len(b.text)))
	b.row = b.row[:0]
	for i, v := range row {
		b.sum[i] += float64(v)
		b.squares += float64(v) * float64(v)
		b.row = binary.NativeEndian.AppendUint32(b.row, math.Float32bits(v))
	}
	return b.write(b.row)
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

// finish writes what follows the rows and returns the encoded header.
func (b *builder) finish(fingerprint [32]byte, format Format) ([]byte, error) {
	values := float64(b.count() * b.dimension)
	total := 0.0
	b.row = b.row[:0]
	for _, s := range b.sum {
		total += s
		b.row = binary.NativeEndian.AppendUint32(b.row, math.Float32bits(float32(s/float64(b.count()))))
	}
	variance := b.squares/values - (total/values)*(total/values)
	h := header{
		fingerprint: fingerprint,
		count:       uint64(b.count()),
		dimension:   uint64(b.dimension),
		text:        uint64(len(b.text)),
		slots:       uint64(len(b.slots)),
		duplicates:  uint64(b.duplicates),
		std:         math.Sqrt(max(variance, 0)),
		format:      uint32(format),
	}
	b.row = append(b.row, make([]byte, h.padding())...)
	for _, section := range [][]byte{b.row, mapped.Bytes(b.offsets), mapped.Bytes(b.slots), b.text} {
		if err := b.write(section); err != nil {
			return nil, err
		}
	}
	h.body = b.crc
	return h.encode(), nil
}

// write appends to the image and to its checksum.
func (b *builder) write(p []byte) error {
	b.crc = crc32.Update(b.crc, mapped.Castagnoli(), p)
	_, err := b.w.Write(p)
	return err
}
