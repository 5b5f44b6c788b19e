package vectors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"absa/internal/mapped"
)

// The image of a table, the content of its cache file, in the byte order of
// the host that wrote it:
//
//	header   headerSize bytes, see header
//	rows     [count, dimension] float32, in the order of the source
//	mean     [dimension] float32, the mean row
//	         padding to 8 bytes
//	offsets  [count+1] uint64: word i is text[offsets[i]:offsets[i+1]]
//	slots    [slots] uint32: open addressing, row+1, 0 is free
//	text     the words, one after the other
const (
	imageMagic   = "absavecs"
	imageOrder   = 0x01020304 // reads differently on a host of the other byte order
	imageVersion = 1
	headerSize   = 128

	minDimension = 2 // a word and one number is a frequency list, not a vector
	maxDimension = 1 << 16
	maxWords     = 1<<31 - 1
)

// header is the first headerSize bytes of an image. The last four are the
// CRC-32C of those before.
type header struct {
	fingerprint [32]byte // of the source, see source.fingerprint
	count       uint64
	dimension   uint64
	text        uint64 // bytes of text
	slots       uint64
	duplicates  uint64
	std         float64
	format      uint32
	body        uint32 // CRC-32C of all that follows the header
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	e := binary.NativeEndian
	b = append(b, imageMagic...)
	b = e.AppendUint32(b, imageOrder)
	b = e.AppendUint32(b, imageVersion)
	b = append(b, h.fingerprint[:]...)
	for _, v := range []uint64{h.count, h.dimension, h.text, h.slots, h.duplicates, math.Float64bits(h.std)} {
		b = e.AppendUint64(b, v)
	}
	b = e.AppendUint32(b, h.format)
	b = e.AppendUint32(b, h.body)
	b = append(b, make([]byte, headerSize-4-len(b))...)
	return e.AppendUint32(b, crc32.Checksum(b, mapped.Castagnoli()))
}

func decodeHeader(b []byte) (header, error) {
	var h header
	e := binary.NativeEndian
	switch {
	case len(b) < headerSize:
		return h, fmt.Errorf("%d bytes, too short for a header", len(b))
	case string(b[:8]) != imageMagic:
		return h, errors.New("not a cache of word vectors")
	case e.Uint32(b[8:]) != imageOrder:
		return h, errors.New("written on a host of another byte order")
	case e.Uint32(b[12:]) != imageVersion:
		return h, fmt.Errorf("format version %d, this program writes %d", e.Uint32(b[12:]), imageVersion)
	case e.Uint32(b[headerSize-4:]) != crc32.Checksum(b[:headerSize-4], mapped.Castagnoli()):
		return h, errors.New("checksum of the header differs")
	}
	copy(h.fingerprint[:], b[16:48])
	h.count, h.dimension = e.Uint64(b[48:]), e.Uint64(b[56:])
	h.text, h.slots = e.Uint64(b[64:]), e.Uint64(b[72:])
	h.duplicates = e.Uint64(b[80:])
	h.std = math.Float64frombits(e.Uint64(b[88:]))
	h.format, h.body = e.Uint32(b[96:]), e.Uint32(b[100:])
	return h, nil
}

// check refuses a header whose sections could overflow or could never be
// searched, whatever its checksum says.
func (h header) check() error {
	switch {
	case h.count == 0 || h.count > maxWords:
		return fmt.Errorf("%d words", h.count)
	case h.dimension < minDimension || h.dimension > maxDimension:
		return fmt.Errorf("dimension %d", h.dimension)
	case h.slots <= h.count || h.slots > 4*maxWords || h.slots&(h.slots-1) != 0:
		return fmt.Errorf("%d slots for %d words", h.slots, h.count)
	case h.text > math.MaxInt64/4:
		return fmt.Errorf("%d bytes of text", h.text)
	case math.IsNaN(h.std) || math.IsInf(h.std, 0) || h.std < 0:
		return fmt.Errorf("standard deviation %v", h.std)
	case h.duplicates > math.MaxInt64:
		return fmt.Errorf("%d duplicates", h.duplicates)
	}
	return nil
}

// padding is the number of bytes between mean and offsets.
func (h header) padding() uint64 { return (h.count + 1) * h.dimension % 2 * 4 }

// image gives typed views of a table's bytes. The zero image has no words.
type image struct {
	count, dimension int
	header           header
	rows             []float32
	mean             []float32
	offsets          []uint64
	slots            []uint32
	text             []byte
}

// parseImage checks b and lays the views over it. b must start at a multiple
// of 8 bytes and stay unchanged as long as the image is used.
func parseImage(b []byte) (image, error) {
	h, err := decodeHeader(b)
	if err != nil {
		return image{}, err
	}
	if err := h.check(); err != nil {
		return image{}, fmt.Errorf("impossible header: %w", err)
	}
	sizes := []uint64{h.count * h.dimension * 4, h.dimension * 4, h.padding(), (h.count + 1) * 8, h.slots * 4, h.text}
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
	if crc32.Checksum(b[headerSize:], mapped.Castagnoli()) != h.body {
		return image{}, errors.New("checksum of the content differs")
	}
	at := uint64(headerSize)
	section := make([][]byte, len(sizes))
	for i, n := range sizes {
		section[i], at = b[at:at+n], at+n
	}
	return image{
		count: int(h.count), dimension: int(h.dimension), header: h,
		rows: mapped.View[float32](section[0]), mean: mapped.View[float32](section[1]),
		offsets: mapped.View[uint64](section[3]), slots: mapped.View[uint32](section[4]), text: section[5],
	}, nil
}

// word is the text of row i, nil if the image has no such row or says
// something impossible of it.
func (m *image) word(i int) []byte {
	if i < 0 || i >= m.count {
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
	mask := uint32(len(m.slots) - 1)
	at := hash(word) & mask
	for range m.slots { // bounded, should a damaged index have no free slot
		slot := m.slots[at]
		if slot == 0 {
			return 0, false
		}
		if row := int(slot - 1); string(m.word(row)) == word {
			return row, row < m.count
		}
		at = (at + 1) & mask
	}
	return 0, false
}

// hash is FNV-1a of 64 bits, folded to 32.
func hash[T string | []byte](word T) uint32 {
	h := uint64(14695981039346656037)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 1099511628211
	}
	return uint32(h>>32) ^ uint32(h)
}
