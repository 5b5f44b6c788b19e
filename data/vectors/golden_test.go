package vectors

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoldens compares with what gensim, fasttext and spaCy said of small files
// of theirs.
func TestGoldens(t *testing.T) { compareWithLibraries(t, "testdata", 60) }

// TestLibraries has the libraries make larger files, of other words.
func TestLibraries(t *testing.T) {
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has gensim, fasttext and spaCy (make venv)")
	}
	folder := t.TempDir()
	script := filepath.Join("..", "..", "reference", "golden_vectors.py")
	out, err := exec.Command(python, script, "--out", folder, "--words", "1500", "--size", "25", "--buckets", "5000").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v (make venv installs the libraries)\n%s", script, err, out)
	}
	compareWithLibraries(t, folder, 1000)
}

// compareWithLibraries opens what reference/golden_vectors.py wrote, at first
// and from the cache, and wants every word's vector to the bit; at least so many
// words of each file have one.
func compareWithLibraries(t *testing.T, folder string, least int) {
	b, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]json.RawMessage
	if err := json.Unmarshal(b, &files); err != nil {
		t.Fatal(err)
	}
	var symbols map[string]uint64
	if err := json.Unmarshal(files["symbols"], &symbols); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(symbols, spacySymbols()); diff != "" {
		t.Errorf("spaCy's symbols: %s", diff)
	}
	delete(files, "symbols")
	formats := map[string]Format{
		"word2vec.bin": Word2vec, "word2vec-c.bin": Word2vec, "word2vec.txt": Text,
		"fasttext.bin": FastText, "supervised.bin": FastText, "fasttext.vec": Text,
		"spacy": SpaCy, "lower": SpaCy,
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(formats)), slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("files: %s", diff)
	}
	for name, raw := range files {
		t.Run(name, func(t *testing.T) {
			var words map[string][]float32 // nil: the library has none
			if err := json.Unmarshal(raw, &words); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, built := range []bool{true, false} {
				table := open(t, filepath.Join(folder, name), dir)
				if i := table.Info(); i.Built != built || i.Format != formats[name] || i.Note != "" {
					t.Errorf("info %+v", i)
				}
				found := 0
				for word, want := range words {
					got := vectorOf(table, word)
					if got != nil {
						found++
					}
					if !slices.EqualFunc(got, want, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }) {
						t.Errorf("built %v: %q = %v, want %v", built, word, got, want)
					}
				}
				if found < least {
					t.Errorf("%d of %d words have a vector, want at least %d", found, len(words), least)
				}
			}
		})
	}
}

// vectorOf is the vector of a word in the table or of its subwords, nil if there
// is none.
func vectorOf(t *Table, word string) []float32 {
	if v, ok := t.Lookup(word); ok {
		return v
	}
	v := make([]float32, t.Dimension())
	if !t.image.compose(v, word, -1) {
		return nil
	}
	return v
}
