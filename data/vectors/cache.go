package vectors

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

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
func openCache(file string, fingerprint [32]byte) (*Table, error) {
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
	return mapTable(f, fingerprint)
}

// mapTable maps an open cache file. The mapping outlives f.
func mapTable(f *os.File, fingerprint [32]byte) (*Table, error) {
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
		err = m.header.verify(io.NewSectionReader(f, headerSize, int64(len(b))-headerSize))
	}
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	return &Table{image: m, unmap: unmap}, nil
}

// buildCache parses the source into a new cache file and maps it. Processes
// that do so at once each write a file of their own; the last rename wins, and
// each maps what it wrote.
func buildCache(file string, src *source, fingerprint [32]byte, progress func(done, total int64)) (*Table, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, &cacheError{err}
	}
	removeLeftovers(file)
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+tempMark+"*")
	if err != nil {
		return nil, &cacheError{err}
	}
	defer f.Close()
	t, err := fillCache(f, file, src, fingerprint, progress)
	if err != nil {
		os.Remove(f.Name()) // renamed or not, this name is of no more use
		return nil, err
	}
	return t, nil
}

func fillCache(f *os.File, file string, src *source, fingerprint [32]byte, progress func(done, total int64)) (*Table, error) {
	w := bufio.NewWriterSize(cacheWriter{f}, 1<<20)
	h, err := build(w, src, fingerprint, progress)
	if err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(h, 0); err != nil {
		return nil, &cacheError{err}
	}
	if err := f.Sync(); err != nil {
		return nil, &cacheError{err}
	}
	t, err := mapTable(f, fingerprint)
	if err != nil {
		return nil, &cacheError{err}
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return nil, &cacheError{errors.Join(err, t.Close())}
	}
	// A cache that a power cut takes back is built again: no error of ours.
	_ = atomicfile.SyncDir(filepath.Dir(file))
	return t, nil
}

// build writes an image whose header is still blank to w and returns the header.
func build(w io.Writer, src *source, fingerprint [32]byte, progress func(done, total int64)) ([]byte, error) {
	b, err := newBuilder(w)
	if err != nil {
		return nil, err
	}
	format, err := src.read(b, progress)
	if err != nil {
		return nil, err
	}
	return b.finish(fingerprint, format)
}

// cacheWriter marks the errors of writing, to tell them from those of reading.
type cacheWriter struct{ f *os.File }

func (w cacheWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		return n, &cacheError{err}
	}
	return n, nil
}

// tempMark separates a cache file's name from the random part of the name
// under which it is written.
const tempMark = ".tmp-"

// removeLeftovers removes what builds that were killed left more than an hour
// ago. Failing is harmless.
func removeLeftovers(file string) {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), filepath.Base(file)+tempMark) && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(filepath.Dir(file), e.Name()))
		}
	}
}
