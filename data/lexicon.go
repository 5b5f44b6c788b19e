package data

import (
	"strings"
	"unicode/utf8"

	"absa/configs"
)

// lexicon numbers the words of texts as they come. What a field of a text
// becomes is remembered, so that a tokenizer sees each field once: most of a
// corpus is the same few thousand of them. It is used by one goroutine.
type lexicon struct {
	cut     cutter
	limit   int // words of a text
	words   []string
	numbers map[string]uint32   // of words
	fields  map[string][]uint32 // the words of fields
	tokens  []string
}

// maxFields bounds what is remembered, for a corpus in which fields do not
// repeat.
const maxFields = 1 << 19

func newLexicon(cfg configs.Text) (*lexicon, error) {
	cut, err := newCutter(cfg)
	if err != nil {
		return nil, err
	}
	return &lexicon{cut: cut, limit: cfg.MaxTokens, numbers: map[string]uint32{}, fields: map[string][]uint32{}}, nil
}

// append appends the numbers of the words of a text, which is UTF-8.
func (l *lexicon) append(to []uint32, text []byte) []uint32 {
	most := len(to) + l.limit
	for len(text) > 0 && len(to) < most {
		n := 0
		for n < len(text) && !isSpace(text[n]) && text[n] < utf8.RuneSelf {
			n++
		}
		if n < len(text) && text[n] >= utf8.RuneSelf { // white space beyond ASCII
			for field := range strings.FieldsSeq(string(text)) {
				to = append(to, l.field([]byte(field))...)
			}
			break
		}
		if n > 0 {
			to = append(to, l.field(text[:n])...)
		}
		text = text[min(n+1, len(text)):]
	}
	return to[:min(len(to), most)]
}

// field returns the numbers of the words of a field.
func (l *lexicon) field(field []byte) []uint32 {
	if numbers, ok := l.fields[string(field)]; ok {
		return numbers
	}
	l.tokens = l.cut(l.tokens[:0], string(field))
	numbers := make([]uint32, 0, len(l.tokens))
	for _, word := range l.tokens[:min(len(l.tokens), l.limit)] {
		n, ok := l.numbers[word]
		if !ok {
			n = uint32(len(l.words))
			word = strings.Clone(word)
			l.numbers[word] = n
			l.words = append(l.words, word)
		}
		numbers = append(numbers, n)
	}
	if len(l.fields) >= maxFields {
		clear(l.fields)
	}
	l.fields[string(field)] = numbers
	return numbers
}

// isSpace says whether a byte is white space of ASCII.
func isSpace(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }
