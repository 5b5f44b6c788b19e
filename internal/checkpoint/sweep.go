package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"absa/internal/atomicfile"
)

var (
	// What Save and Prune leave when they are killed.
	leftFolder = regexp.MustCompile(`^\.(step-[0-9]{8,})\.[a-z0-9]+\.(tmp|old)$`)
	// What atomicfile leaves of the files of a run.
	leftFile = regexp.MustCompile(`^\.[a-z0-9-]+\.(yaml|json|jsonl|txt|safetensors)\.[0-9]+\.tmp$`)
)

// Sweep removes what killed processes left under a run folder and returns its
// paths. A complete checkpoint that was being replaced gets its name back where
// the new one did not come to it. The caller holds the run's lock: what another
// process is writing looks the same.
func Sweep(run string) (swept []string, err error) {
	for _, dir := range []string{run, filepath.Join(run, Folder)} {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return swept, fmt.Errorf("sweep %s: %w", dir, atomicfile.Reason(err))
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			switch m := leftFolder.FindStringSubmatch(e.Name()); {
			case dir != run && m != nil && m[2] == "old":
				err = sweepOld(path, filepath.Join(dir, m[1]))
			case dir != run && m != nil, e.Type().IsRegular() && leftFile.MatchString(e.Name()):
				err = os.RemoveAll(path)
			default:
				continue
			}
			if err != nil {
				return swept, fmt.Errorf("sweep %s: %w", path, atomicfile.Reason(err))
			}
			swept = append(swept, path)
		}
	}
	return swept, nil
}

// sweepOld removes the checkpoint that a newer one of the same step replaced, or
// puts it back where that one is missing or damaged.
func sweepOld(old, final string) error {
	if _, err := Open(final); err == nil {
		return os.RemoveAll(old)
	}
	if _, err := Open(old); err != nil {
		return os.RemoveAll(old)
	}
	if _, err := os.Lstat(final); err == nil {
		if err := os.Rename(final, damagedName(final)); err != nil {
			return err
		}
	}
	if err := os.Rename(old, final); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(final))
}
