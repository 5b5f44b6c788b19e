package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// File is an open safetensors file whose header has been read and found sound.
// Whoever opened it closes it. It may be read from several goroutines.
type File struct {
	source   io.ReaderAt
	closer   io.Closer // nil when the source is not ours
	path     string    // "" when the source is not a file
	data     int64     // offset of the data in the file
	header   header
	position map[string]int // name → index of its entry
}

// Open opens the file and reads its header. A file that breaks the format in
// any way (a header longer than the file, a hole, an overlap, a name twice, a
// dtype that is not known, bytes left over) is an error that says which.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	file, err := NewFile(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.closer, file.path = f, path
	return file, nil
}

// NewFile reads the header of a safetensors file of size bytes. The caller
// keeps source open for as long as tensors are read, and closes it.
func NewFile(source io.ReaderAt, size int64) (*File, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, fmt.Errorf("read header: the file holds %d bytes, fewer than 8", size)
	}
	if err := readAt(source, prefix[:], 0); err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	switch {
	case length > maxHeader:
		return nil, fmt.Errorf("read header: length %d is more than the %d allowed; is it a safetensors file?", length, maxHeader)
	case int64(length) > size-8:
		return nil, fmt.Errorf("read header: length %d, but only %d bytes follow", length, size-8)
	}
	text := make([]byte, length)
	if err := readAt(source, text, 8); err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	data := 8 + int64(length)
	h, err := parseHeader(text, size-data)
	if err != nil {
		return nil, err
	}
	f := &File{source: source, data: data, header: h, position: make(map[string]int, len(h.entries))}
	for i, e := range h.entries {
		f.position[e.name] = i
	}
	return f, nil
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Names lists the tensors in the order of their data.
func (f *File) Names() []string {
	names := make([]string, len(f.header.entries))
	for i, e := range f.header.entries {
		names[i] = e.name
	}
	return names
}

// Has says whether the file holds a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.position[name]
	return ok
}

// Metadata returns a copy of the file's free text by key, nil when it has none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.header.metadata) }

// Shape returns the dtype and the shape of a tensor without reading its data.
func (f *File) Shape(name string) (DType, []int64, error) {
	i, ok := f.position[name]
	if !ok {
		return "", nil, f.missing(name)
	}
	e := f.header.entries[i]
	return e.dtype, slices.Clone(e.shape), nil
}

// Tensor reads one tensor. The data is the caller's own.
func (f *File) Tensor(name string) (Tensor, error) {
	i, ok := f.position[name]
	if !ok {
		return Tensor{}, f.missing(name)
	}
	e := f.header.entries[i]
	data := make([]byte, e.end-e.begin)
	if err := readAt(f.source, data, f.data+e.begin); err != nil {
		return Tensor{}, fmt.Errorf("%sread tensor %q: %w", f.prefix(), name, err)
	}
	return Tensor{Name: name, DType: e.dtype, Shape: slices.Clone(e.shape), Data: data}, nil
}

// ReadFile reads all tensors of a file, in the order of their data, and its
// metadata.
func ReadFile(path string) ([]Tensor, map[string]string, error) {
	f, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	tensors := make([]Tensor, 0, len(f.header.entries))
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, t)
	}
	return tensors, f.Metadata(), nil
}

func (f *File) missing(name string) error {
	return fmt.Errorf("%sno tensor %q among the %d of the file", f.prefix(), name, len(f.position))
}

func (f *File) prefix() string {
	if f.path == "" {
		return ""
	}
	return f.path + ": "
}

// readAt fills p. io.ReaderAt may report io.EOF beside a full read.
func readAt(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
