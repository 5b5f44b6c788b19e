package vectors

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, content, want string
		format              bool // wraps ErrFormat
	}{
		{"empty", "", "is empty", true},
		{"blank", " \n\n", "is empty", true},
		{"XML", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n", ":1: \"version=\\\"1.0\\\"\" after the word, want a number", true},
		{"word counts", "the 100\n, 99\n", ":1: 1 numbers after the word", true},
		{"binary", "the \x00\x00\x80", "binary content", true},
		{"pickle", "\x80\x04\x95\x00", "a Python pickle", true},
		{"array of NumPy", "\x93NUMPY\x01\x00", "of a spaCy model, name the folder", true},
		{"zip archive", "PK\x03\x04abc", "zip archive, unpack it first", true},
		{"long line", strings.Repeat("a", 2<<20), "more than 1048576 bytes", true},
		{"short line", "the 1 2 3\nfood 1 2\n", `:2: word "food" has dimension 2, want 3`, false},
		{"long line of numbers", "the 1 2 3\nfood 1 2 3 4\n", `:2: word "food" has dimension 4, want 3`, false},
		{"header's dimension", "1 4\nthe 1 2 3\n", `:2: word "the" has dimension 3, want 4`, false},
		{"header alone", "1 4\n", "no vectors in it", true},
		{"header's count", "4 3\n" + plainText, "3 vectors, its first line announces 4", false},
		{"no word", "the 1 2 3\n 1 2 3\n", ":2: a line without a word", false},
		{"not a number", "the 1 2 3\nfood 1 x 3\n", `:2: word "food", value 2 of 3: "x" is not a number`, false},
		{"NaN", "the 1 2 3\nfood 1 NaN 3\n", "is not a finite number", false},
		{"infinite", "the 1 2 3\nfood 1 2 -inf\n", "is not a finite number", false},
		{"overflow", "the 1 2 3\nfood 1 2 1e39\n", "is not a finite number", false},
		{"JSON without vectors", `{"size":3}`, `no key "vectors"`, true},
		{"JSON, no words", `{"vectors":{}}`, `no words under "vectors"`, true},
		{"JSON, length", `{"vectors":{"a":[1,2,3,4],"b":[1,2,3]}}`, `word "b": 3 numbers, want 4 (dimension 2`, false},
		{"JSON, announced dimension", `{"dimensions":3,"vectors":{"a":[1,2,3,4]}}`, `word "a": 4 numbers, want 5`, false},
		{"JSON, dimension afterwards", `{"vectors":{"a":[1,2,3,4]},"dimensions":3}`, `dimension 2, but "dimensions" is 3`, false},
		{"JSON, dimension below zero", `{"dimensions":-1,"vectors":{"a":[1]}}`, `dimension 0, want 2`, false},
		{"JSON, size", `{"size":2,"vectors":{"a":[1,2,3,4]}}`, `1 vectors, but "size" is 2`, false},
		{"JSON, null", `{"vectors":{"a":[1,2,3,4],"b":[1,null,3,4]}}`, `word "b": value 2 of 2: "null" is not a number`, false},
		{"JSON, string", `{"vectors":{"a":["1",2,3,4]}}`, "is not a number", false},
		{"JSON, nested", `{"vectors":{"a":[[1,2],3,4]}}`, "is not a number", false},
		{"JSON, no list", `{"vectors":{"a":{"b":1}}}`, "want a list of numbers", false},
		{"JSON, overflow", `{"vectors":{"a":[1e39,2,3,4]}}`, "is not a finite number", false},
		{"JSON, empty word", `{"vectors":{"":[1,2,3,4]}}`, "without a word", false},
		{"JSON, cut off", winkText[:150], "ends in the middle", false},
		{"JSON, cut off after a comma", winkText[:len(winkText)/2], "ends in the middle", false},
		{"JSON, more", `{"vectors":{"a":[1,2,3,4]}} {}`, "more follows", false},
		{"JSON, twice", `{"vectors":{"a":[1,2,3,4]},"vectors":{}}`, "a second key", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "v.txt", []byte(test.content)), t.TempDir()
			table, err := Open(t.Context(), path, Options{CacheDir: dir})
			if err == nil {
				t.Fatalf("opened: %v", contents(table))
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v\nwant %s ... %s", err, path, test.want)
			}
			if got := errors.Is(err, ErrFormat); got != test.format {
				t.Errorf("errors.Is(ErrFormat) = %v: %v", got, err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left in the cache folder: %v", left)
			}
		})
	}
}

func TestOpenNoFile(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "none.txt"), Options{CacheDir: t.TempDir()})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "absa fetch glove-100d") {
		t.Errorf("missing file: %v", err)
	}
	if _, err = Open(t.Context(), "", Options{}); err == nil || !strings.Contains(err.Error(), "vectors.path") {
		t.Errorf("no name: %v", err)
	}
	if _, err = Open(t.Context(), t.TempDir(), Options{}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "without word vectors of spaCy") {
		t.Errorf("folder: %v", err)
	}
	if _, err = Open(t.Context(), os.DevNull, Options{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("device: %v", err)
	}
}

// TestGzipFaults holds what is said of a compressed file that is not whole.
func TestGzipFaults(t *testing.T) {
	text, model := zipped(t, strings.Repeat("word 1 2 3\n", 5000)), zipped(t, string(tinyModel().bytes())+strings.Repeat("output", 1<<20))
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"text, cut off", text[:len(text)-10], ":5001: read: the compressed file ends in the middle"},
		{"text, cut off in its head", text[:5], "the compressed file ends in the middle"},
		{"text, more", append(bytes.Clone(text), "more"...), "the compressed file ends in the middle"},
		{"text, much more", append(bytes.Clone(text), strings.Repeat("more", 10)...), "what follows the end of the compressed content is not of gzip"},
		{"text, checksum", flip(text, len(text)-8), "the compressed file is damaged: gzip: invalid checksum"},
		{"model, cut off behind its rows", model[:len(model)-10], "the compressed file ends in the middle"},
		{"model, checksum", flip(model, len(model)-8), "the compressed file is damaged: gzip: invalid checksum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(t.Context(), write(t, "v.gz", test.content), Options{CacheDir: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant ... %s", err, test.want)
			}
		})
	}
}

func TestWordsWithSpacesAndDuplicates(t *testing.T) {
	table := open(t, write(t, "v.txt", []byte("the 1 2\n. . . 3 4\nat name@example.com 5 6\na\u00a0b 7 8\nthe 9 9\n. . . 9 9\n")), t.TempDir())
	want := map[string][]float32{"the": {1, 2}, ". . .": {3, 4}, "at name@example.com": {5, 6}, "a\u00a0b": {7, 8}}
	if diff := cmp.Diff(want, contents(table)); diff != "" {
		t.Error(diff)
	}
	if got := table.Info().Duplicates; got != 2 {
		t.Errorf("%d duplicates, want 2", got)
	}
}
