package vectors

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"

	"absa/internal/mapped"
)

// tableOf builds a table from the bytes of a source, as Open would.
func tableOf(b []byte) (*Table, error) {
	var buffer bytes.Buffer
	build, err := newBuilder(&buffer)
	if err != nil {
		return nil, err
	}
	format, err := readEntries("fuzz", bytes.NewReader(b), build.add)
	if err != nil {
		return nil, err
	}
	h, err := build.finish([32]byte{}, format)
	if err != nil {
		return nil, err
	}
	copy(buffer.Bytes(), h)
	m, err := parseImage(buffer.Bytes())
	if err != nil {
		return nil, err
	}
	return &Table{image: m}, nil
}

// FuzzSource feeds the readers of text, gzip and JSON. What they accept must
// be a table with distinct words of finite values, each found again.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{plainText, headerText, winkText, winkLate, "2 2\na 1 2\n. . 3 4\n", "{ 1 2\n", `{"vectors":{"a":[1,2,3,4],"a":[1,2,3,4]}}`} {
		f.Add([]byte(seed))
		f.Add(zipped(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := tableOf(b)
		if err != nil {
			return
		}
		for i := range table.Len() {
			v, ok := table.Lookup(table.Word(i))
			if !ok || &v[0] != &table.image.rows[i*table.Dimension()] {
				t.Fatalf("word %d %q: found %v, not its own row", i, table.Word(i), ok)
			}
			for _, x := range v {
				if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
					t.Fatalf("word %q: value %v", table.Word(i), x)
				}
			}
		}
	})
}

// FuzzImage feeds the reader of cache files with images whose checksums are
// right and whose content is hostile: no lookup may leave the image or hang.
func FuzzImage(f *testing.F) {
	for _, seed := range []string{plainText, headerText, winkText, "2 2\na 1 2\n. . 3 4\n"} {
		var buffer bytes.Buffer
		build, err := newBuilder(&buffer)
		if err != nil {
			f.Fatal(err)
		}
		build.slots = make([]uint32, 8)
		if _, err := readEntries("seed", bytes.NewReader([]byte(seed)), build.add); err != nil {
			f.Fatal(err)
		}
		h, err := build.finish([32]byte{}, Text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(h, buffer.Bytes()[headerSize:]...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		if len(b) >= headerSize {
			e := binary.NativeEndian
			e.PutUint32(b[100:], crc32.Checksum(b[headerSize:], mapped.Castagnoli()))
			e.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], mapped.Castagnoli()))
		}
		m, err := parseImage(b)
		if err != nil {
			return
		}
		table := &Table{image: m}
		words := []string{"<pad>", "<unk>", "the", "food", "", "n't"}
		for i := -1; i <= min(table.Len(), 100); i++ {
			words = append(words, table.Word(i))
		}
		rows, _, err := table.Matrix(words, Policy{Unknown: Mean, Aliases: true})
		if err != nil || len(rows) != len(words)*table.Dimension() {
			t.Fatalf("%d values for %d words: %v", len(rows), len(words), err)
		}
	})
}
