package vectors

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Options of Open. The zero value is fine.
type Options struct {
	// CacheDir is the folder of cache files; empty means absa/vectors in the
	// user's cache folder.
	CacheDir string
	// Progress, if not nil, is told how many bytes of the source have been
	// parsed. It is not called when the cache serves.
	Progress func(done, total int64)
}

// Open opens a table of word vectors, a file or a folder of spaCy's, through its
// cache if that holds this very source, and otherwise by parsing it and writing
// the cache. Trouble with
// the cache is never an error: the table is then held in memory, at the size
// of its values, and Info().Note says why.
func Open(path string, opts Options) (*Table, error) {
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer src.close()
	fingerprint, err := src.fingerprint()
	if err != nil {
		return nil, err
	}

	var note string
	file, err := cacheFile(opts.CacheDir, src.abs)
	if err != nil {
		note = fmt.Sprintf("no cache: %v", err)
	} else {
		t, err := openCache(file, fingerprint)
		if err == nil {
			return t.describe(Info{Path: path, Cache: file}), nil
		}
		if !errors.Is(err, errStale) {
			note = fmt.Sprintf("cache %s was rebuilt: %v", file, err)
		}
		t, err = buildCache(file, src, fingerprint, opts.Progress)
		if err == nil {
			return t.describe(Info{Path: path, Cache: file, Built: true, Note: note}), nil
		}
		var trouble *cacheError
		if !errors.As(err, &trouble) {
			return nil, err
		}
		note = fmt.Sprintf("no cache: %v", trouble)
	}
	t, err := buildInMemory(src, fingerprint, opts.Progress)
	if err != nil {
		return nil, err
	}
	return t.describe(Info{Path: path, Built: true, Note: note}), nil
}

// describe completes the table's Info from its image.
func (t *Table) describe(i Info) *Table {
	h := t.image.header
	i.Format, i.Words, i.Dimension = Format(h.format), t.image.count(), t.image.dimension
	i.Duplicates, i.Std = int(h.duplicates), h.std
	t.info = i
	return t
}

// cacheFile names the cache of a source: one per path, so that a source that
// changes replaces its cache and leaves no litter.
func cacheFile(dir, abs string) (string, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "absa", "vectors")
	}
	return filepath.Join(dir, cacheName(abs)), nil
}

// buildInMemory parses the source into ordinary memory.
func buildInMemory(src *source, fingerprint [32]byte, progress func(done, total int64)) (*Table, error) {
	var buffer bytes.Buffer
	h, err := build(&buffer, src, fingerprint, progress)
	if err != nil {
		return nil, err
	}
	b := buffer.Bytes()
	copy(b, h)
	m, err := parseImage(b)
	if err != nil {
		return nil, fmt.Errorf("build table of %s: %w", src.path, err)
	}
	return &Table{image: m}, nil
}
