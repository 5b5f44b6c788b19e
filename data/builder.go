package data

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/maphash"
	"io"
	"slices"

	"absa/internal/mapped"
)

// builder joins parts, in their order, to an image. Words go to the writer at
// once; the rest, about 70 bytes for a sentence besides its id, stays in memory
// until finish.
type builder struct {
	name  string // of the file, for errors
	w     io.Writer
	crc   uint32
	seed  maphash.Seed // of ids
	image image
	lines []uint32 // where each sentence began
	byID  positionsByHash
	texts keyNumbers // the group of each text

	spelled map[string]uint32     // the number of a word
	numbers map[*lexicon][]uint32 // of a worker's words: 1 + the number here, 0 is not known yet
	content hash.Hash
	buffer  []byte
	words   []uint32 // of a part, in numbers of here
}

// newBuilder writes a placeholder for the header: finish returns the real one,
// which belongs at offset 0.
func newBuilder(name string, w io.Writer) (*builder, error) {
	if _, err := w.Write(make([]byte, headerSize)); err != nil {
		return nil, err
	}
	return &builder{name: name, w: w, seed: maphash.MakeSeed(),
		byID: newPositionsByHash(), texts: newKeyNumbers(),
		spelled: map[string]uint32{}, numbers: map[*lexicon][]uint32{}, content: sha256.New()}, nil
}

func (b *builder) count() int { return len(b.lines) }

func (b *builder) find(id []byte, hash uint64) (at uint32, ok bool) {
	return b.byID.find(hash, func(i uint32) bool { return bytes.Equal(b.id(i), id) })
}

func (b *builder) id(i uint32) []byte { return between(b.image.ids, b.image.idEnds, int(i)) }

// add appends the sentences of a part, whose first line is that of the file
// after before others.
func (b *builder) add(p *part, before int) error {
	if err := b.addWords(p); err != nil {
		return err
	}
	if b.count()+len(p.lines) > maxSentences {
		return fmt.Errorf("%s: more than %d sentences", b.name, maxSentences)
	}
	first := uint32(b.count())
	var idFrom, contentFrom uint32
	for i, line := range p.lines {
		id := p.ids[idFrom:p.idEnds[i]]
		if len(id) == 0 {
			id = []byte(numbered(b.count()))
		}
		at := before + int(line)
		hash := maphash.Bytes(b.seed, id)
		if other, ok := b.find(id, hash); ok {
			return &LineError{b.name, at, idTaken(string(id), int(b.lines[other]))}
		}
		b.lines = append(b.lines, uint32(at))
		b.image.ids = append(b.image.ids, id...)
		b.image.idEnds = append(b.image.idEnds, uint64(len(b.image.ids)))
		b.byID.add(hash, uint32(b.count()-1))
		b.image.folded = append(b.image.folded, p.folded[i])
		b.image.groups = append(b.image.groups, b.texts.number(p.texts[i]))
		b.buffer = append(appendJSON(append(b.buffer, '['), id), p.content[contentFrom:p.contentEnds[i]]...)
		idFrom, contentFrom = p.idEnds[i], p.contentEnds[i]
	}
	b.content.Write(b.buffer)
	b.buffer = b.buffer[:0]
	b.image.labels = append(b.image.labels, p.labels...)
	for _, at := range p.merged {
		b.image.merged = append(b.image.merged, first+at)
	}
	for _, at := range p.dropped {
		b.image.dropped = append(b.image.dropped, first+at)
	}
	return nil
}

// expect makes room for so many times as much as there is, and a little more:
// arrays that grow by and by are copied again and again.
func (b *builder) expect(times float64) {
	more := func(n int) int { return max(0, int(1.03*times*float64(n))-n) }
	n := more(b.count())
	m := &b.image
	b.lines = slices.Grow(b.lines, n)
	m.ends, m.idEnds, m.groups = slices.Grow(m.ends, n), slices.Grow(m.idEnds, n), slices.Grow(m.groups, n)
	m.folded = slices.Grow(m.folded, n)
	m.labels, m.ids = slices.Grow(m.labels, more(len(m.labels))), slices.Grow(m.ids, more(len(m.ids)))
	b.byID.grow(b.count() + n)
	b.texts.slots.grow(b.count() + n)
	b.texts.keys = slices.Grow(b.texts.keys, n)
}

// addWords writes the words of a part.
func (b *builder) addWords(p *part) error {
	numbers := b.numbers[p.lexicon]
	for range len(p.known) - len(numbers) {
		numbers = append(numbers, 0)
	}
	b.numbers[p.lexicon] = numbers
	b.words = b.words[:0]
	for _, k := range p.words {
		if numbers[k] == 0 {
			numbers[k] = 1 + b.number(p.known[k])
		}
		b.words = append(b.words, numbers[k]-1)
	}
	for _, end := range p.ends {
		b.image.ends = append(b.image.ends, b.image.header.tokens+uint64(end))
	}
	b.image.header.tokens += uint64(len(b.words))
	return b.write(mapped.Bytes(b.words))
}

// number returns the number of a word.
func (b *builder) number(word string) uint32 {
	n, ok := b.spelled[word]
	if !ok {
		n = uint32(len(b.spelled))
		b.spelled[word] = n
		b.image.spellings = append(b.image.spellings, word...)
		b.image.spellEnds = append(b.image.spellEnds, uint64(len(b.image.spellings)))
	}
	return n
}

// finish writes what follows the words and returns the encoded header.
func (b *builder) finish(key [32]byte, source []byte, schema Schema) ([]byte, error) {
	if b.count() == 0 {
		return nil, fmt.Errorf("%s: no <sentence> in it", b.name)
	}
	m := &b.image
	m.header.key = key
	m.header.source = [32]byte(source)
	m.header.content = [32]byte(b.content.Sum(nil))
	m.header.sentences, m.header.aspects = uint64(b.count()), uint64(len(schema.Aspects))
	m.header.kinds = uint64(len(b.spelled))
	m.header.merged, m.header.dropped = uint64(len(m.merged)), uint64(len(m.dropped))
	m.header.ids, m.header.spellings = uint64(len(m.ids)), uint64(len(m.spellings))
	if err := b.write(make([]byte, padding(4*m.header.tokens))); err != nil {
		return nil, err
	}
	for _, section := range [][]byte{mapped.Bytes(m.ends), mapped.Bytes(m.idEnds), mapped.Bytes(m.spellEnds),
		mapped.Bytes(m.folded), mapped.Bytes(m.groups), mapped.Bytes(m.merged), mapped.Bytes(m.dropped), mapped.Bytes(m.labels), m.ids, m.spellings} {
		if err := errors.Join(b.write(section), b.write(make([]byte, padding(uint64(len(section)))))); err != nil {
			return nil, err
		}
	}
	m.header.body = b.crc
	return m.header.encode(), nil
}

// write appends to the image and to its checksum.
func (b *builder) write(p []byte) error {
	b.crc = crc32.Update(b.crc, mapped.Castagnoli(), p)
	_, err := b.w.Write(p)
	return err
}

// positionsByHash finds positions in an array by the hash of what is there, by
// open addressing.
type positionsByHash struct {
	slots []hashedPosition
	count int
}

// hashedPosition has the low half of the hash, which decides the slot too, so that
// a look elsewhere is worth it and growing needs none. 0 is free.
type hashedPosition struct{ hash, next uint32 } // next is the position + 1

func newPositionsByHash() positionsByHash {
	return positionsByHash{slots: make([]hashedPosition, 1024)}
}

func (x *positionsByHash) find(hash uint64, same func(uint32) bool) (at uint32, ok bool) {
	mask := len(x.slots) - 1
	for s := int(uint32(hash)) & mask; ; s = (s + 1) & mask {
		switch slot := x.slots[s]; {
		case slot.next == 0:
			return 0, false
		case slot.hash == uint32(hash) && same(slot.next-1):
			return slot.next - 1, true
		}
	}
}

// add enters a position that is not there yet.
func (x *positionsByHash) add(hash uint64, at uint32) {
	x.count++
	x.grow(x.count)
	x.put(hashedPosition{uint32(hash), at + 1})
}

// grow makes room for so many positions.
func (x *positionsByHash) grow(count int) {
	if 3*count <= 2*len(x.slots) {
		return
	}
	old, size := x.slots, len(x.slots)
	for 3*count > 2*size {
		size *= 2
	}
	x.slots = make([]hashedPosition, size)
	for _, slot := range old {
		if slot.next != 0 {
			x.put(slot)
		}
	}
}

func (x *positionsByHash) put(slot hashedPosition) {
	mask := len(x.slots) - 1
	s := int(slot.hash) & mask
	for x.slots[s].next != 0 {
		s = (s + 1) & mask
	}
	x.slots[s] = slot
}

// keyNumbers numbers keys from 0 as they come.
type keyNumbers struct {
	keys  []textKey
	slots positionsByHash
}

func newKeyNumbers() keyNumbers { return keyNumbers{slots: newPositionsByHash()} }

// number returns the number of a key: len(keys) before the call if it is new.
func (k *keyNumbers) number(key textKey) uint32 {
	n, ok := k.slots.find(key.first, func(n uint32) bool { return k.keys[n] == key })
	if !ok {
		n = uint32(len(k.keys))
		k.keys = append(k.keys, key)
		k.slots.add(key.first, n)
	}
	return n
}
