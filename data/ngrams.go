package data

import (
	"slices"
	"unicode/utf8"

	"absa/configs"
)

// shortestCharacters is the length from which n-grams of characters count, the marks
// of a word's ends among them.
const shortestCharacters = 3

// appendNGrams appends the rows of a table that the n-grams of a sentence have, each
// row once, ascending: those of up to c.Words of its words, and of up to c.Characters
// characters of each word, with < before and > behind it (as fastText has them;
// Joulin et al. 2017, Bojanowski et al. 2017). The row is FNV-1a, in 64 bits, modulo
// c.Buckets, of the words joined by spaces, and of a zero byte and the characters. So
// the table needs no list of n-grams, and new text no other table. A sentence without
// a word stands as an unknown one.
func appendNGrams[W string | []byte](to []int64, words []W, c configs.NGrams) []int64 {
	if len(words) == 0 {
		return appendNGrams(to, []string{UnknownWord}, c)
	}
	first := len(to)
	row := func(h fnv1a) int64 { return int64(uint64(h) % uint64(c.Buckets)) }
	var marked []byte
	for i, word := range words {
		h := basis
		for n, w := range words[i : i+min(c.Words, len(words)-i)] {
			if n > 0 {
				h = h.add(' ')
			}
			for j := range len(w) {
				h = h.add(w[j])
			}
			to = append(to, row(h))
		}
		if c.Characters < shortestCharacters {
			continue
		}
		marked = append(append(append(marked[:0], '<'), word...), '>')
		for j := range marked {
			if !utf8.RuneStart(marked[j]) {
				continue
			}
			h := basis.add(0)
			for n, end := 1, j; n <= c.Characters && end < len(marked); n++ {
				for h, end = h.add(marked[end]), end+1; end < len(marked) && !utf8.RuneStart(marked[end]); end++ {
					h = h.add(marked[end])
				}
				if n >= shortestCharacters {
					to = append(to, row(h))
				}
			}
		}
	}
	slices.Sort(to[first:])
	return to[:first+len(slices.Compact(to[first:]))]
}

// fnv1a is a hash under way.
type fnv1a uint64

const basis fnv1a = 14695981039346656037

func (h fnv1a) add(b byte) fnv1a { return (h ^ fnv1a(b)) * 1099511628211 }

// NGrams returns the rows of the n-grams of sentences, given as their words; nil
// where c wants none.
func NGrams(sentences [][]string, c configs.NGrams) [][]int64 {
	if !c.On() {
		return nil
	}
	rows := make([][]int64, len(sentences))
	for i, words := range sentences {
		rows[i] = appendNGrams(nil, words, c)
	}
	return rows
}

// WithNGrams has batches hold the n-grams of the examples, too.
func (e *Examples) WithNGrams(c configs.NGrams) *Examples {
	e.ngrams = c
	return e
}

// appendNGrams appends the rows of the n-grams of example i.
func (e *Examples) appendNGrams(to []int64, i int) []int64 {
	numbers := e.set.Words(int(e.at[i]))
	words := make([][]byte, len(numbers))
	for t, k := range numbers {
		words[t] = between(e.set.image.spellings, e.set.image.spellEnds, int(k))
	}
	return appendNGrams(to, words, e.ngrams)
}
