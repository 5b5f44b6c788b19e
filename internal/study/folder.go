package study

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/internal/checkpoint"
)

// Take makes the folder of a study and keeps other processes out of it until unlock.
// record is the file there that says of which study it is: a folder that holds
// anything without it, but what is named beside, is somebody else's.
func Take(dir, record string, note func(format string, a ...any), beside ...string) (unlock func(), err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	foreign := slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return !slices.Contains(beside, e.Name()) && !strings.HasPrefix(e.Name(), ".")
	})
	if _, err := os.Stat(filepath.Join(dir, record)); foreign && err != nil {
		return nil, fmt.Errorf("%s: the folder is not empty, and has no %s, so it is of something else: choose another --out", dir, record)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := checkpoint.Lock(dir)
	if errors.Is(err, checkpoint.ErrNoLocks) {
		note("%v", err)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

// Jobs is how many trainings run at a time where nobody says it: as many as the cores
// have room for.
func Jobs(cores, threads int) int { return max(1, cores/max(1, threads)) }
