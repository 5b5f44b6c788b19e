package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stale says what a study's folder has of trainings that are not those of the study
// now.
type Stale struct {
	Dir   string
	Found []StaleUnit
}

// StaleUnit is what is left of one of them.
type StaleUnit struct {
	Path    string   // of what was kept, or of the run folder
	Differs []string // settings and corpora
}

func (e *Stale) Error() string {
	const most, mostDiffers = 5, 4
	var b strings.Builder
	fmt.Fprintf(&b, "%s: trainings of other settings or data than the study has now:", e.Dir)
	for i, u := range e.Found {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Found)-most)
			break
		}
		differs := strings.Join(u.Differs[:min(len(u.Differs), mostDiffers)], "; ")
		if more := len(u.Differs) - mostDiffers; more > 0 {
			differs += fmt.Sprintf("; and %d more", more)
		}
		fmt.Fprintf(&b, "\n  %s: %s", u.Path, differs)
	}
	b.WriteString("\nput back what was changed, give the study another folder with --out, or delete these to train them anew")
	return b.String()
}

// left are the units that are not done. What is there of other trainings refuses all.
func (r *Runner) left(units []Unit) ([]Unit, error) {
	var left []Unit
	stale := Stale{Dir: r.Dir}
	check := func(u Unit, path string, was Settings) {
		differs := u.Settings.differences(was)
		if len(was) == 0 {
			differs = []string{"it does not say of which settings it is"}
		}
		if len(differs) > 0 {
			stale.Found = append(stale.Found, StaleUnit{path, differs})
		}
	}
	for _, u := range units {
		k, err := r.read(u)
		switch {
		case err == nil:
			check(u, r.file(u), k.Settings)
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		left = append(left, u)
		if _, err := os.Stat(r.run(u)); err != nil {
			continue // not begun
		}
		was, err := r.begun(u)
		if err != nil {
			return nil, err
		}
		check(u, r.run(u), was)
	}
	if stale.Found != nil {
		return nil, &stale
	}
	return left, nil
}

// begun returns the settings that the run folder of a unit is of, none where nothing
// says them.
func (r *Runner) begun(u Unit) (was Settings, err error) {
	text, err := os.ReadFile(r.key(u))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &was); err != nil {
		return nil, fmt.Errorf("%s: %w (delete it and the run folder beside it to train anew)", r.key(u), err)
	}
	return was, nil
}

func (r *Runner) file(u Unit) string { return filepath.Join(r.Dir, unitsFolder, u.Name+".json") }

func (r *Runner) run(u Unit) string {
	return filepath.Join(r.Dir, runsFolder, filepath.FromSlash(u.Name))
}
func (r *Runner) log(u Unit) string { return r.run(u) + ".log" }
func (r *Runner) key(u Unit) string { return r.run(u) + ".key" }
