package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// mismatchError says that a file is not the pinned one.
type mismatchError struct {
	path, what string
	got, want  string
}

func (e *mismatchError) Error() string {
	return fmt.Sprintf("%s: %s %s, want %s", e.path, e.what, e.got, e.want)
}

// verify compares a file on disk with its pinned size and SHA-256.
func verify(ctx context.Context, path string, file File) error {
	stat, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !stat.Mode().IsRegular():
		return fmt.Errorf("%s is there, but not as a regular file", path)
	case stat.Size() != file.Size:
		return &mismatchError{path, "size", fmt.Sprint(stat.Size()), fmt.Sprint(file.Size)}
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, contextReader{ctx, in}); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
		return &mismatchError{path, "SHA-256", got, file.SHA256}
	}
	return nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// explain adds what the user can do to an error of the file system.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: make room, or choose a folder on another disk", err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: choose a folder that you may write to", err)
	}
	return err
}
