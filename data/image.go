package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"absa/internal/mapped"
)

// The image of a Set, the content of its file, in the byte order of the host
// that wrote it. Each section begins at a multiple of 8 bytes.
//
//	header     headerSize bytes, see header
//	words      [tokens] uint32, sentence after sentence
//	ends       [sentences] uint64: where each sentence's words end
//	idEnds     [sentences] uint64: where its id ends
//	spellEnds  [kinds] uint64: where the spelling of a word ends
//	folded     [sentences] uint64: hash of each text, letter case, punctuation and
//	           white space aside
//	groups     [sentences] uint32: equal for sentences of one text, letter case
//	           and white space aside; numbered as they come
//	merged     [merged] uint32: positions of sentences
//	dropped    [dropped] uint32
//	labels     [sentences, aspects] int8
//	ids        the ids, one after the other
//	spellings  the words, one after the other
const (
	imageMagic   = "absacorp"
	imageOrder   = 0x01020304 // reads differently on a host of the other byte order
	imageVersion = 3
	headerSize   = 256
	maxSentences = math.MaxUint32 - 1
)

// header is the first headerSize bytes of an image. The last four are the
// CRC-32C of those before.
type header struct {
	key       [32]byte // of the source and of how it was read
	source    [32]byte // SHA-256 of the source
	content   [32]byte // SHA-256 of ids, texts and labels
	sentences uint64
	aspects   uint64
	tokens    uint64
	kinds     uint64
	merged    uint64
	dropped   uint64
	ids       uint64 // bytes
	spellings uint64 // bytes
	body      uint32 // CRC-32C of all that follows the header
}

// counts are the numbers of a header in their order.
func (h *header) counts() []*uint64 {
	return []*uint64{&h.sentences, &h.aspects, &h.tokens, &h.kinds, &h.merged, &h.dropped, &h.ids, &h.spellings}
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	e := binary.NativeEndian
	b = append(b, imageMagic...)
	b = e.AppendUint32(b, imageOrder)
	b = e.AppendUint32(b, imageVersion)
	for _, sum := range [][32]byte{h.key, h.source, h.content} {
		b = append(b, sum[:]...)
	}
	for _, n := range h.counts() {
		b = e.AppendUint64(b, *n)
	}
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
		return h, errors.New("not a converted corpus")
	case e.Uint32(b[8:]) != imageOrder:
		return h, errors.New("written on a host of another byte order")
	case e.Uint32(b[12:]) != imageVersion:
		return h, fmt.Errorf("format version %d, this program writes %d", e.Uint32(b[12:]), imageVersion)
	case e.Uint32(b[headerSize-4:]) != crc32.Checksum(b[:headerSize-4], mapped.Castagnoli()):
		return h, errors.New("checksum of the header differs")
	}
	b = b[16:]
	for _, sum := range []*[32]byte{&h.key, &h.source, &h.content} {
		b = b[copy(sum[:], b):]
	}
	for _, n := range h.counts() {
		*n, b = e.Uint64(b), b[8:]
	}
	h.body = e.Uint32(b)
	return h, nil
}

// sizes are the bytes of the sections, without what aligns them.
func (h header) sizes() []uint64 {
	return []uint64{4 * h.tokens, 8 * h.sentences, 8 * h.sentences, 8 * h.kinds, 8 * h.sentences, 4 * h.sentences, 4 * h.merged, 4 * h.dropped,
		h.sentences * h.aspects, h.ids, h.spellings}
}

// check refuses a header whose sections could overflow.
func (h header) check() error {
	for _, n := range h.counts() {
		if *n > math.MaxUint64>>16 {
			return fmt.Errorf("a count of %d", *n)
		}
	}
	if h.sentences == 0 || h.sentences > maxSentences || h.aspects == 0 || h.aspects > 1<<16 || h.kinds > math.MaxUint32 {
		return fmt.Errorf("%d sentences, %d aspects, %d words", h.sentences, h.aspects, h.kinds)
	}
	return nil
}

// padding is how many bytes bring n to a multiple of 8.
func padding(n uint64) uint64 { return -n % 8 }

// image gives typed views of a set's bytes.
type image struct {
	header                  header
	words                   []uint32
	ends, idEnds, spellEnds []uint64
	folded                  []uint64
	groups, merged, dropped []uint32
	labels                  []int8
	ids, spellings          []byte
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
	want := uint64(headerSize)
	for _, n := range h.sizes() {
		want += n + padding(n)
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
	var s [][]byte
	for _, n := range h.sizes() {
		s = append(s, b[at:at+n:at+n])
		at += n + padding(n)
	}
	return image{
		header: h,
		words:  mapped.View[uint32](s[0]),
		ends:   mapped.View[uint64](s[1]), idEnds: mapped.View[uint64](s[2]), spellEnds: mapped.View[uint64](s[3]),
		folded: mapped.View[uint64](s[4]),
		groups: mapped.View[uint32](s[5]), merged: mapped.View[uint32](s[6]), dropped: mapped.View[uint32](s[7]),
		labels: mapped.View[int8](s[8]),
		ids:    s[9], spellings: s[10],
	}, nil
}
