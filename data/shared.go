package data

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Pair is a text that stands in two corpora.
type Pair struct{ A, B uint32 } // positions in each

// Shared lists those of the sentences of a at some positions whose text one of b at
// some positions has too, each with the first such one of b. Letter case, punctuation
// and white space are put aside: texts are compared by their letters, accents and
// digits, of whatever script and however these are encoded (Unicode's NFKC and case
// folding), or as they are where they have none. That is by a hash
// of 64 bits, which of a million texts takes two for one in 1 of 30 million corpora.
func Shared(a *Set, atA []uint32, b *Set, atB []uint32) []Pair {
	first := make(map[uint64]uint32, len(atB))
	for _, i := range atB {
		if _, ok := first[b.image.folded[i]]; !ok {
			first[b.image.folded[i]] = i
		}
	}
	var pairs []Pair
	for _, i := range atA {
		if j, ok := first[a.image.folded[i]]; ok {
			pairs = append(pairs, Pair{i, j})
		}
	}
	return pairs
}

// foldedHash is a hash of a text, letter case, punctuation and white space aside, and
// the room to make the next one in. It is the same in every process.
func foldedHash(room, text []byte) (hash uint64, next []byte) {
	room = slices.Grow(room[:0], len(text))
	folded, n := room[:len(text)], 0
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return foldedHashOfRunes(room, string(text))
		}
		l := lettersAndDigits[c]
		folded[n] = l.lower // the next one takes its place if it is neither
		n += int(l.one)
	}
	if n == 0 {
		return hashOfMarks(string(text)), room
	}
	return stableHash(folded[:n]), room
}

func foldedHashOfRunes(room []byte, text string) (hash uint64, next []byte) {
	// A mark of its own, such as an acute accent in place of an apostrophe, would come
	// out of NFKC as one that belongs to a letter.
	folded := cases.Fold().Bytes(norm.NFKC.Bytes(appendLetters(nil, []byte(text))))
	room = appendLetters(room[:0], norm.NFKC.Bytes(folded))
	if len(room) == 0 {
		return hashOfMarks(text), room
	}
	return stableHash(room), room
}

// appendLetters appends the letters, accents and digits of a text.
func appendLetters(to, text []byte) []byte {
	for _, r := range string(text) {
		if unicode.IsLetter(r) || unicode.IsMark(r) && !unicode.Is(unicode.Variation_Selector, r) || unicode.IsNumber(r) {
			to = utf8.AppendRune(to, r)
		}
	}
	return to
}

// hashOfMarks is that of a text with nothing but marks, white space aside.
func hashOfMarks(text string) uint64 {
	return stableHash([]byte(strings.Join(strings.Fields(text), " ")))
}

// stableHash mixes eight bytes at a time by the halves of a product, as wyhash does.
func stableHash(b []byte) uint64 {
	const seed, prime = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	h := uint64(len(b)) ^ seed
	mix := func(x uint64) {
		high, low := bits.Mul64(h^x, prime)
		h = high ^ low ^ seed
	}
	for ; len(b) >= 8; b = b[8:] {
		mix(binary.LittleEndian.Uint64(b))
	}
	var rest [8]byte
	copy(rest[:], b)
	mix(binary.LittleEndian.Uint64(rest[:]))
	mix(0)
	return h
}

// lettersAndDigits has the lower case of those of ASCII, and says that each is one:
// a sum is faster than a branch that nobody can foresee.
var lettersAndDigits = func() (to [utf8.RuneSelf]struct{ lower, one uint8 }) {
	for c := range rune(utf8.RuneSelf) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			to[c].lower, to[c].one = uint8(unicode.ToLower(c)), 1
		}
	}
	return to
}()
