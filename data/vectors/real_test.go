package vectors

import (
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// glove opens the real table named by ABSA_TEST_VECTORS, its cache in dir.
func glove(t testing.TB, dir string) *Table {
	t.Helper()
	path := os.Getenv("ABSA_TEST_VECTORS")
	if path == "" {
		path = "../raw/glove-100d.json"
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no %s: absa fetch glove-100d downloads it, or ABSA_TEST_VECTORS names it", path)
	}
	table, err := Open(t.Context(), path, Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

func TestRealTable(t *testing.T) {
	if testing.Short() {
		t.Skip("parses 300 MB; run without -short")
	}
	dir := t.TempDir()
	start := time.Now()
	first := glove(t, dir)
	t.Logf("first load: %v", time.Since(start))
	if i := first.Info(); !i.Built || i.Cache == "" || i.Note != "" || i.Format != JSON {
		t.Errorf("first load: %+v", i)
	}

	start = time.Now()
	table := glove(t, dir)
	for row := range 5000 {
		if _, ok := table.Lookup(table.word(row * 68)); !ok {
			t.Fatalf("word %d %q not found", row*68, table.word(row*68))
		}
	}
	took := time.Since(start)
	t.Logf("second load and 5,000 words: %v, %+v", took, table.Info())
	if took > 200*time.Millisecond {
		t.Errorf("second load took %v, want under 200ms", took)
	}
	if table.Len() != 341479 || table.Dimension() != 100 || table.Info().Built {
		t.Errorf("got %d x %d, built %v", table.Len(), table.Dimension(), table.Info().Built)
	}
	v, _ := table.Lookup("sandberger")
	if len(v) != 100 || v[0] != 0.28365 || v[99] != -0.15701 {
		t.Errorf("sandberger = %v", v)
	}
}

// BenchmarkSecondLoad opens a cached table and looks up 5,000 words.
func BenchmarkSecondLoad(b *testing.B) {
	dir := b.TempDir()
	table := glove(b, dir)
	words := make([]string, 5000)
	for i := range words {
		words[i] = table.word(i * 68)
	}
	for b.Loop() {
		table := glove(b, dir)
		for _, word := range words {
			if _, ok := table.Lookup(word); !ok {
				b.Fatalf("%q not found", word)
			}
		}
		table.Close()
	}
}

// TestRealCoverage holds the share of SemEval-2014's word types that the table
// has, tokenised much as by TreeBank's rules.
func TestRealCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("parses 300 MB; run without -short")
	}
	corpus := os.Getenv("ABSA_TEST_DATA")
	if corpus == "" {
		t.Skip("ABSA_TEST_DATA does not name the folder of the corpora")
	}
	words := append([]string{"<pad>", "<unk>"}, wordTypes(t, filepath.Join(corpus, "semeval2014", "Restaurants_Train_v2.xml"))...)
	table := glove(t, t.TempDir())
	tests := []struct {
		name      string
		policy    Policy
		low, high float64
	}{
		{"as they stand", Policy{}, 0.89, 0.90},
		{"with aliases", Policy{Aliases: true}, 0.92, 0.95},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, c, err := table.Matrix(words, test.policy)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d word types: %d exact, %d folded, %d aliased, %d unknown; share %.4f", c.Words, c.Exact, c.Folded, c.Aliased, c.Unknown, c.Share())
			if got := c.Share(); got < test.low || got > test.high {
				t.Errorf("share %.4f, want %.2f to %.2f", got, test.low, test.high)
			}
		})
	}
}

// wordTypes lists the distinct tokens of a corpus in order of appearance.
func wordTypes(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Texts []string `xml:"sentence>text"`
	}
	if err := xml.Unmarshal(b, &corpus); err != nil {
		t.Fatal(err)
	}
	contraction := regexp.MustCompile(`n't\b|'(?:s|m|re|ve|ll|d)\b`)
	token := regexp.MustCompile(`n't|'(?:s|m|re|ve|ll|d)\b|[\pL\pN]+(?:[-'][\pL\pN]+)*|[^\pL\pN\s]`)
	seen := map[string]bool{}
	var types []string
	for _, text := range corpus.Texts {
		text = strings.ReplaceAll(strings.ToLower(text), "’", "'")
		for _, word := range token.FindAllString(contraction.ReplaceAllString(text, " $0"), -1) {
			if !seen[word] {
				seen[word] = true
				types = append(types, word)
			}
		}
	}
	return types
}
