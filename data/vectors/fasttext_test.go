package vectors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fastTextModel is what a test wants in a model's file.
type fastTextModel struct {
	version           int32 // 0: 12
	supervised        bool
	words, labels     []string
	shortest, longest int32
	buckets           int32
	dimension         int32
	rows              [][]float32
}

func (m fastTextModel) head() fastTextHead {
	h := fastTextHead{
		Magic: fastTextMagic, Version: 12, Dimension: m.dimension, Model: 2,
		Buckets: m.buckets, Shortest: m.shortest, Longest: m.longest,
		Entries: int32(len(m.words) + len(m.labels)), Words: int32(len(m.words)), Labels: int32(len(m.labels)),
		Pruned: fastTextNotPruned,
	}
	if m.version != 0 {
		h.Version = m.version
	}
	if m.supervised {
		h.Model = fastTextSupervised
	}
	return h
}

// bytes is the file, up to the matrix that is not read.
func (m fastTextModel) bytes() []byte {
	var b bytes.Buffer
	put := func(data any) { binary.Write(&b, binary.LittleEndian, data) }
	put(m.head())
	for i, word := range append(append([]string(nil), m.words...), m.labels...) {
		b.WriteString(word + "\x00")
		put(int64(5))
		put(i >= len(m.words))
	}
	put(false)
	put([]int64{int64(len(m.rows)), int64(m.dimension)})
	for _, row := range m.rows {
		put(row)
	}
	return b.Bytes()
}

func tinyModel() fastTextModel {
	return fastTextModel{
		words: []string{"not", "food"}, labels: []string{"__label__x"}, shortest: 4, longest: 4, buckets: 2, dimension: 2,
		rows: [][]float32{{1, -1}, {2, -2}, {7, -7}, {7, -7}},
	}
}

// changed is the file of the tiny model with some bytes replaced.
func changed(at int, by ...byte) []byte {
	b := tinyModel().bytes()
	copy(b[at:], by)
	return b
}

func TestFastTextRefuses(t *testing.T) {
	whole := tinyModel().bytes()
	matrix := len(whole) - 4*2*4 - 17
	nan := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	twice := tinyModel()
	twice.words[1] = "not"
	noBuckets := tinyModel()
	noBuckets.buckets, noBuckets.rows = 0, noBuckets.rows[:2]
	tests := []struct {
		name    string
		content []byte
		want    string
		format  bool // wraps ErrFormat
	}{
		{"settings cut off", whole[:50], "at byte 0: the file ends in the middle of its settings (is it complete?)", false},
		{"dictionary cut off", whole[:95], "at byte 92: the file ends in the middle of the dictionary", false},
		{"matrix cut off", whole[:matrix+4], "the file ends in the middle of its matrix", false},
		{"vectors cut off", whole[:len(whole)-1], "the file ends in the middle of a vector", false},
		{"version", changed(4, 13), "at byte 4: version 13", true},
		{"dimension", changed(8, 0, 0, 0, 0x80), "at byte 8: dimension -2147483648, want 2 to 65536", false},
		{"buckets below zero", changed(40, 0, 0, 0, 0x80), "-2147483648 buckets", false},
		{"endless subwords", changed(48, 0xff, 0xff, 0xff, 0x7f), "subwords of 4 to 2147483647 characters", false},
		{"no words", changed(68, 0), "3 entries, 0 words and 1 labels", false},
		{"entries below zero", changed(64, 0xff, 0xff, 0xff, 0xff), "-1 entries", false},
		{"absurd entries", append(append(changed(64, 0xff, 0xff, 0xff, 0x7f)[:68], 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0), whole[76:]...), "of kind 1, with 2147483647 words before the labels", false},
		{"pruned", changed(84, 3, 0, 0, 0, 0, 0, 0, 0), ".ftz", true},
		{"quantised", changed(matrix, 1), ".ftz", true},
		{"matrix of other size", changed(matrix+1, 9), "a matrix [9, 2], want [4, 2]", false},
		{"matrix below zero", changed(matrix+8, 0x80), "want [4, 2]", false},
		{"not a number", changed(matrix+17+12, nan...), "value 2 of 2 of a vector is NaN", false},
		{"a word twice", twice.bytes(), `entry 2 of the dictionary, "not", stands twice`, false},
		{"an empty word", changed(92, 0), "entry 1 of the dictionary: an entry without a word", false},
		{"a label among words", changed(104, 1), "entry 1 of the dictionary is of kind 1", false},
		{"no end of a word", append(append([]byte(nil), whole[:92]...), strings.Repeat("a", 2<<20)...), "the dictionary of more than 1048576 bytes", true},
		{"no buckets", noBuckets.bytes(), "subwords of 4 to 4 characters, but no buckets", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "m.bin", test.content)
			_, err := Open(t.Context(), path, Options{CacheDir: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v\nwant %s ... %s", err, path, test.want)
			}
			if got := errors.Is(err, ErrFormat); got != test.format {
				t.Errorf("errors.Is(ErrFormat) = %v: %v", got, err)
			}
		})
	}
}

func TestFastTextForms(t *testing.T) {
	composed := map[string][]float32{"not": {5, -5}, "food": {5.75, -5.75}}
	own := map[string][]float32{"not": {1, -1}, "food": {2, -2}}
	change := func(f func(*fastTextModel)) []byte {
		m := tinyModel()
		f(&m)
		return m.bytes()
	}
	tests := []struct {
		name    string
		content []byte
		want    map[string][]float32
	}{
		{"version 12", tinyModel().bytes(), composed},
		{"version 11", change(func(m *fastTextModel) { m.version = 11 }), composed},
		{"classifier", change(func(m *fastTextModel) { m.supervised = true }), composed},
		{"classifier of version 11, trained without subwords", change(func(m *fastTextModel) { m.supervised, m.version = true, 11 }), own},
		{"buckets of phrases alone", change(func(m *fastTextModel) { m.longest = 0 }), own},
		{"what is after its rows does not matter", append(tinyModel().bytes(), "output"...), composed},
		{"gzip", zipped(t, string(tinyModel().bytes())), composed},
		{"a word that is not UTF-8", change(func(m *fastTextModel) { m.words[0], m.longest = "n\xff", 0 }), map[string][]float32{"n\xff": {1, -1}, "food": {2, -2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "m", test.content), t.TempDir()
			for range 2 {
				table := open(t, path, dir)
				if diff := cmp.Diff(test.want, contents(table)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				if v, ok := table.Lookup("__label__x"); ok {
					t.Errorf("the label has a vector: %v", v)
				}
				sum, squares := make([]float64, 2), 0.0
				for _, v := range test.want {
					for i, x := range v {
						sum[i] += float64(x)
						squares += float64(x) * float64(x)
					}
				}
				mean := []float32{float32(sum[0] / 2), float32(sum[1] / 2)} // and the mean of all four values is 0
				if got, want := table.Info().Std, math.Sqrt(squares/4); math.Abs(got-want) > 1e-9 {
					t.Errorf("std %v, want %v as the words' vectors have", got, want)
				}
				if diff := cmp.Diff(mean, table.image.mean); diff != "" {
					t.Errorf("mean: %s", diff)
				}
			}
		})
	}
}

// A word whose rows sum to more than float32 holds has no vector, and does not
// spoil the mean.
func TestFastTextOverflow(t *testing.T) {
	m := tinyModel()
	m.rows = [][]float32{{3e38, -1}, {2, -2}, {3e38, 7}, {3e38, 7}}
	table := open(t, write(t, "m.bin", m.bytes()), t.TempDir())
	for _, word := range []string{"not", "food"} {
		if v, ok := table.Lookup(word); ok {
			t.Errorf("%q = %v", word, v)
		}
	}
	rows, c, err := table.Matrix([]string{"<pad>", "<unk>", "not", "soup"}, Policy{Unknown: Mean})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(make([]float32, 8), rows); diff != "" || c.Unknown != 2 || table.Info().Std != 0 {
		t.Errorf("%+v, std %v: %s", c, table.Info().Std, diff)
	}
}
