package wordpiece

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer does what BertNormalizer does
// (https://huggingface.co/docs/tokenizers/api/normalizers): it cleans, sets
// Chinese characters apart, strips accents, and lowers the case, in this order.
//
// The library knows the categories and decompositions of Unicode 8 and 9, so
// newer characters are neither control characters nor accents nor punctuation to
// it; unicode.go has its sets. What a character of these decomposes into and its
// combining class never change (https://unicode.org/policies/stability_policy.html),
// so they are those of golang.org/x/text. Letter case is of Unicode 17, of
// which newCase has what the tables of Go 1.26 lack.
type normalizer struct {
	clean, chinese, strip, lower bool
	ascii                        [utf8.RuneSelf]byte // what becomes of each; removed, where nothing does
}

// removed is no character of ASCII.
const removed = 0xff

func newNormalizer(clean, chinese, strip, lower bool) normalizer {
	n := normalizer{clean: clean, chinese: chinese, strip: strip, lower: lower}
	for c := range n.ascii {
		r, ok := n.cleaned(rune(c))
		switch {
		case !ok:
			n.ascii[c] = removed
		case lower:
			n.ascii[c] = byte(unicode.ToLower(r))
		default:
			n.ascii[c] = byte(r)
		}
	}
	return n
}

// normal is a text under way.
type normal struct {
	text []byte  // normalised
	from []int32 // for each byte of text, where in the original its character begins

	// block is what has been read since the last character that canonical ordering
	// does not move past.
	block   []mark
	sources []int32 // where each character whose decomposition begins in block stands
	last    int32   // where the last character stands that is accounted for
}

// mark is a character of a combining class other than 0.
type mark struct {
	r     rune
	class uint8
	first bool // of its character's decomposition
}

func (o *normal) reset() {
	o.text, o.from = o.text[:0], o.from[:0]
	o.block, o.sources = o.block[:0], o.sources[:0]
}

// run normalises text[start:end] by itself: nothing outside has an influence.
func (n *normalizer) run(o *normal, text string, start, end int) {
	for i := start; i < end; {
		if c := text[i]; c < utf8.RuneSelf {
			if c = n.ascii[c]; c != removed {
				n.flush(o)
				o.text, o.from = append(o.text, c), append(o.from, int32(i))
				o.last = int32(i)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		n.read(o, r, int32(i))
		i += size
	}
	n.flush(o)
}

// read takes the character that stands at byte at.
func (n *normalizer) read(o *normal, r rune, at int32) {
	r, ok := n.cleaned(r)
	switch {
	case !ok:
	case n.chinese && chinese(r):
		n.flush(o)
		o.put(' ', at)
		n.decompose(o, r, at) // to one character
		o.put(' ', at)
	case n.strip:
		n.decompose(o, r, at)
	default:
		n.write(o, r, at)
	}
}

// cleaned is the character without control characters and with one kind of white
// space; ok is false where it is left out.
func (n *normalizer) cleaned(r rune) (_ rune, ok bool) {
	switch {
	case !n.clean:
		return r, true
	case r == '\t' || r == '\n' || r == '\r':
		return ' ', true
	case unicode.Is(control, r): // before white space: U+0085 is both
		return 0, false
	case unicode.Is(unicode.White_Space, r):
		return ' ', true
	}
	return r, true
}

// chinese says whether a character is set apart. The ranges are those of the
// library: of extension E they leave out the first 256 characters, and they have
// none of the later extensions.
func chinese(r rune) bool {
	return 0x4e00 <= r && r <= 0x9fff || 0x3400 <= r && r <= 0x4dbf || 0x20000 <= r && r <= 0x2a6df ||
		0x2a700 <= r && r <= 0x2b81f || 0x2b920 <= r && r <= 0x2ceaf || 0xf900 <= r && r <= 0xfaff || 0x2f800 <= r && r <= 0x2fa1f
}

// decompose takes a character apart (form NFD, Unicode Standard Annex 15) and
// leaves its marks in the block. It does nothing where accents stay.
func (n *normalizer) decompose(o *normal, r rune, at int32) {
	if !n.strip || !unicode.Is(decomposing, r) {
		n.part(o, r, at, true)
		return
	}
	if s := r - 0xac00; 0 <= s && s < 11172 { // a syllable of Hangul, by arithmetic (Unicode 3.12)
		n.part(o, 0x1100+s/588, at, true)
		n.part(o, 0x1161+s%588/28, at, false)
		if s%28 > 0 {
			n.part(o, 0x11a7+s%28, at, false)
		}
		return
	}
	var b [utf8.UTFMax]byte
	parts := norm.NFD.Properties(b[:utf8.EncodeRune(b[:], r)]).Decomposition()
	for first := true; len(parts) > 0; first = false {
		c, size := utf8.DecodeRune(parts)
		n.part(o, c, at, first)
		parts = parts[size:]
	}
}

// part takes a character of the decomposition of the one at byte at.
func (n *normalizer) part(o *normal, r rune, at int32, first bool) {
	if !n.strip || !unicode.Is(combining, r) {
		n.flush(o)
		n.write(o, r, at)
		return
	}
	var b [utf8.UTFMax]byte
	class := norm.NFD.Properties(b[:utf8.EncodeRune(b[:], r)]).CCC()
	o.block = append(o.block, mark{r, class, first})
	if first {
		o.sources = append(o.sources, at)
	}
}

// flush writes the block in canonical order. The library does not move the places
// in the text along with the marks: it hands them out in the order of the text,
// the next one to each character that begins a decomposition.
func (n *normalizer) flush(o *normal) {
	if len(o.block) == 0 {
		return
	}
	slices.SortStableFunc(o.block, func(a, b mark) int { return int(a.class) - int(b.class) })
	next := 0
	for _, m := range o.block {
		at := o.last
		if m.first {
			at, next = o.sources[next], next+1
		}
		n.write(o, m.r, at)
	}
	o.block, o.sources = o.block[:0], o.sources[:0]
}

// write puts a character unless it is an accent to strip.
func (n *normalizer) write(o *normal, r rune, at int32) {
	o.last = at
	switch {
	case n.strip && unicode.Is(nonspacing, r):
	case n.lower && r == 'İ': // the only one that becomes two
		o.put('i', at)
		o.put('\u0307', at)
	case n.lower:
		o.put(lowered(r), at)
	default:
		o.put(r, at)
	}
}

// put appends a character that comes from the one at byte at.
func (o *normal) put(r rune, at int32) {
	before := len(o.text)
	o.text = utf8.AppendRune(o.text, r)
	for range len(o.text) - before {
		o.from = append(o.from, at)
	}
}

// lowered is the simple lower case. A final sigma is as any other: the library
// looks at single characters.
func lowered(r rune) rune { return newCase.ToLower(r) }
