package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"absa/internal/atomicfile"
	"absa/internal/mapped"
)

// errStale says that there is no converted form, or that of another version of
// the corpus; nothing worth telling.
var errStale = errors.New("not converted yet")

// cached is a corpus and its file in the cache.
type cached struct {
	source     *os.File
	stat       fs.FileInfo
	file       string
	conversion conversion
}

func (x *cached) open(ctx context.Context) (*Set, error) {
	sweep(filepath.Dir(x.file))
	s, err := x.existing()
	if err == nil {
		return s, nil
	}
	s, failed := x.convert(ctx)
	if failed != nil {
		return nil, failed
	}
	if !errors.Is(err, errStale) && !errors.Is(err, fs.ErrNotExist) {
		s.note = fmt.Sprintf("%s was converted again: %v", x.file, err)
	}
	return s, nil
}

// existing maps what was converted before.
func (x *cached) existing() (*Set, error) {
	f, err := os.Open(x.file)
	if err != nil {
		return nil, err // another user's, say: it is converted again and replaced
	}
	defer f.Close()
	return x.mapSet(f)
}

// mapSet maps an open file. The mapping outlives f.
func (x *cached) mapSet(f *os.File) (*Set, error) {
	b, unmap, err := mapped.File(f, headerSize)
	if err != nil {
		return nil, err
	}
	m, err := parseImage(b)
	if err == nil && m.header.key != x.conversion.key {
		err = errStale
	}
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	return &Set{image: m, unmap: unmap}, nil
}

// convert writes the converted form and maps it. Processes that do so at once
// each write a file of their own; the last rename wins, and each maps what it
// wrote.
func (x *cached) convert(ctx context.Context) (s *Set, err error) {
	// What grows here has no pointers: to collect it often is cheap, and keeps five
	// million sentences well below a gigabyte. Training is not to carry on with it.
	collect := debug.SetGCPercent(30)
	defer func() {
		debug.SetGCPercent(collect)
		debug.FreeOSMemory()
	}()
	trouble := func(err error) error {
		return fmt.Errorf("convert %s to %s: %w (XDG_CACHE_HOME names another folder for it)", x.conversion.name, x.file, atomicfile.Reason(err))
	}
	dir := filepath.Dir(x.file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, trouble(err)
	}
	f, err := os.CreateTemp(dir, filepath.Base(x.file)+tempMark+"*")
	if err != nil {
		return nil, trouble(err)
	}
	defer f.Close()
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	// The lock says that someone writes it. Without one, on a file system that has
	// none, sweep leaves it alone.
	_ = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)

	out := &outFile{f: f}
	w := bufio.NewWriterSize(out, 1<<20)
	head, err := x.conversion.write(ctx, io.NewSectionReader(x.source, 0, x.stat.Size()), w)
	if err == nil {
		err = w.Flush()
	}
	if out.err != nil {
		return nil, trouble(out.err)
	}
	if err != nil {
		return nil, err
	}
	now, err := x.source.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: read corpus: %w", x.conversion.name, err)
	}
	if now.Size() != x.stat.Size() || !now.ModTime().Equal(x.stat.ModTime()) {
		return nil, fmt.Errorf("%s: the file changed while it was read; try again", x.conversion.name)
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return nil, trouble(err)
	}
	if err := f.Sync(); err != nil {
		return nil, trouble(err)
	}
	if s, err = x.mapSet(f); err != nil {
		return nil, trouble(err)
	}
	if err := os.Rename(f.Name(), x.file); err != nil {
		return nil, errors.Join(trouble(err), s.Close())
	}
	// A file that a power cut takes back is written again: no error of ours.
	_ = atomicfile.SyncDir(dir)
	s.built = x.file
	return s, nil
}

// outFile keeps the error of writing, to tell it from those of reading.
type outFile struct {
	f   *os.File
	err error
}

func (o *outFile) Write(p []byte) (int, error) {
	n, err := o.f.Write(p)
	if err != nil {
		o.err = err
	}
	return n, err
}

// tempMark separates the name of a converted corpus from the random part of the
// name under which it is written.
const tempMark = ".tmp-"

// sweep removes what conversions that were killed have left: what nobody holds
// the lock of. A minute passes before, as it takes a moment to lock a new file.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // it only saves space
	}
	for _, e := range entries {
		if !strings.Contains(e.Name(), ".corpus"+tempMark) {
			continue
		}
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.Remove(path)
		}
		f.Close()
	}
}
