package data

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// spacyCutter cuts a word as spaCy's tokenizer for English does (the rules of
// version 3.8, https://spacy.io/usage/linguistic-features#how-tokenizer-works):
// affixes are taken off both ends until there are none or a special word is left,
// and what remains is cut at its infixes.
//
// It is for words as the article's cleaning leaves them: letter case folded, no
// digit, no punctuation of ASCII, no white space. Of spaCy's rules it has those
// that can change such a word: without a full stop there are no URLs and
// abbreviations, without digits no units and times, without marks of ASCII no
// emoticons, and the only apostrophe is a curly one.
func spacyCutter() cutter {
	specials := spacySpecials()
	longest := 0
	for word := range specials {
		longest = max(longest, len(word))
	}
	// What is longer is not hashed: a megabyte of marks, looked up anew after each
	// of them, would take hours.
	find := func(word string) []string {
		if len(word) > longest {
			return nil
		}
		return specials[word]
	}
	return func(tokens []string, word string) []string {
		first := len(tokens)
		var suffixes []string
		rest := word
		for rest != "" && find(rest) == nil {
			prefix := spacyPrefix(rest)
			suffix := spacySuffix(rest[prefix:])
			switch { // the affix beside a special word goes alone
			case find(rest[prefix:]) != nil:
				suffix = 0
			case find(rest[:len(rest)-suffix]) != nil:
				prefix = 0
			}
			if prefix+suffix == 0 {
				break
			}
			if prefix > 0 {
				tokens = append(tokens, rest[:prefix])
			}
			if suffix > 0 {
				suffixes = append(suffixes, rest[len(rest)-suffix:])
			}
			rest = rest[prefix : len(rest)-suffix]
		}
		if parts := find(rest); parts != nil {
			tokens = append(tokens, parts...)
		} else {
			tokens = appendInfixes(tokens, rest)
		}
		for _, s := range slices.Backward(suffixes) {
			tokens = append(tokens, s)
		}
		return joinSpecials(tokens, first, find)
	}
}

// joinSpecials joins special words of one token that cutting has parted, unless
// the pair of tokens that overlaps with one from the left is such a word too.
func joinSpecials(tokens []string, first int, find func(word string) []string) []string {
	end, joined, before := first, false, false
	for i := first; i < len(tokens); i++ {
		pair := i+1 < len(tokens) && len(find(tokens[i]+tokens[i+1])) == 1
		switch {
		case joined: // with the token before
			joined = false
		case pair && !before:
			tokens[end] = tokens[i] + tokens[i+1]
			end, joined = end+1, true
		default:
			tokens[end] = tokens[i]
			end++
		}
		before = pair
	}
	return tokens[:end]
}

// appendInfixes cuts what has no affix and is no special word.
func appendInfixes(tokens []string, s string) []string {
	start, before := 0, rune(0)
	for at, r := range s {
		if at >= start {
			if n := spacyInfix(s[at:], before); n > 0 {
				if at > start {
					tokens = append(tokens, s[start:at])
				}
				tokens = append(tokens, s[at:at+n])
				start = at + n
			}
		}
		before = r
	}
	if start < len(s) {
		tokens = append(tokens, s[start:])
	}
	return tokens
}

// spacyPrefix is how many bytes of s are a prefix.
func spacyPrefix(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if r >= utf8.RuneSelf && (strings.ContainsRune(spacyMarks+spacyPrefixes, r) || unicode.Is(spacyIcons, r)) {
		return size
	}
	return 0
}

// spacySuffix is how many bytes of s are a suffix.
func spacySuffix(s string) int {
	for _, long := range []string{"……", "’s"} {
		if strings.HasSuffix(s, long) {
			return len(long)
		}
	}
	r, size := utf8.DecodeLastRuneInString(s)
	if r >= utf8.RuneSelf && (strings.ContainsRune(spacyMarks, r) || unicode.Is(spacyIcons, r)) {
		return size
	}
	return 0
}

// spacyInfix is how many bytes at the beginning of s are an infix. Dashes are one
// between letters.
func spacyInfix(s string, before rune) int {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r < utf8.RuneSelf:
	case r == '…' || unicode.Is(spacyIcons, r):
		return size
	case unicode.Is(spacyLetters, before):
		for _, dash := range []string{"–", "—", "——"} {
			if after, ok := strings.CutPrefix(s, dash); ok {
				if next, _ := utf8.DecodeRuneInString(after); unicode.Is(spacyLetters, next) {
					return len(dash)
				}
			}
		}
	}
	return 0
}
