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
	return Unit{Name: name, Settings: Settings{"train.epochs": "1"}, Args: []string{"-c", script, name}}
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
	changed := func(u Unit) Unit {
		u.Settings = Settings{"train.epochs": "2"}
		return u
	}
	t.Run("other recipes", func(t *testing.T) {
		r, _ := newRunner(t)
		var units, others []Unit
		for i := range 7 {
			u := unit(fmt.Sprint("row-", i), train)
			units, others = append(units, u), append(others, changed(u))
		}
		if err := r.Run(t.Context(), units); err != nil {
			t.Fatal(err)
		}
		err := r.Run(t.Context(), others)
		var stale *Stale
		if !errors.As(err, &stale) || len(stale.Found) != 7 {
			t.Fatalf("got %v", err)
		}
		for _, want := range []string{r.file(units[0]) + ": train.epochs: 2, it was 1", r.file(units[4]), "and 2 more"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in %v", want, err)
			}
		}
	})
	t.Run("a run of another recipe", func(t *testing.T) {
		r, _ := newRunner(t)
		r.KeepRun = true
		u := unit("row", train)
		if err := r.Run(t.Context(), []Unit{u}); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(r.file(u)); err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context(), []Unit{changed(u)}); err == nil || !strings.Contains(err.Error(), r.run(u)+": train.epochs: 2, it was 1") {
			t.Errorf("got %v", err)
		}
		if err := r.Run(t.Context(), []Unit{u}); err != nil { // it is of this one
			t.Error(err)
		}
		if err := errors.Join(os.Remove(r.file(u)), os.Remove(r.key(u))); err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context(), []Unit{u}); err == nil || !strings.Contains(err.Error(), r.run(u)+": it does not say of which settings") {
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
}

func TestTake(t *testing.T) {
	const record = "record.json"
	note := func(format string, a ...any) { t.Logf(format, a...) }
	dir := filepath.Join(t.TempDir(), "study")
	unlock, err := Take(dir, record, note)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(dir, record, note); err == nil {
		t.Log("this file system has no locks")
	} else if !errors.Is(err, checkpoint.ErrLocked) {
		t.Errorf("taken twice: %v", err)
	}
	unlock()
	for _, name := range []string{"beside", "notes"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		unlock, err := Take(dir, record, note, "beside")
		if (err != nil) != (name == "notes") {
			t.Errorf("with %s: %v", name, err)
		}
		if err == nil {
			unlock()
		}
	}
	if err := os.WriteFile(filepath.Join(dir, record), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	unlock, err = Take(dir, record, note)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
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
