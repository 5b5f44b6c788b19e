package vectors

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tempMark ends the name under which a cache file is written. Whoever writes it
// holds its lock, which the kernel takes back from a process that is killed.
const tempMark = ".tmp"

// claim makes the file that is to become a cache file and locks it. While
// another process writes it, claim waits; done tells whether that has left a
// cache, and then nothing is claimed.
func claim(ctx context.Context, file string, done func() bool) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, &cacheError{err}
	}
	for {
		f, err := os.OpenFile(file+tempMark, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, &cacheError{err}
		}
		switch err := lock(f); {
		case errors.Is(err, unix.EWOULDBLOCK):
		case err != nil: // a file system without locks: a name of our own instead
			os.Remove(f.Name())
			f.Close()
			if f, err = os.CreateTemp(filepath.Dir(file), filepath.Base(file)+tempMark+"-*"); err != nil {
				return nil, &cacheError{err}
			}
			return f, nil
		case !named(f): // renamed or removed before we had the lock
			f.Close()
			if done() {
				return nil, nil
			}
			continue
		case done():
			os.Remove(f.Name())
			f.Close()
			return nil, nil
		default:
			if err := f.Truncate(0); err != nil { // what a killed process has left
				f.Close()
				return nil, &cacheError{err}
			}
			return f, nil
		}
		f.Close()
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lock takes the lock of a file unless another has it (EWOULDBLOCK). It ends
// with the last use of f.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// named says whether a file still has the name that it was opened by.
func named(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Name())
	return err == nil && os.SameFile(ours, there)
}

// sweep removes what killed processes have left in the folder of caches: the
// files that nobody holds the lock of. It only saves space, so it cannot fail.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type() != fs.FileMode(0) || !strings.Contains(e.Name(), ".cache"+tempMark) {
			continue
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if lock(f) == nil && named(f) {
			os.Remove(f.Name())
		}
		f.Close()
	}
}
