package data

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"absa/configs"
)

// lexicon numbers the words of texts as they come. What a field of a text
// becomes is remembered, so that a tokenizer sees each field once: most of a
// corpus is the same few thousand of them. It is used by one goroutine.
type lexicon struct {
	cut     cutter
	limit   int // words of a text
	words   []string
	numbers map[string]uint32   // of words
	short   fieldTable          // the words of fields
	long    map[string][]uint32 // and of those that do not fit into it
	kept    int                 // bytes of long
	tokens  []string
}

// maxFields and maxKept, in bytes, bound what is remembered of short and of long
// fields, for a corpus in which fields do not repeat.
const (
	maxFields = 1 << 19
	maxKept   = 32 << 20
)

func newLexicon(cfg configs.Text) (*lexicon, error) {
	cut, err := newCutter(cfg)
	if err != nil {
		return nil, err
	}
	return &lexicon{cut: cut, limit: cfg.MaxTokens, numbers: map[string]uint32{}, short: newFieldTable(), long: map[string][]uint32{}}, nil
}

// append appends the numbers of the words of a text, which is UTF-8.
func (l *lexicon) append(to []uint32, text []byte) []uint32 {
	most := len(to) + l.limit
	for len(text) > 0 && len(to) < most {
		n := 0
		for n < len(text) && !endsField[text[n]] {
			n++
		}
		if n < len(text) && text[n] >= utf8.RuneSelf { // white space beyond ASCII
			for field := range strings.FieldsSeq(string(text)) {
				if to = append(to, l.field([]byte(field))...); len(to) >= most {
					break
				}
			}
			break
		}
		if n > 0 {
			if numbers := l.field(text[:n]); len(numbers) == 1 { // most often
				to = append(to, numbers[0])
			} else {
				to = append(to, numbers...)
			}
		}
		text = text[min(n+1, len(text)):]
	}
	return to[:min(len(to), most)]
}

// field returns the numbers of the words of a field.
func (l *lexicon) field(field []byte) []uint32 {
	key, fits := fieldKeyOf(field)
	if fits {
		if numbers, ok := l.short.find(key); ok {
			return numbers
		}
	} else if numbers, ok := l.long[string(field)]; ok {
		return numbers
	}
	l.tokens = l.cut(l.tokens[:0], string(field))
	numbers := make([]uint32, 0, len(l.tokens))
	for _, word := range l.tokens[:min(len(l.tokens), l.limit)] {
		n, ok := l.numbers[word]
		if !ok {
			n = uint32(len(l.words))
			word = strings.Clone(word)
			l.numbers[word] = n
			l.words = append(l.words, word)
		}
		numbers = append(numbers, n)
	}
	if fits {
		l.short.add(key, numbers)
		return numbers
	}
	const entry = 64 // bytes that the map has of it, about
	size := entry + len(field) + 4*len(numbers)
	if l.kept += size; l.kept > maxKept {
		l.long, l.kept = map[string][]uint32{}, size // clear keeps the room of the map
	}
	l.long[string(field)] = numbers
	return numbers
}

// fieldKey is a field of up to 15 bytes, and their number in the last byte. Fields
// of a struct stay in registers, where elements of an array go through memory.
type fieldKey struct{ low, high uint64 }

func fieldKeyOf(field []byte) (key fieldKey, fits bool) {
	n := len(field)
	if n > 15 {
		return key, false
	}
	var b [16]byte
	if cap(field) >= len(b) { // two loads are faster than copying a few bytes
		b = [16]byte(field[:len(b)])
	} else {
		copy(b[:], field)
	}
	key = fieldKey{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
	if n < 8 {
		key.low &= 1<<(8*n) - 1
		key.high = 0
	} else {
		key.high &= 1<<(8*(n-8)) - 1
	}
	key.high |= uint64(n) << 56
	return key, true
}

// fieldTable maps short fields to numbers by open addressing. A lookup touches
// one line of the cache where a map touches several.
type fieldTable struct {
	slots []fieldSlot
	count int
	more  [][]uint32
}

// fieldSlot is half a line of the cache. Numbers that do not fit into it are in
// more, where the first one says.
type fieldSlot struct {
	key     fieldKey // of no bytes where it is free
	count   uint32   // of the numbers
	numbers [3]uint32
}

func newFieldTable() fieldTable { return fieldTable{slots: make([]fieldSlot, 1<<10)} }

// slot returns that of a key, or the free one where it belongs.
func (t *fieldTable) slot(key fieldKey) *fieldSlot {
	h := (key.low ^ key.high*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	h ^= h >> 32
	for at := h; ; at++ {
		s := &t.slots[at&uint64(len(t.slots)-1)]
		if s.key == key || s.key.high == 0 {
			return s
		}
	}
}

func (t *fieldTable) find(key fieldKey) (numbers []uint32, ok bool) {
	s := t.slot(key)
	if s.count > uint32(len(s.numbers)) {
		return t.more[s.numbers[0]], true
	}
	return s.numbers[:s.count:s.count], s.key == key
}

// add enters a key that is not there.
func (t *fieldTable) add(key fieldKey, numbers []uint32) {
	if t.count++; t.count > maxFields {
		*t = newFieldTable()
		t.count++
	}
	if 2*t.count > len(t.slots) {
		old := t.slots
		t.slots = make([]fieldSlot, 2*len(old))
		for _, s := range old {
			if s.key.high != 0 {
				*t.slot(s.key) = s
			}
		}
	}
	s := fieldSlot{key: key, count: uint32(len(numbers))}
	if copy(s.numbers[:], numbers) < len(numbers) {
		s.numbers[0] = uint32(len(t.more))
		t.more = append(t.more, numbers)
	}
	*t.slot(key) = s
}

// endsField has the bytes at which a field may end.
var endsField = func() (in [256]bool) {
	for c := range in {
		in[c] = isSpace(byte(c)) || c >= utf8.RuneSelf
	}
	return in
}()

// isSpace says whether a byte is white space of ASCII.
func isSpace(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }
