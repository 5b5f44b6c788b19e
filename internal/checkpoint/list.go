package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"absa/internal/atomicfile"
)

// Folder is where the checkpoints of a run lie in its folder.
const Folder = "checkpoints"

// ErrNone is the error of a run that cannot be gone on with.
var ErrNone = errors.New("there is no complete checkpoint")

// Entry is a step folder of a run.
type Entry struct {
	Dir        string
	Step       int
	Checkpoint *Checkpoint // nil where Err is not
	Err        error       // why it is not complete
}

// List returns the step folders of a run by ascending step, each one inspected.
// A run without any has an empty list.
func List(run string) ([]Entry, error) {
	dir := filepath.Join(run, Folder)
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(run); err != nil {
			return nil, fmt.Errorf("run folder %s: %w", run, atomicfile.Reason(err))
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, atomicfile.Reason(err))
	}
	var entries []Entry
	for _, n := range names {
		e := Entry{Dir: filepath.Join(dir, n.Name())}
		var ok bool
		if e.Step, ok = stepOf(e.Dir); !ok {
			continue
		}
		e.Checkpoint, e.Err = Inspect(e.Dir)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Step, b.Step) })
	return entries, nil
}

// Newest opens the checkpoint of the highest step that is whole. The errors of
// those after it, which are not, are returned beside it. The error wraps ErrNone
// when there is none, and when there is no run.
func Newest(run string) (c *Checkpoint, skipped []error, err error) {
	entries, err := List(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w", run, ErrNone)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range slices.Backward(entries) {
		if e.Err == nil {
			if c, e.Err = Open(e.Dir); e.Err == nil {
				return c, skipped, nil
			}
		}
		skipped = append(skipped, e.Err)
	}
	return nil, skipped, fmt.Errorf("%s: %w", run, ErrNone)
}

// IsStep reports whether dir is the folder of one checkpoint: by its name, or,
// where it has another, by its manifest.
func IsStep(dir string) bool {
	if _, ok := stepOf(dir); ok {
		return true
	}
	m, err := readManifest(dir)
	return err == nil && m.Kind == KindCheckpoint
}

// RunOf returns the run folder that a step folder lies in, "" for one outside of
// a run. Any other folder is taken for a run folder itself.
func RunOf(dir string) string {
	if !IsStep(dir) {
		return dir
	}
	if parent, err := filepath.Abs(filepath.Join(dir, "..")); err != nil || filepath.Base(parent) != Folder {
		return ""
	}
	return filepath.Join(dir, "..", "..")
}

// StepDir returns the folder of a run's step, which need not be there.
func StepDir(run string, step int) string { return filepath.Join(run, Folder, stepName(step)) }

// stepName returns the name of a step's folder.
func stepName(step int) string { return fmt.Sprintf("step-%08d", step) }

// stepOf returns the step that a folder is named for.
func stepOf(dir string) (step int, ok bool) {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs // of "." too
	}
	return parseStep(filepath.Base(dir))
}

func parseStep(name string) (step int, ok bool) {
	digits, ok := strings.CutPrefix(name, "step-")
	if !ok {
		return 0, false
	}
	step, err := strconv.Atoi(digits)
	return step, err == nil && step >= 0 && stepName(step) == name
}
