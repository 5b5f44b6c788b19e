package data

import (
	"hash/fnv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
)

// TestNGrams holds the rows against the published values of FNV-1a: 64 bits of "a",
// "b" and "foobar" are af63dc4c8601ec8c, af63df4c8601f1a5 and 85944171f73967e8.
func TestNGrams(t *testing.T) {
	const all = 1 << 40
	rows := func(text string, words, characters, buckets int) []int64 {
		return NGrams([][]string{strings.Fields(text)}, configs.NGrams{Words: words, Characters: characters, Buckets: buckets})[0]
	}
	of := func(grams ...string) []int64 { // by the standard library
		var list []int64
		for _, gram := range grams {
			h := fnv.New64a()
			h.Write([]byte(gram))
			list = append(list, int64(h.Sum64()%all))
		}
		slices.Sort(list)
		return list
	}
	tests := []struct {
		name      string
		got, want []int64
	}{
		{"published", rows("b a", 1, 0, all), []int64{0xaf63df4c8601f1a5 % all, 0xaf63dc4c8601ec8c % all}},
		{"published, longer", rows("foobar", 3, 0, 10), []int64{0x85944171f73967e8 % 10}},
		{"words", rows("a b c a", 3, 0, all), of("a", "b", "c", "a b", "b c", "c a", "a b c", "b c a")},
		{"characters", rows("été i", 0, 4, all), of("\x00<ét", "\x00été", "\x00té>", "\x00<été", "\x00été>", "\x00<i>")},
		{"both", rows("the", 1, 3, all), of("the", "\x00<th", "\x00the", "\x00he>")},
		{"not UTF-8", rows("\xff", 1, 3, all), of("\xff", "\x00<\xff>")},
		{"one row", rows("a b c", 2, 4, 1), []int64{0}},
		{"no word", rows("", 2, 0, all), of(UnknownWord)},
	}
	for _, test := range tests {
		slices.Sort(test.want)
		if d := cmp.Diff(test.want, test.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
	}
	if got := NGrams([][]string{{"a"}}, configs.NGrams{Buckets: 5}); got != nil {
		t.Errorf("off: %v", got)
	}
}

// TestBatchNGrams holds that a batch has those of its sentences, from a corpus as from
// words, once and twice, and whether a vocabulary knows the words or not.
func TestBatchNGrams(t *testing.T) {
	texts := []string{"good food !", "the food was not good !", "\u200b", "zorgle !"} // the third has no word
	var lines strings.Builder
	for _, text := range texts {
		lines.WriteString(`{"text": "` + text + `"}` + "\n")
	}
	c := configs.Default()
	set, err := OpenReader(t.Context(), "x.jsonl", strings.NewReader(lines.String()), c)
	if err != nil {
		t.Fatal(err)
	}
	ngrams := configs.NGrams{Words: 2, Buckets: 1 << 40}
	words := make([][]string, len(texts))
	for i, text := range texts {
		words[i] = strings.Fields(strings.Trim(text, "\u200b"))
	}
	known := NewVocabulary(map[string]int{"food": 1}, 1)
	loader := newLoader(t, set.Examples(set.All(), known).WithNGrams(ngrams), Options{BatchSize: 8})
	got := collect(t, loader, 0, 0)[0]
	want := NewBatch([][]int64{{1, 2, 1}, {1, 1, 2, 1, 1, 1}, nil, {1, 1}}, NGrams(words, ngrams))
	if d := cmp.Diff(want.NGrams, got.NGrams); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int64{0, 11, 16, 19, 20}, got.NGramBounds); d != "" {
		t.Errorf("where they begin (-want +got):\n%s", d)
	}
	both := got.Twice()
	if d := cmp.Diff([]int64{0, 11, 22, 27, 32, 35, 38, 39, 40}, both.NGramBounds); d != "" {
		t.Errorf("where they begin twice (-want +got):\n%s", d)
	}
	if d := cmp.Diff(append(got.NGrams[19:], got.NGrams[19:]...), both.NGrams[38:]); d != "" {
		t.Errorf("the last sentence's, twice (-want +got):\n%s", d)
	}
}
