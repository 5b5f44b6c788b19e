package data

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pair is a text that stands in two corpora.
type Pair struct{ A, B uint32 } // positions in each

// Shared lists those of the sentences of a at some positions whose text one of b at
// some positions has too, each with the first such one of b. Letter case, punctuation
// and white space are put aside: texts are compared by their letters, accents and
// digits, of whatever script, or as they are where they have none. That is by a hash
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

// FNV-1a (Fowler, Noll and Vo) of 64 bits.
const (
	hashOffset = 0xcbf29ce484222325
	hashPrime  = 0x100000001b3
)

// foldedHash is a hash of a text, letter case, punctuation and white space aside. It
// is the same in every process.
func foldedHash(text []byte) uint64 {
	h := uint64(hashOffset)
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return foldedHashOfRunes(string(text))
		}
		if c = lettersAndDigits[c]; c != 0 {
			h = (h ^ uint64(c)) * hashPrime
		}
	}
	if h == hashOffset {
		return hashOfMarks(string(text))
	}
	return h
}

func foldedHashOfRunes(text string) uint64 {
	h := uint64(hashOffset)
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) {
			continue
		}
		for _, c := range utf8.AppendRune(nil, unicode.ToLower(r)) {
			h = (h ^ uint64(c)) * hashPrime
		}
	}
	if h == hashOffset {
		return hashOfMarks(text)
	}
	return h
}

// hashOfMarks is that of a text with nothing but marks, white space aside.
func hashOfMarks(text string) uint64 {
	h := uint64(hashOffset)
	for _, c := range []byte(strings.Join(strings.Fields(text), " ")) {
		h = (h ^ uint64(c)) * hashPrime
	}
	return h
}

// lettersAndDigits has the lower case of those of ASCII, and 0 for what is neither.
var lettersAndDigits = func() (to [utf8.RuneSelf]byte) {
	for c := range rune(utf8.RuneSelf) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			to[c] = byte(unicode.ToLower(c))
		}
	}
	return to
}()
