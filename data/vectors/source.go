package vectors

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// source is what a path names, open before its content is looked at: a file, or
// those of a folder of spaCy's that hold vectors.
type source struct {
	path  string // as the user wrote it, for messages
	abs   string // absolute, links resolved; of a model, its folder
	files []part
}

// part is one file of a source. Its name begins as the user wrote the path.
type part struct {
	*os.File
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
	}
	names, name := []string{path}, path
	if stat.IsDir() {
		if names, err = spacyFiles(path); err != nil {
			return nil, err
		}
		name = filepath.Dir(names[0])
	}
	s := &source{path: path}
	if s.abs, err = filepath.Abs(name); err == nil {
		s.abs, err = filepath.EvalSymlinks(s.abs)
	}
	if err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	if stat.IsDir() && filepath.Base(s.abs) == "vocab" {
		s.abs = filepath.Dir(s.abs)
	}
	for _, name := range names {
		if err := s.open(name); err != nil {
			s.close()
			return nil, fmt.Errorf("open vectors: %w", err)
		}
	}
	return s, nil
}

// open adds a file.
func (s *source) open(name string) error {
	stat, err := os.Stat(name) // before opening, which waits for the writer of a pipe
	if err == nil && !stat.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	if stat, err = file.Stat(); err != nil {
		return errors.Join(err, file.Close())
	}
	s.files = append(s.files, part{file, stat})
	return nil
}

func (s *source) close() {
	for _, f := range s.files {
		f.Close() // only read
	}
}

// fingerprint tells versions of the source apart without reading all of it:
// path, and of each file size, time of change, and three samples of the content.
func (s *source) fingerprint() ([32]byte, error) {
	const sample = 64 << 10
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", s.abs)
	for _, f := range s.files {
		fmt.Fprintf(h, "%s\x00%d\x00%d\x00", filepath.Base(f.Name()), f.stat.Size(), f.stat.ModTime().UnixNano())
		for _, at := range []int64{0, f.stat.Size() / 2, max(0, f.stat.Size()-sample)} {
			n, err := io.Copy(h, io.NewSectionReader(f, at, sample))
			if err != nil {
				return [32]byte{}, fmt.Errorf("read %s: %w", f.Name(), err)
			}
			binary.Write(h, binary.LittleEndian, n) // a hash does not fail
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

// read passes the entries of the source to a builder and says what form they
// had. progress, if not nil, hears of the bytes of the files read so far.
func (s *source) read(ctx context.Context, b *builder, progress func(done, total int64)) (Format, error) {
	count := &counter{report: progress}
	for _, f := range s.files {
		count.total += f.stat.Size()
	}
	var readers [3]*binaryReader
	for i, f := range s.files {
		in := countedReader{interruptible{ctx, io.NewSectionReader(f, 0, f.stat.Size())}, count}
		readers[i] = &binaryReader{name: f.Name(), in: bufio.NewReaderSize(in, readBuffer)}
	}
	format, err := SpaCy, error(nil)
	if len(s.files) == 1 {
		format, err = readEntries(readers[0], b)
	} else {
		err = readSpacy(readers[0], readers[1], readers[2], b)
	}
	if err != nil {
		return 0, err
	}
	for _, f := range s.files {
		now, err := f.Stat()
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		if now.Size() != f.stat.Size() || !now.ModTime().Equal(f.stat.ModTime()) {
			return 0, fmt.Errorf("read %s: the file changed while it was read; try again", f.Name())
		}
	}
	count.add(count.total - count.done) // a model of fastText is not read to its end
	return format, nil
}

// counter reports how far the reading of all files is.
type counter struct {
	done, total int64
	report      func(done, total int64)
}

func (c *counter) add(n int64) {
	c.done += n
	if c.report != nil && n > 0 {
		c.report(c.done, c.total)
	}
}

// countedReader counts what is read of one file.
type countedReader struct {
	r     io.Reader
	count *counter
}

func (c countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count.add(int64(n))
	return n, err
}

// interruptible is a reader that fails once its context is done.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	return i.r.Read(p)
}
