package wordpiece

import (
	"fmt"
	"math"
	"sync"
	"unicode/utf8"
)

// Special is the Token.Text of a token that stands for no part of a text.
const Special = -1

// Token is one token of an encoded text, or of two.
type Token struct {
	ID   int32 // row of the embedding
	Type int32 // row of the token type embedding: 0 for the first text, 1 for the second in BERT

	// Start and End are bytes of the text as it was given; what normalising removed
	// at the end of a token is not part of it. Both are 0 for a special token.
	Start, End int32

	// Text is 0 for a token of the first text, 1 of the second, and Special for one
	// that the encoder wants beside them. A text in which "[SEP]" is written has that
	// id there, and it is a token of the text.
	Text int8
}

// Tokenizer encodes texts. It is read-only, so several goroutines may share it.
type Tokenizer struct {
	added        added
	normalizer   normalizer
	model        model
	single, pair template
	scratch      sync.Pool // of *scratch
}

// scratch is the memory of one call.
type scratch struct {
	normal normal
	tokens [2][]Token // of each text
}

// Encode appends the tokens of a text, with the special ones, to dst. Where they
// are more than maxLength, tokens are left out at the end of the text; 0 is no
// limit. A text without words has the special tokens alone.
//
// A text that is not UTF-8, or has 2 GiB or more, is an error.
func (t *Tokenizer) Encode(dst []Token, text string, maxLength int) ([]Token, error) {
	limit, err := t.single.room(maxLength)
	if err != nil {
		return dst, err
	}
	s := t.take()
	defer t.scratch.Put(s)
	if err := t.encode(s, 0, text, limit); err != nil {
		return dst, err
	}
	return t.single.apply(dst, cut(s.tokens[0], limit), nil), nil
}

// EncodePair appends the tokens of two texts as one sequence, with the special
// ones, to dst. Where they are more than maxLength, tokens are left out at the
// end of the longer text until both are equally long, then of both by turns; this
// is the strategy longest_first. 0 is no limit.
func (t *Tokenizer) EncodePair(dst []Token, first, second string, maxLength int) ([]Token, error) {
	limit, err := t.pair.room(maxLength)
	if err != nil {
		return dst, err
	}
	s := t.take()
	defer t.scratch.Put(s)
	for i, text := range [2]string{first, second} {
		if err := t.encode(s, i, text, math.MaxInt); err != nil { // which text is longer decides
			return dst, err
		}
	}
	n, m := longestFirst(len(s.tokens[0]), len(s.tokens[1]), limit)
	return t.pair.apply(dst, s.tokens[0][:n], s.tokens[1][:m]), nil
}

// ID is the id of a token by its spelling in the vocabulary, such as "[PAD]" or
// "##ing".
func (t *Tokenizer) ID(token string) (id int32, ok bool) {
	if id, ok = t.added.ids[token]; ok {
		return id, true
	}
	id, ok = t.model.first[token]
	return id, ok
}

// Size is one more than the largest id: the rows that an embedding must have.
func (t *Tokenizer) Size() int {
	size := t.model.size
	for _, id := range t.added.ids {
		size = max(size, int(id)+1)
	}
	return size
}

func (t *Tokenizer) take() *scratch {
	if s, ok := t.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// encode sets s.tokens[which] to the tokens of a text, at least the first limit
// of them.
func (t *Tokenizer) encode(s *scratch, which int, text string, limit int) error {
	if len(text) > math.MaxInt32 {
		return fmt.Errorf("encode text: %d bytes, want at most %d: cut it into sentences first", len(text), math.MaxInt32)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("encode text: byte %d is not UTF-8: convert the text, or replace what is damaged by strings.ToValidUTF8", invalid(text))
	}
	tokens := s.tokens[which][:0]
	for at := 0; at < len(text) && len(tokens) < limit; {
		start, end, id := t.added.find(text, at)
		s.normal.reset()
		t.normalizer.run(&s.normal, text, at, start)
		tokens = t.model.words(tokens, &s.normal, text, limit)
		if start < end {
			tokens = append(tokens, Token{ID: id, Start: int32(start), End: int32(end)})
		}
		at = end
	}
	for i := range tokens {
		tokens[i].Text = int8(which)
	}
	s.tokens[which] = tokens
	return nil
}

// invalid is the first byte that is not UTF-8.
func invalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return len(text)
}

func cut(tokens []Token, limit int) []Token { return tokens[:min(len(tokens), limit)] }

// longestFirst is how many tokens of two texts of n and m remain of at most limit
// in all. Of what can be shared only unequally, the longer text has one more, and
// of two equally long ones the second.
func longestFirst(n, m, limit int) (int, int) {
	if n+m <= limit {
		return n, m
	}
	small, large := limit/2, limit-limit/2
	switch {
	case n <= small:
		return n, limit - n
	case m <= small:
		return limit - m, m
	case n > m:
		return large, small
	}
	return small, large
}
