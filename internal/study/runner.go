package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Folders of a study.
const (
	unitsFolder = "units" // what was kept of each training, as UNIT.json
	runsFolder  = "runs"  // run folders of the trainings under way, and their logs
)

// Unit is one training.
type Unit struct {
	Name string   // path below the study's folder, such as restaurants/seed-1
	Args []string // of the program; the runner adds where the run goes

	Settings Settings // what it depends on; one of other settings is not its own
}

// Runner does the trainings of a study.
type Runner struct {
	Dir     string // of the study
	Program string // that is called with a unit's arguments
	Jobs    int    // trainings at a time
	KeepRun bool   // leave the run folders, weights and all, after what is kept of them is

	// Keep reads of a run folder what the study needs of it, which is stored as JSON.
	// It is called for one unit at a time.
	Keep func(u Unit, run string) (any, error)

	Report func(Event) // may be nil; one call at a time
}

// Event tells how far a study is.
type Event struct {
	Unit    string
	Begun   bool          // or ended
	Err     error         // of a unit that failed
	Took    time.Duration // of one that ended
	Done    int           // units, those done before too
	Total   int
	Running int
}

// kept is the file of a unit.
type kept struct {
	Settings Settings        `json:"settings"`
	Args     []string        `json:"args"`
	Seconds  float64         `json:"seconds"` // of the process
	Content  json.RawMessage `json:"content"`
}

// maxFailures is how many units may fail before the first has worked.
const maxFailures = 3

// Run does the units that are not done yet. One that fails does not end the
// others, unless it looks as if all would; the error names each.
//
// When ctx ends, the processes are told to stop in good order, as an interrupted
// training does, and Run returns when they have. The next Run goes on with each
// where it was. Units that are done are not trained again. The caller holds Dir by
// [Take].
func (r *Runner) Run(ctx context.Context, units []Unit) error {
	left, err := r.left(units)
	if err != nil {
		return err
	}
	x := &execution{Runner: r, total: len(units), done: len(units) - len(left), stop: make(chan struct{})}
	queue := make(chan Unit)
	var workers sync.WaitGroup
	for range max(1, min(r.Jobs, len(left))) {
		workers.Go(func() {
			for u := range queue {
				x.do(ctx, u)
			}
		})
	}
feed:
	for _, u := range left {
		select {
		case queue <- u:
		case <-x.stop:
			break feed
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(x.failed...)
}

func (r *Runner) read(u Unit) (*kept, error) {
	text, err := os.ReadFile(r.file(u))
	if err != nil {
		return nil, err
	}
	k := &kept{}
	if err := json.Unmarshal(text, k); err != nil {
		return nil, fmt.Errorf("%s: %w (delete it to train it anew)", r.file(u), err)
	}
	return k, nil
}

// Read returns what was kept of a unit that is done.
func (r *Runner) Read(u Unit, content any) error {
	k, err := r.read(u)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(k.Content, content); err != nil {
		return fmt.Errorf("%s: %w (delete it to train it anew)", r.file(u), err)
	}
	return nil
}

// Begun says whether a training of the study in a folder has begun.
func Begun(dir string) (bool, error) {
	for _, name := range []string{unitsFolder, runsFolder} {
		entries, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if len(entries) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// execution is a Run under way.
type execution struct {
	*Runner
	mu                   sync.Mutex
	total, done, running int
	succeeded            int
	failed               []error
	stop                 chan struct{} // closed where all seem to fail
}

func (x *execution) do(ctx context.Context, u Unit) {
	if ctx.Err() != nil {
		return
	}
	x.mu.Lock()
	x.running++
	x.report(Event{Unit: u.Name, Begun: true})
	x.mu.Unlock()
	began := time.Now()
	err := x.train(ctx, u)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		err = x.keep(u, time.Since(began))
	}
	x.running--
	switch {
	case err == nil:
		x.done++
		x.succeeded++
	case ctx.Err() != nil:
		return // it stopped because it was told to
	default:
		x.failed = append(x.failed, fmt.Errorf("%s: %w", u.Name, err))
		if x.succeeded == 0 && len(x.failed) == maxFailures {
			close(x.stop)
		}
	}
	x.report(Event{Unit: u.Name, Err: err, Took: time.Since(began)})
}

// report tells an event. x.mu is held.
func (x *execution) report(e Event) {
	if x.Report != nil {
		e.Done, e.Total, e.Running = x.done, x.total, x.running
		x.Report(e)
	}
}

// keep stores what the study needs of a run that ended, and removes the run.
func (x *execution) keep(u Unit, took time.Duration) error {
	run := x.run(u)
	content, err := x.Keep(u, run)
	if err != nil {
		return err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	file := x.file(u)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	text, err = json.Marshal(kept{u.Settings, u.Args, took.Seconds(), text})
	if err != nil {
		return err
	}
	if err := writeFile(file, text); err != nil {
		return err
	}
	if x.KeepRun {
		return nil
	}
	return errors.Join(os.RemoveAll(run), os.Remove(x.log(u)), os.Remove(x.key(u)), x.removeEmpty(filepath.Dir(run)))
}

// removeEmpty removes folders that have become empty, up to that of the study.
func (x *execution) removeEmpty(dir string) error {
	for ; dir != filepath.Clean(x.Dir) && len(dir) > len(x.Dir); dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			return nil // another unit uses it
		}
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return nil
}
