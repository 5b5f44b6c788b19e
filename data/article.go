package data

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"absa/configs"

	"golang.org/x/text/cases"
)

// articleCutter cleans as the article's code does (cleantext 1.1.4), in its
// order: letter case folded, digits out, punctuation out, the rest cut at white
// space, stop words out. Because punctuation goes before the stop words are
// looked up, "don't" becomes "dont" and stays, and "isn't" keeps its negation;
// in the other order both would vanish. With text.tokenizer=spacy each word that
// is left is then cut as spaCy does.
//
// Every step is Python's: str.casefold, by which ß becomes ss; str.isdigit, which
// is true of ² and ٣ too; string.punctuation, the 32 characters of ASCII, so that
// curly quotes and long dashes stay; str.split, which knows four more separators
// than unicode.IsSpace.
func articleCutter(cfg configs.Text) cutter {
	stop := map[string]bool{}
	if cfg.StopWords != "keep" {
		for _, word := range stopWords() {
			stop[word] = true
		}
	}
	cut := func(tokens []string, word string) []string { return append(tokens, word) }
	if cfg.Tokenizer == "spacy" {
		cut = spacyCutter()
	}
	return func(tokens []string, field string) []string {
		clean := strings.Map(dropDigitsAndPunctuation, foldCase(field))
		for word := range strings.FieldsFuncSeq(clean, isSeparator) {
			if !stop[word] {
				tokens = cut(tokens, word)
			}
		}
		return tokens
	}
}

// foldCase folds as Python's str.casefold does: one letter may become several.
func foldCase(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			s = cases.Fold().String(strings.ToValidUTF8(s, string(utf8.RuneError)))
			return strings.Map(foldCherokee, s)
		}
	}
	return strings.ToLower(s)
}

// foldCherokee undoes the one thing in which cases.Fold is not Unicode's folding:
// Cherokee, whose capitals are older, folds to them.
func foldCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// isSeparator says whether Python's str.split cuts at a character that is no
// white space to Unicode.
func isSeparator(r rune) bool { return '\x1c' <= r && r <= '\x1f' }

// dropDigitsAndPunctuation is for strings.Map: a negative rune is left out.
func dropDigitsAndPunctuation(r rune) rune {
	switch {
	case '0' <= r && r <= '9':
		return -1
	case '!' <= r && r <= '/', ':' <= r && r <= '@', '[' <= r && r <= '`', '{' <= r && r <= '~':
		return -1 // the 32 characters of string.punctuation
	case r >= utf8.RuneSelf && (unicode.Is(unicode.Nd, r) || unicode.Is(otherDigits, r)):
		return -1
	}
	return r
}

// otherDigits are those of Unicode that are not decimal (Numeric_Type=Digit):
// superscripts, digits in circles and the like.
var otherDigits = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xb2, 0xb3, 1}, {0xb9, 0xb9, 1}, {0x1369, 0x1371, 1}, {0x19da, 0x19da, 1}, {0x2070, 0x2070, 1},
		{0x2074, 0x2079, 1}, {0x2080, 0x2089, 1}, {0x2460, 0x2468, 1}, {0x2474, 0x247c, 1}, {0x2488, 0x2490, 1},
		{0x24ea, 0x24ea, 1}, {0x24f5, 0x24fd, 1}, {0x24ff, 0x24ff, 1}, {0x2776, 0x277e, 1}, {0x2780, 0x2788, 1},
		{0x278a, 0x2792, 1},
	},
	R32: []unicode.Range32{{0x10a40, 0x10a43, 1}, {0x10e60, 0x10e68, 1}, {0x11052, 0x1105a, 1}, {0x1f100, 0x1f10a, 1}},
}
