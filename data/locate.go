package data

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"absa/configs"
)

// Word is a token with the part of the text that it was made of.
type Word struct {
	Token      string
	Start, End int // bytes of the text
}

// Locator cuts a text as a Tokenizer does, and tells where each token stands.
type Locator func(text string) []Word

// NewLocator returns the locator of the tokenizer that cfg names.
func NewLocator(cfg configs.Text) (Locator, error) {
	cut, err := newCutter(cfg)
	if err != nil {
		return nil, err
	}
	normal := normalizer()
	return func(text string) []Word {
		var words []Word
		at := 0
		for field := range strings.FieldsSeq(text) {
			at += strings.Index(text[at:], field)
			words = locate(words, cut(nil, field), field, at, normal)
			if len(words) >= cfg.MaxTokens {
				return words[:cfg.MaxTokens]
			}
			at += len(field)
		}
		return words
	}, nil
}

// locate appends the tokens of a field, which stands at byte first of the text.
// They are its characters in order, folded or in lower case and with marks spelled
// anew or left out, so each is found by going through both side by side.
func locate(words []Word, tokens []string, field string, first int, normal *strings.Replacer) []Word {
	at := 0
	for _, token := range tokens {
		w := Word{Token: token, Start: -1}
		for rest := token; rest != "" && at < len(field); {
			size := unit(field[at:])
			n := spells(field[at:at+size], rest, normal)
			if n == 0 && token == "..." && w.Start >= 0 {
				break // an ellipsis of two
			}
			if n > 0 {
				if rest = rest[n:]; w.Start < 0 {
					w.Start = first + at
				}
				w.End = first + at + size
			}
			at += size
		}
		if w.Start < 0 { // not found: it has no part of the text
			w.Start, w.End = first+at, first+at
		}
		words = append(words, w)
	}
	return words
}

// unit is the number of bytes of the next character, or of two that the
// normalizer makes one.
func unit(s string) int {
	if strings.HasPrefix(s, "``") || strings.HasPrefix(s, "''") {
		return 2
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// spells returns how many bytes of a token a character stands for, 0 if none.
func spells(character, token string, normal *strings.Replacer) int {
	lower := strings.Map(unicode.ToLower, character)
	for _, spelling := range []string{foldCase(character), lower, strings.ToLower(normal.Replace(character))} {
		switch {
		case spelling == "":
		case strings.HasPrefix(token, spelling):
			return len(spelling)
		case strings.HasPrefix(spelling, token): // of a run that is cut short
			return len(token)
		}
	}
	return 0
}
