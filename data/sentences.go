package data

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// SplitSentences yields the sentences of a review, without the white space around
// them. Boundaries are those of Unicode (UAX #29, section 5), which know decimals
// and quotes, and any stop after a word, as who writes reviews does not always go on
// with a capital. There is none
//
//	after an abbreviation      Mr. Smith, vs. The Ritz, no. 5, J. Smith
//	after a quotation          "Great!" she said.
//	inside a wrapped line      a line that ends without a stop, the next in lower case
//	before what has no letter  Loved it! 😍 !!
func SplitSentences(review string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from, decorated := 0, 0
		for at := range boundaries(review) {
			if at = max(at, decorated); joined(review[from:at], review[at:]) {
				continue
			}
			// What follows without a letter of its own belongs to this sentence.
			rest := review[at:]
			n := len(rest) - len(strings.TrimLeftFunc(rest, isDecoration))
			at += n
			decorated = at
			if s := strings.TrimSpace(review[from:at]); s != "" && !yield(s) {
				return
			}
			from = at
		}
	}
}

// boundaries yields where sentences of Unicode end, and where a stop is followed by
// lower case.
func boundaries(review string) iter.Seq[int] {
	return func(yield func(int) bool) {
		at, rest, state := 0, review, -1
		for rest != "" {
			var piece string
			piece, rest, state = uniseg.FirstSentenceInString(rest, state)
			for end := range innerStops(piece) {
				if !yield(at + end) {
					return
				}
			}
			if at += len(piece); !yield(at) {
				return
			}
		}
	}
}

// farthest is how many bytes behind a boundary are looked at, so that a megabyte of
// white space takes no time.
const farthest = 256

// joined says whether what follows a boundary belongs to the sentence before it.
func joined(before, after string) bool {
	after = after[:min(len(after), farthest)]
	next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, unicode.IsSpace))
	trimmed := strings.TrimRightFunc(before, unicode.IsSpace)
	if trimmed == "" || after == "" {
		return false
	}
	if gap := before[len(trimmed):]; strings.Contains(gap, "\n") || strings.HasPrefix(after, "\n") {
		last, _ := utf8.DecodeLastRuneInString(trimmed)
		blank := strings.Count(gap, "\n") > 1 || strings.HasPrefix(strings.TrimLeft(after, " \t"), "\n")
		return !blank && unicode.IsLower(next) && !strings.ContainsRune(".!?…:;", last)
	}
	if last, _ := utf8.DecodeLastRuneInString(trimmed); strings.ContainsRune(`"'”’»)`, last) {
		return unicode.IsLower(next)
	}
	stem, stopped := strings.CutSuffix(trimmed, ".")
	return stopped && isAbbreviated(stem, next)
}

// innerStops yields where a stop ends a sentence though lower case follows.
func innerStops(piece string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; {
			i := strings.Index(piece[at:], ". ")
			if i < 0 {
				return
			}
			at += i + 2
			stem := piece[:at-2]
			last, _ := utf8.DecodeLastRuneInString(stem)
			next, _ := utf8.DecodeRuneInString(piece[at:])
			if !unicode.IsLetter(last) || !unicode.IsLower(next) {
				continue
			}
			if word := lastWord(stem); word != "etc" && !strings.Contains(word, ".") && !isAbbreviated(stem, next) && !yield(at) {
				return
			}
		}
	}
}

// lastWord is what stands behind the last white space or opening mark.
func lastWord(s string) string {
	return s[strings.LastIndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(\"“‘", r) })+1:]
}

// isAbbreviated says whether the stop after stem belongs to a word and ends no
// sentence; next is the character after it.
func isAbbreviated(stem string, next rune) bool {
	word := lastWord(stem)
	initial, size := utf8.DecodeRuneInString(word)
	switch strings.ToLower(word) {
	case "i": // "So did I."
		return false
	case "no", "nr": // "Would I go back? No."
		return unicode.IsDigit(next)
	case "st", "mt", "ft": // "at St. Mary's", but "on Main St. Parking was hard."
		if unicode.IsUpper(initial) && !endsInName(stem[:len(stem)-len(word)]) {
			return true
		}
		fallthrough
	case "min", "max", "est", "apt", "dept", "jr", "sr",
		"jan", "feb", "aug", "sept", "oct", "nov", "dec": // "We waited 40 min. Nobody came.", but "min. 40 euros"
		return unicode.IsDigit(next) || unicode.IsLower(next)
	case "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "gen", "capt", "lt", "col", "sgt", "hon",
		"vs", "e.g", "i.e", "cf", "approx", "incl", "excl", "ca", "resp", "sq", "u.s", "u.k", "d.c":
		return true // not those that often end one, as etc. and p.m.
	}
	return len(word) == size && unicode.IsUpper(initial)
}

// endsInName says whether a street or the like is named just before: its last word
// has a capital or is a number, and does not only begin a sentence.
func endsInName(s string) bool {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	word := lastWord(s)
	first, _ := utf8.DecodeRuneInString(word)
	switch strings.ToLower(word) {
	case "the", "at", "in", "near", "on", "from", "to":
		return false
	}
	return unicode.IsUpper(first) || unicode.IsDigit(first)
}

// isDecoration says whether a character is white space, a mark or a symbol that
// begins no sentence.
func isDecoration(r rune) bool {
	switch r {
	case '!', '?', '.', '…', ')', '”', '’', '»', '\u200d', '\ufe0f':
		return true
	}
	return r == ' ' || unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r)
}
