package data

import "strings"

// articleCutter cleans as the article does, in its order: letter case
// folded, digits out, punctuation out, the rest cut at white space, stop words
// out. Because punctuation goes before the stop words are looked up, "don't"
// becomes "dont" and stays, and "isn't" keeps its negation; in the other order
// both would vanish.
//
// Digits and punctuation are those of ASCII, Python's string.digits and
// string.punctuation: curly quotes and long dashes stay where they are.
func articleCutter() cutter {
	stop := map[string]bool{}
	for _, word := range stopWords() {
		stop[word] = true
	}
	return func(tokens []string, field string) []string {
		word := strings.Map(dropDigitsAndPunctuation, strings.ToLower(field))
		if word == "" || stop[word] {
			return tokens
		}
		return append(tokens, word)
	}
}

// dropDigitsAndPunctuation is for strings.Map: a negative rune is left out.
func dropDigitsAndPunctuation(r rune) rune {
	switch {
	case '0' <= r && r <= '9':
		return -1
	case '!' <= r && r <= '/', ':' <= r && r <= '@', '[' <= r && r <= '`', '{' <= r && r <= '~':
		return -1 // the 32 characters of string.punctuation
	}
	return r
}
