package wordpiece

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// model is a vocabulary of pieces of words.
type model struct {
	first    map[string]int32 // all tokens, which may begin a word
	rest     map[string]int32 // those that go on with one, without their prefix
	bound    [2]int           // bytes of the longest key of first and of rest
	unknown  int32
	maxChars int // a word of more characters is unknown
	size     int // one more than the largest id
}

func newModel(vocabulary map[string]int32, unknown int32, prefix string, maxChars int) model {
	m := model{first: vocabulary, rest: map[string]int32{}, unknown: unknown, maxChars: maxChars}
	for token, id := range vocabulary {
		m.bound[0] = max(m.bound[0], len(token))
		m.size = max(m.size, int(id)+1)
		if rest, ok := strings.CutPrefix(token, prefix); ok {
			m.rest[rest] = id
			m.bound[1] = max(m.bound[1], len(rest))
		}
	}
	return m
}

// words appends the tokens of a normalised text's words: what stands between
// white space, each punctuation mark by itself (BertPreTokenizer). It stops behind
// the word with which there are limit tokens.
func (m *model) words(tokens []Token, o *normal, text string, limit int) []Token {
	begin := 0 // of the word
	for i := 0; i < len(o.text); {
		kind, size := kindOf(o.text, i)
		if kind == inWord {
			i += size
			continue
		}
		if begin < i {
			tokens = m.pieces(tokens, o, text, begin, i)
		}
		if kind == alone {
			tokens = m.pieces(tokens, o, text, i, i+size)
		}
		i += size
		begin = i
		if len(tokens) >= limit {
			return tokens
		}
	}
	if begin < len(o.text) {
		tokens = m.pieces(tokens, o, text, begin, len(o.text))
	}
	return tokens
}

// kind is what a character is to the cutting of words.
type kind uint8

const (
	inWord kind = iota
	space
	alone // punctuation, a word of one character
)

// kindOf returns the kind and the length of the character at byte i.
func kindOf(text []byte, i int) (kind, int) {
	c := text[i]
	switch {
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
		return inWord, 1
	case c == ' ' || '\t' <= c && c <= '\r':
		return space, 1
	case '!' <= c && c <= '~':
		return alone, 1
	case c < utf8.RuneSelf:
		return inWord, 1
	}
	r, size := utf8.DecodeRune(text[i:])
	switch {
	case unicode.Is(unicode.White_Space, r):
		return space, size
	case unicode.Is(punctuation, r):
		return alone, size
	}
	return inWord, size
}

// pieces appends the tokens of a word: from the left, the longest that the
// vocabulary has. A word that cannot be cut to its end is one unknown token.
func (m *model) pieces(tokens []Token, o *normal, text string, begin, end int) []Token {
	before := len(tokens)
	if end-begin > m.maxChars && utf8.RuneCount(o.text[begin:end]) > m.maxChars {
		return append(tokens, o.token(m.unknown, text, begin, end))
	}
	table, bound := m.first, m.bound[0]
	for at := begin; at < end; {
		to := min(end, at+bound)
		for to < end && !utf8.RuneStart(o.text[to]) {
			to--
		}
		id, ok := table[string(o.text[at:to])]
		for !ok && to > at {
			for to--; to > at && !utf8.RuneStart(o.text[to]); {
				to--
			}
			if to > at {
				id, ok = table[string(o.text[at:to])]
			}
		}
		if to <= at || !ok {
			return append(tokens[:before], o.token(m.unknown, text, begin, end))
		}
		tokens = append(tokens, o.token(id, text, at, to))
		at, table, bound = to, m.rest, m.bound[1]
	}
	return tokens
}

// token is one that stands for text[begin:end] of the normalised text.
func (o *normal) token(id int32, text string, begin, end int) Token {
	last := o.from[end-1]
	_, size := utf8.DecodeRuneInString(text[last:])
	return Token{ID: id, Start: o.from[begin], End: last + int32(size)}
}
