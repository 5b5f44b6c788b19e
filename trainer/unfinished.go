package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"absa/configs"
	"absa/internal/checkpoint"
)

// Unfinished returns the newest run folder under dir, by its newest checkpoint,
// that did not end and has the same configuration, "" where there is none. Only
// how it is saved, the device and the threads may differ. A run that another
// process is training is passed over.
func Unfinished(dir string, c configs.Config, note func(string, ...any)) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for a run to resume: %w", err)
	}
	var found string
	var newest time.Time
	for _, e := range entries {
		run := filepath.Join(dir, e.Name())
		at, ok := unfinished(run, c, note)
		if ok && (found == "" || at.After(newest)) {
			found, newest = run, at
		}
	}
	if found == "" {
		note("there is no unfinished run of this configuration under %s: a new one begins", dir)
	}
	return found, nil
}

// unfinished says when a run folder was last saved, if it can be resumed.
func unfinished(run string, c configs.Config, note func(string, ...any)) (saved time.Time, ok bool) {
	loaded, err := configs.Load(configs.Source{Config: filepath.Join(run, ConfigFile)})
	if err != nil {
		return saved, false // not a run
	}
	for _, d := range configs.Differences(loaded.Config, c) {
		if !strings.HasPrefix(d.Key, "checkpoint.") && d.Key != "train.device" && d.Key != "train.threads" {
			return saved, false
		}
	}
	if _, err := os.Stat(filepath.Join(run, checkpoint.ManifestFile)); err == nil {
		return saved, false // it ended
	}
	steps, err := checkpoint.List(run)
	if err != nil || len(steps) == 0 {
		return saved, false
	}
	if l, err := checkpoint.Lock(run); errors.Is(err, checkpoint.ErrLocked) {
		note("passed over %v", err)
		return saved, false
	} else if err == nil {
		l.Unlock()
	} else if !errors.Is(err, checkpoint.ErrNoLocks) { // it cannot be written to
		note("passed over %s: %v", run, err)
		return saved, false
	}
	for _, step := range slices.Backward(steps) {
		if step.Err == nil {
			return step.Checkpoint.Manifest.Written, true
		}
	}
	note("passed over %s: none of its checkpoints is whole (%v)", run, steps[len(steps)-1].Err)
	return saved, false
}

// ConfigPath returns the configuration that a run is resumed with when none is
// named: that of the step folder, or of the newest whole checkpoint of the run,
// or of a run that has none. It is "" where there is no run.
func ConfigPath(dir string) string {
	if !checkpoint.IsStep(dir) {
		if newest, _, err := checkpoint.Newest(dir); err == nil {
			dir = newest.Dir
		}
	}
	path := filepath.Join(dir, ConfigFile)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
