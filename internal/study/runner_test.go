package study

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
)

// unit is a training that a shell does: $2 is the run folder.
func unit(name, script string) Unit {
	return Unit{Name: name, Key: name, Args: []string{"-c", script, name}}
}

// train writes a result, and a line into a file beside the study for each time.
const train = `mkdir -p "$2" && echo "result of $0" >"$2/result" && echo "$0" >>"$2/../../../trained"`

func newRunner(t *testing.T) (*Runner, *[]Event) {
	t.Helper()
	events := &[]Event{}
	return &Runner{
		Dir: filepath.Join(t.TempDir(), "study"), Program: "/bin/sh", Jobs: 2,
		Keep: func(u Unit, run string) (any, error) {
			text, err := os.ReadFile(filepath.Join(run, "result"))
			return strings.TrimSpace(string(text)), err
		},
		Report: func(e Event) { *events = append(*events, e) },
	}, events
}

func TestRunner(t *testing.T) {
	r, events := newRunner(t)
	var units []Unit
	for i := range 5 {
		units = append(units, unit(fmt.Sprintf("row-%d", i), train))
	}
	for range 2 { // the second time nothing is left
		if err := r.Run(t.Context(), units); err != nil {
			t.Fatal(err)
		}
	}
	trained, err := os.ReadFile(filepath.Join(r.Dir, "..", "trained"))
	if err != nil || strings.Count(string(trained), "\n") != 5 {
		t.Errorf("got %q (%v), want each trained once", trained, err)
	}
	for _, u := range units {
		var got string
		if err := r.Read(u, &got); err != nil || got != "result of "+u.Name {
			t.Errorf("%s: got %q (%v)", u.Name, got, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(r.Dir, runsFolder)); err == nil && len(left) > 0 {
		t.Errorf("%v are left of the runs", left)
	}
	last := (*events)[len(*events)-1]
	if last.Done != 5 || last.Total != 5 || last.Running != 0 || len(*events) != 10 {
		t.Errorf("%d events, the last %+v", len(*events), last)
	}
}

func TestRunnerKeepsRuns(t *testing.T) {
	r, _ := newRunner(t)
	r.KeepRun = true
	u := unit("row/seed-1", train+"; mv \"$2/../../../trained\" \"$2\" 2>/dev/null; true")
	if err := r.Run(t.Context(), []Unit{u}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.run(u), "result")); err != nil {
		t.Error(err)
	}
}

func TestRunnerGoesOnPastFailures(t *testing.T) {
	r, _ := newRunner(t)
	err := r.Run(t.Context(), []Unit{unit("good", train), unit("bad", `echo "no such corpus" >&2; exit 3`), unit("fine", train)})
	if err == nil || !strings.Contains(err.Error(), "bad: exit status 3: no such corpus (all of it: ") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"good", "fine"} {
		var got string
		if err := r.Read(unit(name, train), &got); err != nil {
			t.Error(err)
		}
	}
}

func TestRunnerEndsWhereAllFail(t *testing.T) {
	r, events := newRunner(t)
	r.Jobs = 1
	var units []Unit
	for i := range 20 {
		units = append(units, unit(fmt.Sprint(i), "exit 1"))
	}
	if err := r.Run(t.Context(), units); err == nil {
		t.Error("no error")
	}
	if begun := len(*events) / 2; begun > maxFailures+1 {
		t.Errorf("%d trainings were begun", begun)
	}
}

// A training that is told to stop saves and goes on the next time.
func TestRunnerInterrupted(t *testing.T) {
	r, _ := newRunner(t)
	const script = `
		mkdir -p "$2"
		if [ -e "$2/saved" ]; then echo "went on" >"$2/result"; exit 0; fi
		trap 'touch "$2/saved"; exit 130' INT
		touch "$2/begun"
		while :; do sleep 0.05; done`
	u := unit("row", script)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	go func() {
		for range 400 {
			if _, err := os.Stat(filepath.Join(r.run(u), "begun")); err == nil {
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
		cancel(interrupted)
	}()
	if err := r.Run(ctx, []Unit{u, unit("next", train)}); !errors.Is(err, interrupted) {
		t.Fatalf("got %v", err)
	}
	if err := r.Run(t.Context(), []Unit{u}); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := r.Read(u, &got); err != nil || got != "went on" {
		t.Errorf("got %q (%v)", got, err)
	}
}

func TestRunnerRefuses(t *testing.T) {
	t.Run("another recipe", func(t *testing.T) {
		r, _ := newRunner(t)
		u := unit("row", train)
		if err := r.Run(t.Context(), []Unit{u}); err != nil {
			t.Fatal(err)
		}
		u.Key = "changed"
		var stale *Stale
		if err := r.Run(t.Context(), []Unit{u}); !errors.As(err, &stale) || stale.File != r.file(u) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a damaged record", func(t *testing.T) {
		r, _ := newRunner(t)
		u := unit("row", train)
		if err := r.Run(t.Context(), []Unit{u}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.file(u), []byte(`{"key":`), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context(), []Unit{u}); err == nil || !strings.Contains(err.Error(), "row.json: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two at a time", func(t *testing.T) {
		r, _ := newRunner(t)
		if err := os.MkdirAll(r.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		lock, err := checkpoint.Lock(r.Dir)
		if err != nil {
			t.Skip(err)
		}
		defer lock.Unlock()
		if err := r.Run(t.Context(), []Unit{unit("row", train)}); !errors.Is(err, checkpoint.ErrLocked) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFailureShowsTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("line\n", 5000)+"the reason\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	got := failure(errors.New("exit status 1"), path).Error()
	if diff := cmp.Diff("exit status 1: line\nline\nline\nline\nthe reason (all of it: "+path+")", got); diff != "" {
		t.Error(diff)
	}
}
