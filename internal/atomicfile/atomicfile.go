// Package atomicfile writes files that are whole or not there.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// Write puts what fill writes under a name that is free: an existing file is an
// error that wraps fs.ErrExist, and stays as it is.
//
// Whatever happens, the final name never shows a partial file: the bytes go to
// a hidden file beside it, are synced, and then get the name; the folder is
// synced last.
func Write(path string, fill func(io.Writer) error) error { return write(path, fill, link) }

// Replace is Write in place of a file of that name.
func Replace(path string, fill func(io.Writer) error) error { return write(path, fill, os.Rename) }

func write(path string, fill func(io.Writer) error, publish func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	temp, err := create(filepath.Join(dir, "."+filepath.Base(path)+"."))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, Reason(err))
	}
	defer func() {
		temp.Close()
		// After a rename the name is gone, and so is this error.
		if e := os.Remove(temp.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) && err == nil {
			err = fmt.Errorf("write %s: %w", path, e)
		}
	}()
	buffered := bufio.NewWriterSize(temp, 1<<16)
	if err := fill(buffered); err != nil {
		return fmt.Errorf("write %s: %w", path, Reason(err))
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, Reason(err))
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, Reason(err))
	}
	if err := publish(temp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, Reason(err))
	}
	return SyncDir(dir)
}

// create makes a file of a name that is free. Unlike os.CreateTemp's, who may
// read it is what the umask says.
func create(prefix string) (*os.File, error) {
	for {
		name := prefix + strconv.FormatUint(uint64(rand.Uint32()), 10) + ".tmp"
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// MkdirTemp makes a folder of a name that is free and begins so. Unlike
// os.MkdirTemp's, who may read it is what the umask says.
func MkdirTemp(prefix string) (string, error) {
	for {
		name := prefix + strconv.FormatUint(uint64(rand.Uint32()), 10) + ".tmp"
		if err := os.Mkdir(name, 0o777); err == nil || !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// link gives the temporary file its name unless that is taken; a rename would
// replace what is there.
func link(temporary, path string) error {
	err := os.Link(temporary, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// File systems without hard links: a check and a rename, which leaves a
	// moment in which another process's file could be replaced.
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temporary, path)
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// Reason returns what the system said, without the names: those of temporary
// files say nothing to a reader.
func Reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
