package data

import (
	"fmt"
	"strings"
	"testing"

	"absa/configs"
)

// words are those that a text has in a lexicon.
func (l *lexicon) textWords(text string) (words []string) {
	for _, n := range l.append(nil, []byte(text)) {
		words = append(words, l.words[n])
	}
	return words
}

// What is remembered of fields is bounded in bytes, and forgetting changes no
// word.
func TestLexiconForgets(t *testing.T) {
	l, err := newLexicon(configs.Text{Cleaning: "article", MaxTokens: 3})
	if err != nil {
		t.Fatal(err)
	}
	word := strings.Repeat("long", 1000)
	bytes, forgot := 0, false
	for i := range 2 * maxKept / len(word) {
		before := len(l.long)
		field := fmt.Sprintf("%s%d", word, i)
		if got := l.textWords(field); len(got) != 1 || got[0] != word {
			t.Fatalf("field %d became %.100q", i, got)
		}
		if bytes += len(field); len(l.long) <= before {
			forgot, bytes = true, len(field)
		}
		if bytes > maxKept {
			t.Fatalf("%d bytes of fields are kept after %d", bytes, i+1)
		}
	}
	if !forgot {
		t.Error("nothing was forgotten")
	}
}
