package fetch

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// npmPack has the npm client download an archive into dir and returns its path.
func (f *Fetcher) npmPack(ctx context.Context, dir, spec string) (string, error) {
	client, err := program(f.NPM, "npm", "the npm client, which downloads it, is not installed (it comes with Node.js)")
	if err != nil {
		return "", err
	}
	answer, err := inFolder(ctx, dir, "npm pack "+spec, client, "pack", spec, "--json", "--ignore-scripts", "--loglevel=error")
	if err != nil {
		return "", err
	}
	name, err := packedName(answer)
	if err != nil {
		return "", &remoteError{err: fmt.Errorf("npm pack %s: %w", spec, err)}
	}
	return filepath.Join(dir, name), nil
}

// packedName reads the archive's name from npm's answer, a list of one package
// or, in some versions, an object of one.
func packedName(answer []byte) (string, error) {
	type packed struct {
		Filename string `json:"filename"`
	}
	var list []packed
	if err := json.Unmarshal(answer, &list); err != nil {
		var byName map[string]packed
		if json.Unmarshal(answer, &byName) != nil {
			return "", fmt.Errorf("read its answer: %w", err)
		}
		for _, p := range byName {
			list = append(list, p)
		}
	}
	if len(list) != 1 {
		return "", fmt.Errorf("its answer names %d packages, want 1", len(list))
	}
	name := list[0].Filename
	if name == "" || name == ".." || name != filepath.Base(name) {
		return "", fmt.Errorf("its answer names the file %q", name)
	}
	return name, nil
}

// untar hands the regular files of a gzipped tar archive to take, in their order.
func untar(archive string, take func(member string, size int64, r io.Reader) error) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
	}
	entries := tar.NewReader(unzipped)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := take(entry.Name, entry.Size, entries); err != nil {
			return err
		}
	}
}
