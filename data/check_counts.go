package data

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of what is counted, for a file that is no text.
const (
	maxLength   = 4096    // tokens of a sentence
	maxWords    = 1 << 18 // different words
	maxWordSize = 64      // bytes of a word
)

// Lengths says how many tokens sentences have.
type Lengths struct {
	Median  int     `json:"median"`
	P90     int     `json:"p90"`
	P99     int     `json:"p99"`
	Longest int     `json:"longest"` // counted to 4096
	Empty   int     `json:"empty"`   // sentences of which cleaning leaves no token
	Cut     float64 `json:"cut"`     // share of sentences longer than text.max_tokens
}

// lengthCounts has the number of sentences by tokens.
type lengthCounts struct {
	by    []int // up to maxLength, which has all that are longer too
	limit int   // text.max_tokens
	cut   int   // sentences longer than the limit
}

func newLengthCounts(limit int) *lengthCounts { return &lengthCounts{limit: limit} }

func (l *lengthCounts) add(n int) {
	if n > l.limit {
		l.cut++
	}
	n = min(n, maxLength)
	for len(l.by) <= n {
		l.by = append(l.by, 0)
	}
	l.by[n]++
}

func (l *lengthCounts) summary() (s Lengths) {
	total := 0
	for _, n := range l.by {
		total += n
	}
	if total == 0 {
		return s
	}
	seen := 0
	for length, n := range l.by {
		for _, p := range []struct {
			percent int
			to      *int
		}{{50, &s.Median}, {90, &s.P90}, {99, &s.P99}} {
			if 100*seen < p.percent*total && 100*(seen+n) >= p.percent*total {
				*p.to = length
			}
		}
		seen += n
	}
	s.Longest, s.Empty, s.Cut = len(l.by)-1, l.by[0], float64(l.cut)/float64(total)
	return s
}

// Words says how many words there are.
type Words struct {
	Tokens int    `json:"tokens"`
	Types  int    `json:"types"`           // different words; those longer than 64 bytes and those beyond a quarter of a million are not counted
	Known  *Known `json:"known,omitempty"` // nil where nobody can say
}

// Known says how many of the words that are counted by type have a vector of
// their own.
type Known struct {
	Tokens  float64     `json:"tokens"`  // shares, in [0,1]
	Types   float64     `json:"types"`   //
	Missing []WordCount `json:"missing"` // the most frequent others

	// Subwords are the different words whose vector is made of their subwords;
	// whoever has the vectors counts them.
	Subwords int `json:"subwords,omitempty"`
}

// WordCount is how often a word is there.
type WordCount struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

type wordCounts struct {
	tokens int
	counts map[string]int
}

func newWordCounts() *wordCounts { return &wordCounts{counts: map[string]int{}} }

func (w *wordCounts) add(tokens []string) {
	w.tokens += len(tokens)
	for _, word := range tokens {
		if n, ok := w.counts[word]; ok {
			w.counts[word] = n + 1
		} else if len(w.counts) < maxWords && len(word) <= maxWordSize {
			w.counts[strings.Clone(word)] = 1 // not a piece of a long text, which it would keep
		}
	}
}

// summary counts the words that are known; knows may be nil.
func (w *wordCounts) summary(knows func(string) bool) Words {
	s := Words{Tokens: w.tokens, Types: len(w.counts)}
	if knows == nil || w.tokens == 0 {
		return s
	}
	counted, tokens, types, missing := 0, 0, 0, []WordCount{}
	for word, n := range w.counts {
		counted += n
		if knows(word) {
			tokens += n
			types++
		} else {
			missing = append(missing, WordCount{word, n})
		}
	}
	slices.SortFunc(missing, func(a, b WordCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	s.Known = &Known{
		Tokens: float64(tokens) / float64(max(1, counted)), Types: float64(types) / float64(max(1, s.Types)),
		Missing: slices.Clone(missing[:min(len(missing), 10)]),
	}
	return s
}
