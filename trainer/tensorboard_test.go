package trainer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/tensorboard"
)

// figures lists the steps and first tags of a run's events.
func figures(t *testing.T, run string) (list []string) {
	t.Helper()
	err := tensorboard.Resume(filepath.Join(run, BoardFolder), t.TempDir(), func(step int, tag string) bool {
		list = append(list, fmt.Sprintf("%s %d", tag, step))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTensorBoard holds that the events of a run that is interrupted anywhere
// and resumed are those of one that was not: none missing, none twice.
func TestTensorBoard(t *testing.T) {
	c := small(t, "train.tensorboard=3", "train.select=last", "checkpoint.every_epochs=1", "checkpoint.every_steps=0")
	whole := train(t, c)
	want := []string{"step/loss 3", "step/loss 6", "epoch/train_loss 8", "step/loss 9", "step/loss 12", "step/loss 15", "epoch/train_loss 16", "test/accuracy 16"}
	if diff := cmp.Diff(want, figures(t, whole.dir)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	moments := map[string]func(Event) bool{
		"in an epoch":   func(e Event) bool { s, ok := e.(StepDone); return ok && s.Step == 13 },
		"at its end":    func(e Event) bool { s, ok := e.(StepDone); return ok && s.Step == 16 },
		"after epoch 1": func(e Event) bool { _, ok := e.(EpochDone); return ok },
		"after epoch 2": func(e Event) bool { d, ok := e.(EpochDone); return ok && d.Epoch.Epoch == 2 },
	}
	for name, at := range moments {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r := try(t, ctx, c, func(e Event) {
				if at(e) {
					cancel(errStop)
				}
			})
			wantError(t, r.err, "interrupted")
			resume(t, c, r.dir)
			if diff := cmp.Diff(want, figures(t, r.dir)); diff != "" {
				t.Errorf("(-straight +resumed):\n%s", diff)
			}
		})
	}
	t.Run("killed after its last checkpoint, in another folder", func(t *testing.T) {
		branch := filepath.Join(t.TempDir(), "branch")
		if _, err := Train(t.Context(), Options{Config: c, Resume: whole.step(8), Out: branch}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, figures(t, branch)); diff != "" {
			t.Errorf("(-straight +branch):\n%s", diff)
		}
	})
	t.Run("more epochs", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(dir, os.DirFS(whole.dir)); err != nil {
			t.Fatal(err)
		}
		resume(t, small(t, "train.tensorboard=0", "train.select=last", "train.epochs=3", "checkpoint.every_epochs=1", "checkpoint.every_steps=0"), dir)
		if diff := cmp.Diff(want[:len(want)-1], figures(t, dir)); diff != "" {
			t.Errorf("turned off later (-want +got):\n%s", diff)
		}
	})
	t.Run("off", func(t *testing.T) {
		r := train(t, small(t, "train.tensorboard=0", "train.epochs=1"))
		if slices.Contains(files(t, r.dir), BoardFolder) {
			t.Errorf("there is a folder %s", BoardFolder)
		}
	})
	t.Run("that cannot be written", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		var events []Event
		result, err := Train(t.Context(), Options{Config: c, Out: dir, Report: func(e Event) {
			events = append(events, e)
			if s, ok := e.(Prepared); ok {
				// A file where the folder of events would be.
				if err := os.WriteFile(filepath.Join(s.Out, BoardFolder), nil, 0o644); err != nil {
					t.Error(err)
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if compact(t, withoutTime(result)) != compact(t, withoutTime(whole.result)) {
			t.Error("the result is another")
		}
		n := 0
		for _, e := range events {
			if note, ok := e.(Note); ok && len(note.Text) > 11 && note.Text[:11] == "TensorBoard" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("said %d times that there are no events, want once:\n%s", n, notes(events))
		}
	})
}
