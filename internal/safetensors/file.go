package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes the tensors to a new file. A file of that name is an error
// that wraps fs.ErrExist, and stays as it is. Whatever happens, the final name
// never shows a partial file: the bytes go to a hidden file beside it, are
// synced, and then get the name.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	// Asked early, so that nothing large is written in vain; link asks again.
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	return writeFile(path, tensors, metadata, link)
}

// ReplaceFile writes as WriteFile does, in place of a file of that name.
func ReplaceFile(path string, tensors []Tensor, metadata map[string]string) error {
	return writeFile(path, tensors, metadata, os.Rename)
}

// writeFile writes beside path, and publishes the complete file under it.
func writeFile(path string, tensors []Tensor, metadata map[string]string, publish func(temporary, path string) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temporary := f.Name()
	defer func() {
		if err != nil {
			os.Remove(temporary) // the error at hand is the one to report
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err := Write(f, tensors, metadata); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := publish(temporary, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// createBeside makes a new hidden file in path's folder. os.CreateTemp would
// make it unreadable for everyone else, and so the file that it becomes.
func createBeside(path string) (*os.File, error) {
	folder, base := filepath.Split(path)
	for i := 0; ; i++ {
		name := filepath.Join(folder, fmt.Sprintf(".%s.%d.%d.tmp", base, os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return f, err
		}
	}
}

// link gives the temporary file its name unless that is taken. A rename would
// replace what is there.
func link(temporary, path string) error {
	err := os.Link(temporary, path)
	switch {
	case err == nil:
		return os.Remove(temporary)
	case errors.Is(err, fs.ErrExist):
		return fs.ErrExist
	}
	// File systems without hard links: a check and a rename, which leaves a
	// moment in which another process's file could be replaced.
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temporary, path)
}

// syncFolder makes a new name survive a power failure.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
