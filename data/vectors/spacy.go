package vectors

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Attributes of a token whose text spaCy's keys can be made of.
const (
	spacyOrth  = 65 // the word as it stands
	spacyLower = 66 // in lower case
)

// spacyFiles finds the files of word vectors in a folder: an installed package
// of spaCy, the model in it, or the vocabulary of that. The names join the
// folder as the user wrote it. vectors.cfg may be missing, as in old models.
func spacyFiles(folder string) ([]string, error) {
	root := os.DirFS(folder)
	for _, pattern := range []string{"key2row", "vocab/key2row", "*/vocab/key2row"} {
		found, err := fs.Glob(root, pattern)
		switch {
		case err != nil:
			return nil, fmt.Errorf("open vectors: %s: %w", folder, err)
		case len(found) > 1:
			return nil, fmt.Errorf("open vectors: %s holds several models of spaCy, name the folder of one: %s", folder, strings.Join(found, ", "))
		case len(found) == 0:
			continue
		}
		vocab := path.Dir(found[0])
		files := []string{filepath.Join(folder, vocab, "vectors"), filepath.Join(folder, vocab, "key2row")}
		if _, err := fs.Stat(root, path.Join(vocab, "vectors.cfg")); err == nil {
			files = append(files, filepath.Join(folder, vocab, "vectors.cfg"))
		}
		return files, nil
	}
	return nil, fmt.Errorf("open vectors: %s is a folder without word vectors of spaCy, no vocab/key2row in it or in a folder of it (packages whose names end in _md and _lg have them): %w", folder, ErrFormat)
}

// readSpacy reads the files that Vocab.to_disk of spaCy 3 writes: vectors is an
// array [rows, D] as NumPy saves it, key2row a map in msgpack from the keys of
// words to rows, several to one where the vectors were pruned, and vectors.cfg,
// nil if it is missing, says in JSON what the keys are.
//
// The strings of the words, strings.json, are not read: spaCy finds a vector by
// the hash of the word that it looks for, listed there or not.
func readSpacy(vectors, key2row, cfg *binaryReader, b *builder) error {
	lower, err := readSpacySettings(cfg)
	if err != nil {
		return err
	}
	rows, dimension, err := readNumpyHead(vectors)
	switch {
	case err != nil:
		return err
	case rows == 0 || dimension == 0:
		return vectors.fault(vectors.at, "an array [%d, %d]: this model has no word vectors (spaCy's packages whose names end in _md and _lg have them): %w", rows, dimension, ErrFormat)
	case dimension < minDimension || dimension > maxDimension || rows > maxWords:
		return vectors.fault(vectors.at, "an array [%d, %d], want at most %d vectors of %d to %d values", rows, dimension, maxWords, minDimension, maxDimension)
	}
	for range rows {
		if err := vectors.pass(dimension, b.addRow); err != nil {
			return err
		}
	}
	if err := vectors.end(); err != nil {
		return err
	}
	keys, err := readKeys(key2row, rows)
	if err != nil {
		return err
	}
	if err := b.setKeys(keys, lower); err != nil {
		return key2row.fault(key2row.at, "%w", err)
	}
	return nil
}

// readSpacySettings reads vectors.cfg: whether keys are of words in lower case.
func readSpacySettings(cfg *binaryReader) (lower bool, err error) {
	if cfg == nil {
		return false, nil
	}
	s := struct {
		Mode string
		Attr int
	}{"default", spacyOrth}
	if err := json.NewDecoder(io.LimitReader(cfg.in, readBuffer)).Decode(&s); err != nil {
		return false, fmt.Errorf("read %s: %w", cfg.name, err)
	}
	switch {
	case s.Mode == "floret":
		return false, fmt.Errorf("read %s: vectors of mode floret are made of hashed subwords and are not read; name a model of mode default, as spaCy's _md and _lg packages are: %w", cfg.name, ErrFormat)
	case s.Mode != "default":
		return false, fmt.Errorf("read %s: mode %.40q, want default: %w", cfg.name, s.Mode, ErrFormat)
	case s.Attr != spacyOrth && s.Attr != spacyLower:
		return false, fmt.Errorf("read %s: attr %d, want %d (ORTH) or %d (LOWER): %w", cfg.name, s.Attr, spacyOrth, spacyLower, ErrFormat)
	}
	return s.Attr == spacyLower, nil
}

// readKeys reads key2row: which of so many rows each key has.
func readKeys(r *binaryReader, rows int) ([]keyRow, error) {
	n, err := r.mapLength()
	if err != nil {
		return nil, err
	}
	if n == 0 || n > maxWords {
		return nil, r.fault(0, "%d keys: %w", n, ErrFormat)
	}
	var keys []keyRow
	for range n {
		key, err := r.unsigned()
		if err != nil {
			return nil, err
		}
		at := r.at
		row, err := r.unsigned()
		if err != nil {
			return nil, err
		}
		if row >= uint64(rows) {
			return nil, r.fault(at, "key %d has row %d, the array of vectors has %d", key, row, rows)
		}
		keys = append(keys, keyRow{key, uint32(row)})
	}
	return keys, r.end()
}
