package vectors

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSubwords holds which n-grams a word has, and in which order.
func TestSubwords(t *testing.T) {
	const buckets = 1 << 30
	tests := []struct {
		name, word        string
		shortest, longest int
		want              []string
	}{
		{"pairs and triples", "ab", 2, 3, []string{"<a", "<ab", "ab", "ab>", "b>"}},
		{"single characters, the brackets left out", "ab", 1, 1, []string{"a", "b"}},
		{"brackets of the word's own", "<", 1, 2, []string{"<<", "<", "<>"}},
		{"up to the whole word", "a", 3, 6, []string{"<a>"}},
		{"characters of several bytes", "né寿🍣", 2, 2, []string{"<n", "né", "é寿", "寿🍣", "🍣>"}},
		{"bytes that are no UTF-8", "a\x80\x80b", 2, 2, []string{"<a\x80\x80", "a\x80\x80b", "b>"}},
		{"too short a word", "a", 4, 6, nil},
		{"shortest above longest", "abc", 3, 2, nil},
		{"end of a sentence", "</s>", 1, 3, nil},
		{"no word", "", 2, 3, []string{"<>"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var want, got []int
			for _, ngram := range test.want {
				hash := uint32(2166136261)
				for _, c := range []byte(ngram) {
					hash = subwordHash(hash, c)
				}
				want = append(want, int(hash%buckets))
			}
			subwords{test.shortest, test.longest, buckets}.each(test.word, func(bucket int) { got = append(got, bucket) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestMatrixSubwords holds the order in which a word of a model with subwords
// is looked for, and that Knows and the counts agree with it.
func TestMatrixSubwords(t *testing.T) {
	model := fastTextModel{words: []string{"not", "food"}, shortest: 4, longest: 4, buckets: 2, dimension: 2}
	// Own rows 1 and 2 times [1, -1]; whatever bucket a subword has, it holds 7.
	model.rows = [][]float32{{1, -1}, {2, -2}, {7, -7}, {7, -7}}
	table := open(t, write(t, "m.bin", model.bytes()), t.TempDir())
	words := []string{"<pad>", "<unk>", "food", "FOOD", "n't", "zebra", "it"}
	tests := []struct {
		name   string
		policy Policy
		want   []float32
		count  Coverage
	}{
		// "<not>" has 2 subwords, "<food>" 3, "<n't>" 2, "<it>" 1.
		{"aliases", Policy{Unknown: Zero, Aliases: true}, []float32{0, 0, 23. / 4, 23. / 4, 5, 7, 7}, Coverage{Words: 5, Exact: 1, Folded: 1, Aliased: 1, Subwords: 2}},
		{"no aliases, mean", Policy{Unknown: Mean}, []float32{0, (5 + 23./4) / 2, 23. / 4, 23. / 4, 7, 7, 7}, Coverage{Words: 5, Exact: 1, Folded: 1, Subwords: 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, c, err := table.Matrix(words, test.policy)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, firsts(rows)); diff != "" {
				t.Errorf("rows: %s", diff)
			}
			if diff := cmp.Diff(test.count, c); diff != "" {
				t.Errorf("coverage: %s", diff)
			}
			knows := table.Knows(test.policy)
			made := 0
			for _, word := range words[2:] {
				known, subwords := knows(word)
				if !known {
					t.Errorf("%q is not known", word)
				}
				if subwords {
					made++
				}
			}
			if made != test.count.Subwords {
				t.Errorf("%d known by their subwords, want %d", made, test.count.Subwords)
			}
		})
	}
	without := fastTextModel{words: []string{"not"}, dimension: 2, rows: [][]float32{{1, -1}}}
	table = open(t, write(t, "m.bin", without.bytes()), t.TempDir())
	if _, c, err := table.Matrix(words, Policy{}); err != nil || c.Unknown != 5 {
		t.Errorf("a model without subwords: %+v, %v", c, err)
	}
	if known, subwords := table.Knows(Policy{})("zebra"); known || subwords {
		t.Errorf("a model without subwords: known %v, by subwords %v", known, subwords)
	}
}
