package vectors

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	plainText  = "the 1 2 3\n, -0.5 0.25 1e-3\nfood 4 5 6\n"
	headerText = "3 3\n" + plainText
	winkText   = `{"precision":8,"size":3,"dimensions":3,"words":["the",",","food"],
"vectors":{"the":[1,2,3,3.7,0],",":[-0.5,0.25,1e-3,0.6,1],"food":[4,5,6,8.8,2]},"unkVector":[0,0,0,0,-1]}`
	winkLate = `{"vectors":{"the":[1,2,3,3.7,0],",":[-0.5,0.25,1e-3,0.6,1],"\u0066ood":[4,5,6,8.8,2]},"dimensions":3,"size":3}`
)

// write puts a file into a folder of the test and returns its path.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a file that must open.
func open(t testing.TB, path, dir string) *Table {
	t.Helper()
	table, err := Open(t.Context(), path, Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// word is word i of a table that has words rather than keys.
func (t *Table) word(i int) string { return string(t.image.word(i)) }

// contents lists a table's words with their vectors, copied.
func contents(t *Table) map[string][]float32 {
	all := map[string][]float32{}
	for i := range t.Len() {
		v, _ := t.Lookup(t.word(i))
		all[t.word(i)] = append([]float32(nil), v...)
	}
	return all
}

func TestOpenFormats(t *testing.T) {
	want := map[string][]float32{"the": {1, 2, 3}, ",": {-0.5, 0.25, 1e-3}, "food": {4, 5, 6}}
	tests := []struct {
		name    string
		content []byte
		format  Format
	}{
		{"text", []byte(plainText), Text},
		{"no newline at the end", []byte(strings.TrimSpace(plainText)), Text},
		{"tabs, trailing spaces and CRLF", []byte("the\t1\t2\t3 \r\n, -0.5 0.25 1e-3 \r\nfood 4 5 6\r\n\r\n"), Text},
		{"byte order mark", []byte(bom + plainText), Text},
		{"word2vec header", []byte(headerText), Text},
		{"gzip", zipped(t, plainText), Text},
		{"gzip with header", zipped(t, headerText), Text},
		{"wink JSON", []byte(winkText), JSON},
		{"wink JSON, sizes last", []byte(winkLate), JSON},
		{"wink JSON, gzip, byte order mark", zipped(t, bom+winkText), JSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "v", test.content), t.TempDir()
			for _, built := range []bool{true, false} {
				table := open(t, path, dir)
				if diff := cmp.Diff(want, contents(table)); diff != "" {
					t.Errorf("built %v: -want +got:\n%s", built, diff)
				}
				i := table.Info()
				if i.Built != built || i.Format != test.format || i.Note != "" || i.Cache == "" || i.Words != 3 || i.Dimension != 3 {
					t.Errorf("built %v: info %+v", built, i)
				}
				for _, word := range []string{"", "Food", "foo", "foodthe"} {
					if v, ok := table.Lookup(word); ok {
						t.Errorf("Lookup(%q) = %v", word, v)
					}
				}
			}
		})
	}
}

func TestProgress(t *testing.T) {
	path, dir := write(t, "v.txt", []byte(plainText)), t.TempDir()
	var done, total int64
	calls := 0
	opts := Options{CacheDir: dir, Progress: func(d, n int64) { done, total, calls = d, n, calls+1 }}
	for _, want := range []bool{true, false} {
		calls = 0
		table, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		table.Close()
		if (calls > 0) != want {
			t.Errorf("built %v: %d calls", want, calls)
		}
	}
	if size := int64(len(plainText)); done != size || total != size {
		t.Errorf("ended at %d of %d, want %d", done, total, size)
	}
}

func TestClose(t *testing.T) {
	table := open(t, write(t, "v.txt", []byte(plainText)), t.TempDir())
	for range 2 {
		if err := table.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if v, ok := table.Lookup("food"); ok || table.Len() != 0 || table.word(0) != "" {
		t.Errorf("after Close: %v, %d words", v, table.Len())
	}
	if _, _, err := table.Matrix([]string{"<pad>"}, Policy{}); err == nil {
		t.Error("Matrix of a closed table: no error")
	}
}
