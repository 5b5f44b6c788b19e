package vectors

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// spacyKey is the key of a word in spaCy's StringStore.
func spacyKey(word string, lower bool, symbols map[string]uint64) uint64 {
	if lower {
		word = cases.Lower(language.Und).String(word) // a final sigma is another, as in Python
	}
	if key, ok := symbols[word]; ok {
		return key
	}
	return murmur64(word, 1)
}

// murmur64 is MurmurHash64A (Austin Appleby, MurmurHash2.cpp) of a text in
// little-endian order.
func murmur64(text string, seed uint64) uint64 {
	const m, shift = 0xc6a4a7935bd1e995, 47
	h := seed ^ uint64(len(text))*m
	b := []byte(text)
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		h = (h ^ (k^k>>shift)*m) * m
	}
	if len(b) > 0 {
		for i, c := range b {
			h ^= uint64(c) << (8 * i)
		}
		h *= m
	}
	h = (h ^ h>>shift) * m
	return h ^ h>>shift
}

// spacySymbols are the words whose keys in spaCy are small numbers instead of
// hashes: the names that its annotations use, some of which ("mark", "root",
// "number", "X") occur in text. The number is the position in the list.
func spacySymbols() map[string]uint64 {
	symbols := map[string]uint64{}
	add := func(names ...string) {
		for _, name := range names {
			symbols[name] = uint64(len(symbols)) + 1 // 0 is the empty word's
		}
	}
	numbered := func(format string, from, to int) {
		for n := from; n <= to; n++ {
			add(fmt.Sprintf(format, n))
		}
	}
	add(strings.Fields(`IS_ALPHA IS_ASCII IS_DIGIT IS_LOWER IS_PUNCT IS_SPACE IS_TITLE IS_UPPER
		LIKE_URL LIKE_NUM LIKE_EMAIL IS_STOP IS_OOV_DEPRECATED IS_BRACKET IS_QUOTE IS_LEFT_PUNCT
		IS_RIGHT_PUNCT IS_CURRENCY`)...)
	numbered("FLAG%d", 19, 63)
	add(strings.Fields(`ID ORTH LOWER NORM SHAPE PREFIX SUFFIX LENGTH CLUSTER LEMMA POS TAG DEP
		ENT_IOB ENT_TYPE HEAD SENT_START SPACY PROB LANG
		ADJ ADP ADV AUX CONJ CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X EOL SPACE`)...)
	numbered("DEPRECATED%03d", 1, 276)
	add(strings.Fields(`PERSON NORP FACILITY ORG GPE LOC PRODUCT EVENT WORK_OF_ART LANGUAGE LAW
		DATE TIME PERCENT MONEY QUANTITY ORDINAL CARDINAL
		acomp advcl advmod agent amod appos attr aux auxpass cc ccomp complm conj cop csubj csubjpass
		dep det dobj expl hmod hyph infmod intj iobj mark meta neg nmod nn npadvmod nsubj nsubjpass
		num number oprd obj obl parataxis partmod pcomp pobj poss possessive preconj prep prt punct
		quantmod relcl rcmod root xcomp acl ENT_KB_ID MORPH ENT_ID IDX _`)...)
	return symbols
}
