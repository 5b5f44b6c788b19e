package wordpiece

import (
	"fmt"
	"math"
)

// template is the order of texts and special tokens in a sequence, such as
// [CLS] first [SEP] second [SEP].
type template []slot

// slot is a place in a template: a special token, or the tokens of a text.
type slot struct {
	text int8 // Special, 0 or 1
	id   int32
	kind int32 // Token.Type of all in this place
}

// bert is the sequence of one text or of two as BERT was trained.
func bert(cls, sep int32) (single, pair template) {
	single = template{{text: Special, id: cls}, {text: 0}, {text: Special, id: sep}}
	pair = append(single[:3:3], slot{text: 1, kind: 1}, slot{text: Special, id: sep, kind: 1})
	return single, pair
}

// room is how many tokens of texts there may be beside the special ones.
func (t template) room(maxLength int) (int, error) {
	special := 0
	for _, s := range t {
		if s.text == Special {
			special++
		}
	}
	switch {
	case maxLength == 0:
		return math.MaxInt, nil
	case maxLength < special:
		return 0, fmt.Errorf("encode text: a length of at most %d, want at least %d for the special tokens alone", maxLength, special)
	}
	return maxLength - special, nil
}

// apply appends the sequence to dst.
func (t template) apply(dst, first, second []Token) []Token {
	for _, s := range t {
		if s.text == Special {
			dst = append(dst, Token{ID: s.id, Type: s.kind, Text: Special})
			continue
		}
		at := len(dst)
		if s.text == 0 {
			dst = append(dst, first...)
		} else {
			dst = append(dst, second...)
		}
		for i := at; i < len(dst); i++ {
			dst[i].Type = s.kind
		}
	}
	return dst
}
