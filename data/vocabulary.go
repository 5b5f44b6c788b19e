package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// The first two ids of every vocabulary, and how its file spells them.
const (
	PaddingID = 0 // fills a batch up to the length of its longest sentence
	UnknownID = 1 // stands for every word outside the vocabulary

	PaddingWord = "<pad>"
	UnknownWord = "<unk>"
)

// Vocabulary numbers words from 2; ids 0 and 1 are padding and unknown.
type Vocabulary struct {
	words []string
	ids   map[string]int64
}

// NewVocabulary numbers the words that are counted at least minCount times (1
// takes all), the most frequent first and equally frequent ones in byte order.
func NewVocabulary(counts map[string]int, minCount int) *Vocabulary {
	var words []string
	for word, n := range counts {
		if n >= minCount && word != PaddingWord && word != UnknownWord {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return number(words)
}

func number(words []string) *Vocabulary {
	v := &Vocabulary{
		words: append([]string{PaddingWord, UnknownWord}, words...),
		ids:   make(map[string]int64, len(words)),
	}
	for i, word := range words {
		v.ids[word] = int64(UnknownID + 1 + i)
	}
	return v
}

// Extend returns v with further words, which it must lack, behind its own: the
// ids of v stay as they are.
func (v *Vocabulary) Extend(words []string) *Vocabulary {
	return number(append(slices.Clone(v.words[UnknownID+1:]), words...))
}

// Len returns the number of ids, padding and unknown included.
func (v *Vocabulary) Len() int { return len(v.words) }

// Words returns the word of each id, <pad> and <unk> first. The slice belongs
// to the caller.
func (v *Vocabulary) Words() []string { return slices.Clone(v.words) }

// ID returns the id of a word, UnknownID where the vocabulary lacks it. No
// word of a text is padding: the id of "<pad>" is UnknownID too.
func (v *Vocabulary) ID(word string) int64 {
	if id, ok := v.ids[word]; ok {
		return id
	}
	return UnknownID
}

// WriteTo writes one word per line in the order of the ids, as ReadVocabulary
// reads it.
func (v *Vocabulary) WriteTo(w io.Writer) (int64, error) {
	for id, word := range v.words {
		if err := checkWord(word); err != nil {
			return 0, fmt.Errorf("write vocabulary: id %d: %w", id, err)
		}
	}
	n, err := io.WriteString(w, strings.Join(v.words, "\n")+"\n")
	if err != nil {
		return int64(n), fmt.Errorf("write vocabulary: %w", err)
	}
	return int64(n), nil
}

// ReadVocabulary reads what WriteTo wrote. The name stands for the file in
// errors.
func ReadVocabulary(name string, r io.Reader) (*Vocabulary, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary: %s: %w", name, err)
	}
	text, complete := strings.CutSuffix(string(all), "\n")
	if !complete {
		return nil, fmt.Errorf("read vocabulary: %s: the last line has no end; the file is cut short", name)
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || lines[0] != PaddingWord || lines[1] != UnknownWord {
		return nil, fmt.Errorf("read vocabulary: %s:1: the first two lines must be %s and %s, ended by line feeds alone", name, PaddingWord, UnknownWord)
	}
	v := number(lines[2:])
	for i, word := range lines {
		if err := checkWord(word); err != nil {
			return nil, fmt.Errorf("read vocabulary: %s:%d: %w", name, i+1, err)
		}
		if i > UnknownID && (word == PaddingWord || word == UnknownWord || v.ids[word] != int64(i)) {
			return nil, fmt.Errorf("read vocabulary: %s:%d: %q is listed twice", name, i+1, word)
		}
	}
	return v, nil
}

// checkWord refuses what a line of the file cannot hold.
func checkWord(word string) error {
	switch {
	case word == "":
		return errors.New("the word is empty")
	case strings.ContainsAny(word, "\r\n"):
		return fmt.Errorf("word %q holds a line break", word)
	case !utf8.ValidString(word):
		return fmt.Errorf("word %q is not UTF-8", word)
	}
	return nil
}
