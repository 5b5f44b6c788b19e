package vectors

import (
	"bufio"
	"context"
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"absa/internal/mapped"
)

// storage is where an image comes into being: a file, or memory.
type storage interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
	// bytes are all of it, until they are released.
	bytes() (b []byte, release func() error, err error)
}

// fill reads a source into an empty storage and makes a table of it.
func fill(ctx context.Context, to storage, fingerprint [32]byte, read func(*builder) (Format, error)) (_ *Table, err error) {
	w := bufio.NewWriterSize(to, 1<<20)
	h, err := build(w, fingerprint, read)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		_, err = to.WriteAt(h.encode(), 0)
	}
	if err != nil {
		return nil, err
	}
	b, release, err := to.bytes()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, release())
		}
	}()
	m, err := parseImage(b)
	if err != nil {
		return nil, err
	}
	if h.subwords.buckets > 0 { // those of the rows are not those of the words
		mean, std, err := m.composed(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := to.WriteAt(mapped.Bytes(mean), headerSize+int64(4*len(m.rows))); err != nil {
			return nil, err
		}
		h.std = std
	}
	if h.body, err = checksum(ctx, io.NewSectionReader(to, headerSize, int64(len(b))-headerSize)); err != nil {
		return nil, err
	}
	if _, err := to.WriteAt(h.encode(), 0); err != nil {
		return nil, err
	}
	m.header = h
	return &Table{image: m, unmap: release}, nil
}

// build writes an image whose header is still blank to w and returns the header.
func build(w io.Writer, fingerprint [32]byte, read func(*builder) (Format, error)) (header, error) {
	b, err := newBuilder(w)
	if err != nil {
		return header{}, err
	}
	format, err := read(b)
	if err != nil {
		return header{}, err
	}
	return b.finish(fingerprint, format)
}

// memory is an image that no file holds. It grows by moving pages, not by
// copying them, and pages that are not written to take no memory.
type memory struct {
	pages []byte
	size  int
}

func (m *memory) Write(p []byte) (n int, err error) {
	if need := m.size + len(p); need > len(m.pages) {
		if err := m.grow(need + need/8); err != nil {
			return 0, err
		}
	}
	m.size += copy(m.pages[m.size:], p)
	return len(p), nil
}

func (m *memory) grow(size int) (err error) {
	const page = 1 << 20
	size = (size + page - 1) &^ (page - 1)
	if m.pages == nil {
		m.pages, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
		return err
	}
	pages, err := unix.Mremap(m.pages, size, unix.MREMAP_MAYMOVE)
	if err != nil {
		return err
	}
	m.pages = pages
	return nil
}

// WriteAt replaces what was written before.
func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	return copy(m.pages[at:m.size], p), nil
}

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	n := copy(p, m.pages[at:m.size])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) bytes() ([]byte, func() error, error) {
	return m.pages[:m.size], m.release, nil
}

// release gives the pages back. A second call does nothing.
func (m *memory) release() error {
	pages := m.pages
	m.pages, m.size = nil, 0
	if pages == nil {
		return nil
	}
	return unix.Munmap(pages)
}
