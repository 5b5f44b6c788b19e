package vectors

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"absa/internal/mapped"
)

// header is the first headerSize bytes of an image. The last four are the
// CRC-32C of those before.
type header struct {
	fingerprint [32]byte // of the source, see source.fingerprint
	words       uint64
	dimension   uint64
	text        uint64 // bytes of text
	slots       uint64
	duplicates  uint64
	std         float64
	rows        uint64
	keys        uint64
	subwords    subwords
	lower       bool // keys are of words in lower case
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
	for _, v := range []uint64{h.words, h.dimension, h.text, h.slots, h.duplicates, math.Float64bits(h.std), h.rows, h.keys} {
		b = e.AppendUint64(b, v)
	}
	lower := uint32(0)
	if h.lower {
		lower = 1
	}
	for _, v := range []uint32{uint32(h.subwords.shortest), uint32(h.subwords.longest), uint32(h.subwords.buckets), lower, h.format, h.body} {
		b = e.AppendUint32(b, v)
	}
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
	h.words, h.dimension = e.Uint64(b[48:]), e.Uint64(b[56:])
	h.text, h.slots = e.Uint64(b[64:]), e.Uint64(b[72:])
	h.duplicates = e.Uint64(b[80:])
	h.std = math.Float64frombits(e.Uint64(b[88:]))
	h.rows, h.keys = e.Uint64(b[96:]), e.Uint64(b[104:])
	h.subwords = subwords{int(e.Uint32(b[112:])), int(e.Uint32(b[116:])), int(e.Uint32(b[120:]))}
	h.lower = e.Uint32(b[124:]) != 0
	h.format, h.body = e.Uint32(b[128:]), e.Uint32(b[132:])
	return h, nil
}

// check refuses a header whose sections could overflow or could never be
// searched, whatever its checksum says.
func (h header) check() error {
	switch {
	case h.words > maxWords || h.keys > maxWords || (h.words == 0) == (h.keys == 0):
		return fmt.Errorf("%d words, %d keys", h.words, h.keys)
	case h.rows == 0 || h.rows > 2*maxWords || h.words > 0 && h.rows != h.words+uint64(h.subwords.buckets) || h.keys > 0 && h.subwords.buckets > 0:
		return fmt.Errorf("%d rows of %d words and %d buckets", h.rows, h.words, h.subwords.buckets)
	case h.dimension < minDimension || h.dimension > maxDimension:
		return fmt.Errorf("dimension %d", h.dimension)
	case h.subwords.longest > maxSubword:
		return fmt.Errorf("subwords of %d characters", h.subwords.longest)
	case h.slots <= h.words || h.slots > 4*maxWords || h.slots&(h.slots-1) != 0:
		return fmt.Errorf("%d slots for %d words", h.slots, h.words)
	case h.text > math.MaxInt64/4:
		return fmt.Errorf("%d bytes of text", h.text)
	case math.IsNaN(h.std) || math.IsInf(h.std, 0) || h.std < 0:
		return fmt.Errorf("standard deviation %v", h.std)
	case h.duplicates > math.MaxInt64:
		return fmt.Errorf("%d duplicates", h.duplicates)
	}
	return nil
}

// verify compares the content, all that follows the header, with its checksum.
func (h header) verify(ctx context.Context, content io.Reader) error {
	sum, err := checksum(ctx, content)
	if err == nil && sum != h.body {
		err = errors.New("checksum of the content differs")
	}
	return err
}

// checksum is the CRC-32C of content.
func checksum(ctx context.Context, content io.Reader) (uint32, error) {
	sum := crc32.New(mapped.Castagnoli())
	_, err := io.CopyBuffer(sum, interruptible{ctx, content}, make([]byte, readBuffer))
	return sum.Sum32(), err
}

// padding is the number of bytes between mean and keys.
func (h header) padding() uint64 { return (h.rows + 1) * h.dimension % 2 * 4 }
