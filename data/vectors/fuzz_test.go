package vectors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"

	"absa/internal/mapped"
)

// reader reads bytes as if they were a file.
func reader(name string, b []byte) *binaryReader {
	return &binaryReader{name: name, in: bufio.NewReaderSize(bytes.NewReader(b), readBuffer)}
}

// imageOf is what the entries that read passes to a builder become.
func imageOf(read func(*builder) (Format, error)) ([]byte, error) {
	m := &memory{}
	defer m.release()
	_, err := fill(context.Background(), m, [32]byte{}, func(b *builder) (Format, error) {
		b.slots = make([]uint32, 8) // so that the images of the corpus are small
		return read(b)
	})
	return bytes.Clone(m.pages[:m.size]), err
}

// fileImage is the image of a source of one file.
func fileImage(b []byte) ([]byte, error) {
	return imageOf(func(build *builder) (Format, error) { return readEntries(reader("fuzz", b), build) })
}

// spacyImage is that of a folder of spaCy's.
func spacyImage(vectors, key2row, cfg []byte) ([]byte, error) {
	return imageOf(func(build *builder) (Format, error) {
		return SpaCy, readSpacy(reader("vectors", vectors), reader("key2row", key2row), reader("vectors.cfg", cfg), build)
	})
}

// finite holds that a vector is of the table's dimension, without a value that
// is none.
func finite(t *testing.T, table *Table, name string, v []float32) {
	t.Helper()
	if len(v) != table.Dimension() {
		t.Fatalf("%q has %d values, the table %d", name, len(v), table.Dimension())
	}
	for _, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			t.Fatalf("%q: value %v", name, x)
		}
	}
}

// FuzzSource feeds the readers of text, gzip, JSON, word2vec's and fastText's
// binary files. What they accept must be a table with distinct words of finite
// values, each found again.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{plainText, headerText, winkText, winkLate, "2 2\na 1 2\n. . 3 4\n", "{ 1 2\n", `{"vectors":{"a":[1,2,3,4],"a":[1,2,3,4]}}`,
		string(word2vec(false, "the", "寿司")), string(word2vec(true, "the", "the")), string(tinyModel().bytes())} {
		f.Add([]byte(seed))
		f.Add(zipped(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b, err := fileImage(b)
		if err != nil {
			return
		}
		m, err := parseImage(b)
		if err != nil {
			t.Fatal(err)
		}
		table := &Table{image: m}
		for i := range table.Len() {
			if row, ok := m.find(table.word(i)); !ok || row != i {
				t.Fatalf("word %d %q: found %v in row %d", i, table.word(i), ok, row)
			}
			finite(t, table, "a row", m.row(i))
		}
		if len(m.mean) != table.Dimension() || table.Len() == 0 {
			t.Fatalf("%d words, mean %v", table.Len(), m.mean)
		}
	})
}

// FuzzSpacy feeds the readers of spaCy's files. What they accept must be a table
// each of whose keys has a row of finite values.
func FuzzSpacy(f *testing.F) {
	files := tinySpacy()
	f.Add(files["vectors"], files["key2row"], files["vectors.cfg"])
	f.Add(files["vectors"], []byte("\xde\x00\x02\x01\x00\xce\x00\x00\x00\x02\x01"), []byte(`{"mode":"default","attr":66}`))
	f.Add(append([]byte(numpyMagic), 2, 0, 1, 0, 0, 0, '\n'), []byte{0x80}, []byte(`{"mode":"floret"}`))
	f.Fuzz(func(t *testing.T, vectors, key2row, cfg []byte) {
		b, err := spacyImage(vectors, key2row, cfg)
		if err != nil {
			return
		}
		m, err := parseImage(b)
		if err != nil {
			t.Fatal(err)
		}
		table := &Table{image: m}
		for i, key := range m.keys {
			if i > 0 && key <= m.keys[i-1] {
				t.Fatalf("key %d after %d", key, m.keys[i-1])
			}
			finite(t, table, "a row", m.row(int(m.keyRows[i])))
		}
		if table.Len() == 0 || table.Len() != len(m.keys) {
			t.Fatalf("%d words, %d keys", table.Len(), len(m.keys))
		}
	})
}

// FuzzImage feeds the reader of cache files with images whose header has the
// right checksum and whose content is hostile: no lookup may leave the image or
// hang.
func FuzzImage(f *testing.F) {
	for _, seed := range []string{plainText, headerText, winkText, "2 2\na 1 2\n. . 3 4\n", string(word2vec(false, "the", "food")), string(tinyModel().bytes())} {
		b, err := fileImage([]byte(seed))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	files := tinySpacy()
	b, err := spacyImage(files["vectors"], files["key2row"], []byte(`{"attr":66}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		if len(b) >= headerSize {
			e := binary.NativeEndian
			e.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], mapped.Castagnoli()))
		}
		m, err := parseImage(b)
		if err != nil {
			return
		}
		table := &Table{image: m}
		words := []string{"<pad>", "<unk>", "the", "food", "", "n't", "THE", "mark"}
		for i := -1; i <= min(table.Len(), 100); i++ {
			words = append(words, table.word(i))
		}
		rows, _, err := table.Matrix(words, Policy{Unknown: Mean, Aliases: true})
		if err != nil || len(rows) != len(words)*table.Dimension() {
			t.Fatalf("%d values for %d words: %v", len(rows), len(words), err)
		}
	})
}
