package study

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/configs"
)

// Settings are those of a configuration that decide what its training comes to, by
// key. A file stands for what is in it, wherever it lies.
type Settings map[string]string

// Decides says whether a study that goes on must keep the value of a key. The others
// say where a training computes and what it writes, and change last digits at most.
func Decides(key string) bool {
	return !strings.HasPrefix(key, "checkpoint.") && !slices.Contains([]string{"name", "train.device", "train.tensorboard", "train.threads"}, key)
}

// Files remembers what is in the files that it was asked about, by path.
type Files map[string]string

// Settings returns those of c. Corpora and vectors, by the bytes of their files, are
// told from others even where c names the same path.
func (f Files) Settings(c configs.Config) (Settings, error) {
	paths := []*string{&c.Data.Train, &c.Data.Test, &c.Vectors.Path}
	c.Train.Auxiliary = slices.Clone(c.Train.Auxiliary)
	for i := range c.Train.Auxiliary {
		paths = append(paths, &c.Train.Auxiliary[i].Path)
	}
	for _, path := range paths {
		if *path == "" || *path == configs.Sample {
			continue
		}
		content, err := f.content(*path)
		if err != nil {
			return nil, err
		}
		*path = content
	}
	s := Settings{}
	for key, value := range configs.Values(c) {
		if Decides(key) {
			s[key] = fmt.Sprint(value)
		}
	}
	return s, nil
}

// content is the beginning of the SHA-256 of a file, or of all in a folder.
func (f Files) content(path string) (string, error) {
	if known, ok := f[path]; ok {
		return known, nil
	}
	h := sha256.New()
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(path, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00", inside)
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(h, file)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f[path] = "no file" // a training that needs it says what to do
	case err != nil:
		return "", fmt.Errorf("read %s: %w", path, err)
	default:
		f[path] = fmt.Sprintf("SHA-256 %x", h.Sum(nil)[:8])
	}
	return f[path], nil
}

// differences tells what is other in s than it was. A key that a record lacks came
// after it: its default is what the program did before.
func (s Settings) differences(was Settings) []string {
	before := Settings{}
	maps.Copy(before, was)
	for key, value := range configs.Values(configs.Default()) {
		_, now := s[key]
		if _, there := before[key]; now && !there {
			before[key] = fmt.Sprint(value)
		}
	}
	all := maps.Clone(s)
	maps.Copy(all, before)
	var list []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if s[key] != before[key] {
			list = append(list, fmt.Sprintf("%s: %s, it was %s", key, s[key], before[key]))
		}
	}
	return list
}
