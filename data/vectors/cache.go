package vectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"absa/internal/atomicfile"
	"absa/internal/mapped"
)

// errStale says that there is no cache, or that it holds another version of
// the source; nothing worth telling.
var errStale = errors.New("no cache of this source yet")

// cacheError is trouble with the cache rather than with the source.
type cacheError struct{ err error }

func (e *cacheError) Error() string { return e.err.Error() }
func (e *cacheError) Unwrap() error { return e.err }

// cacheName is the base name of a source's cache file: readable, and unique by
// the hash of the source's path.
func cacheName(abs string) string {
	base := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, filepath.Base(abs))
	sum := sha256.Sum256([]byte(abs))
	return fmt.Sprintf("%.64s-%s.cache", base, hex.EncodeToString(sum[:8]))
}

// openCache maps a cache file and checks all of it.
func openCache(ctx context.Context, file string, fingerprint [32]byte) (*Table, error) {
	stat, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errStale
	case err != nil:
		return nil, err
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return mapTable(ctx, f, fingerprint)
}

// mapTable maps an open cache file. The mapping outlives f.
func mapTable(ctx context.Context, f *os.File, fingerprint [32]byte) (*Table, error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, headerSize), head); err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	h, err := decodeHeader(head)
	if err != nil {
		return nil, err
	}
	if h.fingerprint != fingerprint {
		return nil, errStale
	}
	b, unmap, err := mapped.File(f, headerSize)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	m, err := parseImage(b)
	if err == nil && m.header.fingerprint != fingerprint {
		err = errStale
	}
	if err == nil {
		// Read, not mapped: a table may be larger than memory, and a process that
		// looks up some words should not seem to use all of it.
		err = m.header.verify(ctx, io.NewSectionReader(f, headerSize, int64(len(b))-headerSize))
	}
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	return &Table{image: m, unmap: unmap}, nil
}

// buildCache parses the source into a new cache file, which f is to become, and
// maps it.
func buildCache(ctx context.Context, f *os.File, file string, fingerprint [32]byte, read func(*builder) (Format, error)) (_ *Table, err error) {
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	t, err := fill(ctx, cacheStorage{f}, fingerprint, read)
	if err != nil {
		return nil, err
	}
	if err = f.Sync(); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return nil, errors.Join(&cacheError{err}, t.Close())
	}
	// A cache that a power cut takes back is built again: no error of ours.
	_ = atomicfile.SyncDir(filepath.Dir(file))
	return t, nil
}

// cacheStorage is a file that holds an image. It marks its errors, to tell them
// from those of reading the source.
type cacheStorage struct{ f *os.File }

func (c cacheStorage) Write(p []byte) (int, error) {
	n, err := c.f.Write(p)
	return n, c.marked(err)
}

func (c cacheStorage) WriteAt(p []byte, at int64) (int, error) {
	n, err := c.f.WriteAt(p, at)
	return n, c.marked(err)
}

func (c cacheStorage) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.f.ReadAt(p, at)
	return n, c.marked(err)
}

func (c cacheStorage) bytes() ([]byte, func() error, error) {
	b, unmap, err := mapped.File(c.f, headerSize)
	return b, unmap, c.marked(err)
}

func (c cacheStorage) marked(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &cacheError{err}
}
