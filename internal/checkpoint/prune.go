package checkpoint

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"absa/internal/atomicfile"
)

// Policy says which checkpoints of a run are kept.
type Policy struct {
	KeepLast int  // the newest so many; 0 or less keeps all
	KeepBest int  // and the best so many by Manifest.Value
	Lower    bool // a lower value is better
}

// Plan returns the entries, ascending by step, that the policy does not keep.
// The newest complete one always stays, and so do the damaged ones: whoever
// wants them gone looks at them first. Of equal values the earlier step is the
// better one.
func Plan(entries []Entry, p Policy) (remove []Entry) {
	if p.KeepLast <= 0 {
		return nil
	}
	complete := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Err != nil })
	slices.SortFunc(complete, func(a, b Entry) int { return cmp.Compare(a.Step, b.Step) })
	older := complete[:max(0, len(complete)-p.KeepLast)]

	best := slices.DeleteFunc(slices.Clone(complete), func(e Entry) bool { return e.Checkpoint.Manifest.Value == nil })
	slices.SortStableFunc(best, func(a, b Entry) int {
		order := cmp.Compare(*a.Checkpoint.Manifest.Value, *b.Checkpoint.Manifest.Value)
		if p.Lower {
			return order
		}
		return -order
	})
	best = best[:min(len(best), max(0, p.KeepBest))]
	return slices.DeleteFunc(older, func(e Entry) bool {
		return slices.ContainsFunc(best, func(b Entry) bool { return b.Dir == e.Dir })
	})
}

// Prune removes the checkpoints that the policy does not keep and returns their
// folders. The newest one that counts as complete has been read in full.
func Prune(run string, p Policy) (removed []string, err error) { return prune(run, p, "") }

// Removable returns what Prune would remove. The newest one that counts as
// complete has been read in full.
func Removable(run string, p Policy) ([]Entry, error) { return removable(run, p, "") }

// removable is Removable after a save: the folder saved needs no reading and
// stays.
func removable(run string, p Policy, saved string) ([]Entry, error) {
	if p.KeepLast <= 0 {
		return nil, nil
	}
	entries, err := List(run)
	if err != nil {
		return nil, err
	}
	// What stays is to be worth keeping before anything goes.
	for i, e := range slices.Backward(entries) {
		if e.Err != nil {
			continue
		}
		if e.Dir == saved {
			break
		}
		if _, err := Open(e.Dir); err == nil {
			break
		} else {
			entries[i].Err = err
		}
	}
	return slices.DeleteFunc(Plan(entries, p), func(e Entry) bool { return e.Dir == saved }), nil
}

func prune(run string, p Policy, saved string) (removed []string, err error) {
	remove, err := removable(run, p, saved)
	if err != nil || len(remove) == 0 {
		return nil, err
	}
	// A name that is gone first: a folder half removed must not look like one.
	var hidden []string
	for _, e := range remove {
		name := hiddenName(filepath.Dir(e.Dir), e.Step, "tmp")
		if err := os.Rename(e.Dir, name); err != nil {
			return removed, fmt.Errorf("remove %s: %w", e.Dir, atomicfile.Reason(err))
		}
		hidden, removed = append(hidden, name), append(removed, e.Dir)
	}
	if err := atomicfile.SyncDir(filepath.Join(run, Folder)); err != nil {
		return removed, err
	}
	for i, name := range hidden {
		if err := os.RemoveAll(name); err != nil {
			return removed, fmt.Errorf("remove %s: %w", remove[i].Dir, atomicfile.Reason(err))
		}
	}
	return removed, nil
}
