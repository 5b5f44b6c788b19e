package vectors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// numpyArray is a file of numpy.save.
func numpyArray(description string, rows ...[]float32) []byte {
	b := append([]byte(numpyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(description)))
	b = append(b, description...)
	for _, row := range rows {
		b, _ = binary.Append(b, binary.LittleEndian, row)
	}
	return b
}

// described is the description of an array of so many rows of two values.
func described(rows int) string {
	return fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2), }\n", rows)
}

// keysOf is key2row, each word with the row of its place.
func keysOf(words ...string) []byte {
	b := []byte{0x80 | byte(len(words))}
	symbols := spacySymbols()
	for row, word := range words {
		b = append(b, 0xcf)
		b = binary.BigEndian.AppendUint64(b, spacyKey(word, false, symbols))
		b = append(b, byte(row))
	}
	return b
}

// spacyModel writes the files of a vocabulary under a folder.
func spacyModel(t testing.TB, vocab string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(vocab, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(vocab, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tinySpacy has two rows and three words.
func tinySpacy() map[string][]byte {
	keys := append(keysOf("the", "food"), 0xcf)
	keys = binary.BigEndian.AppendUint64(keys, spacyKey("meal", false, spacySymbols()))
	keys = append(keys, 0xcd, 0, 1)
	keys[0]++
	return map[string][]byte{
		"vectors":     numpyArray(described(2), []float32{1, 2}, []float32{3, 4}),
		"key2row":     keys,
		"vectors.cfg": []byte(`{"mode":"default"}`),
	}
}

// TestSpacyPaths holds that the folders around the files name one source.
func TestSpacyPaths(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	spacyModel(t, filepath.Join(root, "en_core", "en_core-3.8.0", "vocab"), tinySpacy())
	for i, path := range []string{"en_core", "en_core/en_core-3.8.0", "en_core/en_core-3.8.0/vocab", "en_core/en_core-3.8.0/vocab/"} {
		table := open(t, filepath.Join(root, path), dir)
		if info := table.Info(); info.Built != (i == 0) || info.Format != SpaCy || info.Words != 3 || info.Note != "" || !strings.HasPrefix(filepath.Base(info.Cache), "en_core-3.8.0-") {
			t.Errorf("%s: info %+v", path, info)
		}
		for word, want := range map[string][]float32{"the": {1, 2}, "food": {3, 4}, "meal": {3, 4}, "Food": nil, "": nil} {
			if v, ok := table.Lookup(word); ok != (want != nil) || !cmp.Equal(v, want) {
				t.Errorf("%s: %q = %v, want %v", path, word, v, want)
			}
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("cache folder holds %v, want one file", files)
	}
	spacyModel(t, filepath.Join(root, "en_core", "en_core-3.7.0", "vocab"), tinySpacy())
	if _, err := Open(t.Context(), filepath.Join(root, "en_core"), Options{CacheDir: dir}); err == nil || !strings.Contains(err.Error(), "several models") || !strings.Contains(err.Error(), "en_core-3.7.0") {
		t.Errorf("two versions: %v", err)
	}
}

// TestSpacyChanged holds that a change of any of the files is seen.
func TestSpacyChanged(t *testing.T) {
	for _, name := range []string{"vectors", "key2row", "vectors.cfg"} {
		t.Run(name, func(t *testing.T) {
			vocab, dir := filepath.Join(t.TempDir(), "vocab"), t.TempDir()
			files := tinySpacy()
			spacyModel(t, vocab, files)
			open(t, vocab, dir)
			path := filepath.Join(vocab, name)
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
			if i := open(t, vocab, dir).Info(); !i.Built || i.Note != "" {
				t.Errorf("info %+v", i)
			}
		})
	}
	vocab, dir := filepath.Join(t.TempDir(), "vocab"), t.TempDir()
	files := tinySpacy()
	cfg := files["vectors.cfg"]
	delete(files, "vectors.cfg") // as in models of spaCy 2
	spacyModel(t, vocab, files)
	if table := open(t, vocab, dir); table.Len() != 3 {
		t.Errorf("without vectors.cfg: %d words", table.Len())
	}
	spacyModel(t, vocab, map[string][]byte{"vectors.cfg": cfg})
	if i := open(t, vocab, dir).Info(); !i.Built {
		t.Errorf("a new file is not seen: %+v", i)
	}
}

func TestSpacyRefuses(t *testing.T) {
	tests := []struct {
		name, file, content, want string
		format                    bool // wraps ErrFormat
	}{
		{"no array", "vectors", "an array, as one would hope", "want an array of NumPy", true},
		{"empty", "vectors", "", "at byte 0: the file ends in the middle of an array", false},
		{"no vectors, as in _sm", "vectors", string(numpyArray("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 0), }")), "this model has no word vectors", true},
		{"half precision", "vectors", string(numpyArray(strings.Replace(described(2), "<f4", "<f2", 1))), "want '<f4'", true},
		{"Fortran's order", "vectors", string(numpyArray(strings.Replace(described(2), "False", "True", 1))), "not in Fortran's order", true},
		{"one dimension", "vectors", string(numpyArray("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")), "with two dimensions", true},
		{"absurd shape", "vectors", string(numpyArray("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2), }")), "out of range", false},
		{"too many rows", "vectors", string(numpyArray("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 2), }")), "want at most 2147483647 vectors", false},
		{"endless description", "vectors", numpyMagic + "\x02\x00\xff\xff\xff\xff", "a description of 4294967295 bytes", false},
		{"fewer rows", "vectors", string(numpyArray(described(2), []float32{1, 2})), "the file ends in the middle of a vector", false},
		{"more rows", "vectors", string(numpyArray(described(2), []float32{1, 2}, []float32{1, 2}, []float32{1, 2})), "more follows", false},
		{"not a number", "vectors", string(numpyArray(described(1))) + "\x00\x00\xc0\x7f\x00\x00\x00\x00", "is NaN", false},
		{"no map", "key2row", "\x93\x01", "at byte 0: 0x93, want a map of msgpack", true},
		{"no keys", "key2row", "\x80", "0 keys", true},
		{"absurd count", "key2row", "\xdf\xff\xff\xff\xff", "4294967295 keys", true},
		{"fewer keys", "key2row", "\xdf\x7f\xff\xff\xff\x01\x00\x02\x01", "at byte 9: the file ends in the middle of its numbers", false},
		{"more keys", "key2row", "\x81\x01\x00\x02\x01", "at byte 3: more follows", false},
		{"a row too many", "key2row", "\x81\x01\x02", "at byte 2: key 1 has row 2, the array of vectors has 2", false},
		{"a row below zero", "key2row", "\x81\x01\xff", "at byte 2: 0xff, want a number", false},
		{"a key that is text", "key2row", "\x81\xa3the\x00", "at byte 1: 0xa3, want a number", false},
		{"a key twice", "key2row", "\x82\x01\x00\x01\x01", "key 1 stands twice", false},
		{"floret", "vectors.cfg", `{"mode":"floret"}`, "mode floret", true},
		{"another mode", "vectors.cfg", `{"mode":"x"}`, `mode "x", want default`, true},
		{"another attribute", "vectors.cfg", `{"mode":"default","attr":67}`, "attr 67, want 65 (ORTH) or 66 (LOWER)", true},
		{"no JSON", "vectors.cfg", `{"mode":`, "unexpected EOF", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			vocab, dir := filepath.Join(t.TempDir(), "vocab"), t.TempDir()
			files := maps.Clone(tinySpacy())
			files[test.file] = []byte(test.content)
			spacyModel(t, vocab, files)
			_, err := Open(t.Context(), vocab, Options{CacheDir: dir})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), filepath.Join(vocab, test.file)) {
				t.Fatalf("got %v\nwant %s ... %s", err, filepath.Join(vocab, test.file), test.want)
			}
			if got := errors.Is(err, ErrFormat); got != test.format {
				t.Errorf("errors.Is(ErrFormat) = %v: %v", got, err)
			}
		})
	}
}

// TestMurmur64 compares with keys that spaCy's documentation names.
func TestMurmur64(t *testing.T) {
	for word, want := range map[string]uint64{"coffee": 3197928453018144401, "apple": 8566208034543834098} {
		if got := murmur64(word, 1); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
}
