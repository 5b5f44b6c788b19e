package vectors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// word2vec is a binary file of these words, word i with the vector [i, -i].
func word2vec(newlines bool, words ...string) []byte {
	b := fmt.Appendf(nil, "%d 2\n", len(words))
	for i, word := range words {
		b = append(b, word+" "...)
		for _, v := range []float32{float32(i), -float32(i)} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		if newlines {
			b = append(b, '\n')
		}
	}
	return b
}

func TestWord2vecForms(t *testing.T) {
	want := map[string][]float32{"the": {0, 0}, "food": {1, -1}, "寿司": {2, -2}}
	tests := []struct {
		name    string
		content []byte
	}{
		{"gensim", word2vec(false, "the", "food", "寿司")},
		{"the original tool", word2vec(true, "the", "food", "寿司")},
		{"gzip", zipped(t, string(word2vec(true, "the", "food", "寿司")))},
		{"a word twice", word2vec(false, "the", "food", "寿司", "food")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "v", test.content), t.TempDir()
			for range 2 {
				table := open(t, path, dir)
				if i := table.Info(); i.Format != Word2vec || i.Words != 3 {
					t.Errorf("info %+v", i)
				}
				got := contents(table)
				got["the"][1] = 0 // not -0
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestWord2vecRefuses(t *testing.T) {
	whole := word2vec(false, "the", "food")
	tests := []struct {
		name, content, want string
		format              bool // wraps ErrFormat
	}{
		{"cut off in a vector", string(whole[:len(whole)-1]), "at byte 21: the file ends in the middle of a vector (is it complete?)", false},
		{"cut off in a word", string(whole[:18]), "at byte 16: the file ends in the middle of word 2 of 2", false},
		{"fewer words than announced", "9" + string(whole[1:]), "the file ends in the middle of word 3 of 9", false},
		{"absurd count", "9000000000000000000" + string(whole[1:]), "the file ends in the middle of word 3 of 9000000000000000000", false},
		{"more", string(whole) + "x", "at byte 29: more follows", false},
		{"dimension 1", "2 1\n" + string(whole[4:]), "dimension 1, want 2 to 65536", true},
		{"absurd dimension", "2 70000\n" + string(whole[4:]), "dimension 70000, want 2 to 65536", true},
		{"not a number", string(whole[:8]) + "\x00\x00\xc0\x7f" + string(whole[12:]), "at byte 8: value 1 of 2 of a vector is NaN", false},
		{"infinite", string(whole[:8]) + "\x00\x00\x80\xff" + string(whole[12:]), "is -Inf", false},
		{"not UTF-8", string(word2vec(false, "the", "caf\xe9")), `at byte 16: word 2, "caf\xe9", is not UTF-8`, false},
		{"no word", string(word2vec(false, "the", "")), "word 2, \"\": an entry without a word", false},
		{"endless word", string(whole[:16]) + strings.Repeat("a", 2<<20), "word 2 of 2 of more than 1048576 bytes", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "v.bin", []byte(test.content)), t.TempDir()
			_, err := Open(t.Context(), path, Options{CacheDir: dir})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v\nwant %s ... %s", err, path, test.want)
			}
			if got := errors.Is(err, ErrFormat); got != test.format {
				t.Errorf("errors.Is(ErrFormat) = %v: %v", got, err)
			}
		})
	}
}

func TestLooksWord2vec(t *testing.T) {
	tests := []struct {
		name, head string
		want       bool
	}{
		{"binary", string(word2vec(false, "the", "food")), true},
		{"binary without zero bytes", "2 2\nthe \xcd\xcc\xcc\x3d\xcd\xcc\xcc\x3dfood \xcd\xcc\xcc\x3d\xcd\xcc\xcc\x3d", true},
		{"text", headerText, false},
		{"text, in Latin-1", "1 2\ncaf\xe9 1 2\n", false},
		{"text, words with spaces", "1 2\nat name@example.com 1 2\n", false},
		{"text, a no-break space in the first word", "2000 8\na\u00a0b 1 2 3 4 5 6 7 8\n", false},
		{"text in Latin-1, a space in the first word", "2000 8\ncaf\xe9 au 1 2 3 4 5 6 7 8\n", false},
		{"text whose head ends within a character", ("2000 3\n" + strings.Repeat("a b 0.5 1 2\n", 42) + "\u5bff")[:headSize], false},
		{"text whose head ends within its first line", ("2 300\n\u00a0caf\xe9" + strings.Repeat(" -0.25", 300))[:headSize], false},
		{"text, CRLF", "1 2\r\nthe 1 2\r\n", false},
		{"text without header", plainText, false},
		{"nothing", "", false},
	}
	for _, test := range tests {
		if got := looksWord2vec([]byte(test.head)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
