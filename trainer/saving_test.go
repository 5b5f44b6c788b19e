package trainer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
)

// TestPolicy holds which checkpoints a run leaves. Epochs have 8 batches.
func TestPolicy(t *testing.T) {
	off := []string{"checkpoint.every_steps=0", "checkpoint.every_minutes=0", "checkpoint.every_epochs=0", "checkpoint.keep_last=0", "checkpoint.keep_best=0"}
	tests := []struct {
		name string
		set  []string
		want []string
	}{
		{"off", nil, nil},
		{"every epoch", []string{"checkpoint.every_epochs=1"}, []string{"step-00000008", "step-00000016", "step-00000024"}},
		{"every other epoch, and the last", []string{"checkpoint.every_epochs=2"}, []string{"step-00000016", "step-00000024"}},
		{"every 8 steps, which is every epoch", []string{"checkpoint.every_steps=8"}, []string{"step-00000008", "step-00000016", "step-00000024"}},
		{"the last two", []string{"checkpoint.every_epochs=1", "checkpoint.keep_last=2"}, []string{"step-00000016", "step-00000024"}},
		// Nothing is learned, so the first epoch stays the best.
		{"the last and the best", []string{"checkpoint.every_epochs=1", "checkpoint.keep_last=1", "checkpoint.keep_best=1", "train.learning_rate=1e-12"}, []string{"step-00000008", "step-00000024"}},
		{"the best alone", []string{"checkpoint.every_epochs=9", "checkpoint.keep_best=1", "train.learning_rate=1e-12"}, []string{"step-00000008", "step-00000024"}},
		{"the best two, of equal ones the earlier", []string{"checkpoint.every_epochs=9", "checkpoint.keep_last=1", "checkpoint.keep_best=2", "train.learning_rate=1e-12"}, []string{"step-00000008", "step-00000016", "step-00000024"}},
		{"every moment", []string{"checkpoint.every_minutes=1e-9", "checkpoint.keep_last=1"}, []string{"step-00000024"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := append(append([]string{"train.epochs=3"}, off...), test.set...)
			r := train(t, small(t, set...))
			var got []string
			if _, err := os.Stat(filepath.Join(r.dir, checkpoint.Folder)); err == nil {
				got = steps(t, r.dir)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSaveWithinEpoch holds that a policy by steps saves in the middle of an
// epoch, and with accumulation between whole steps only.
func TestSaveWithinEpoch(t *testing.T) {
	var at []Position
	c := small(t, "train.epochs=1", "train.accumulate=3", "checkpoint.every_steps=1", "checkpoint.every_minutes=0", "checkpoint.keep_last=0")
	r := train(t, c)
	for _, name := range steps(t, r.dir) {
		s, err := ReadState(openStep(t, r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, s.Position)
	}
	// 8 batches are steps of 3, 3 and 2; a save that would wait for another is
	// left to a later step.
	if len(at) < 2 || at[0] != (Position{0, 3, 1}) || at[len(at)-1] != (Position{1, 0, 3}) {
		t.Errorf("saved at %+v, want the first at batch 3 and the last after the epoch", at)
	}
}

// TestSaveIsAsked holds that a signal's wish is granted after the step.
func TestSaveIsAsked(t *testing.T) {
	ask := make(chan struct{}, 1)
	var said string
	dir := filepath.Join(t.TempDir(), "run")
	c := small(t, "train.epochs=1", "checkpoint.every_epochs=0", "checkpoint.every_minutes=0", "checkpoint.keep_last=0")
	_, err := Train(t.Context(), Options{Config: c, Out: dir, Save: ask, Report: func(e Event) {
		switch e := e.(type) {
		case StepDone:
			if e.Step == 3 {
				ask <- struct{}{}
			}
		case Note:
			said += e.Text + "\n"
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"step-00000003"}, steps(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(said, "saved "+checkpoint.StepDir(dir, 3)) {
		t.Errorf("said %q", said)
	}
}

// TestSaveFails holds that training goes on when a checkpoint cannot be saved,
// and says so; and that the last word is an error where nothing could be.
func TestSaveFails(t *testing.T) {
	c := small(t, "train.epochs=2", "checkpoint.every_epochs=1")
	var dir string
	block := func(e Event) {
		if p, ok := e.(Prepared); ok {
			dir = p.Out
			if err := os.WriteFile(filepath.Join(dir, checkpoint.Folder), nil, 0o644); err != nil {
				t.Error(err)
			}
		}
	}
	r := try(t, t.Context(), c, block)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if n := strings.Count(notes(r.events), "is not saved"); n != 2 {
		t.Errorf("said %q, want of two checkpoints that they are not saved", notes(r.events))
	}
	for _, want := range []string{"step 8", "step 16", checkpoint.Folder, "training goes on"} {
		if !strings.Contains(notes(r.events), want) {
			t.Errorf("said %q, want %q in it", notes(r.events), want)
		}
	}
	if r.read(t, WeightsFile) != train(t, c).read(t, WeightsFile) {
		t.Error("it ended with other weights")
	}

	// Interrupted, there is nothing to go on with.
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r = try(t, ctx, c, func(e Event) {
		block(e)
		if s, ok := e.(StepDone); ok && s.Step == 2 {
			cancel(stop)
		}
	})
	wantError(t, r.err, "interrupted", "step-00000002", "not a directory")
	if !errors.Is(r.err, ErrInterrupted) {
		t.Errorf("got %v, want it to wrap ErrInterrupted", r.err)
	}
	if strings.Contains(r.err.Error(), "goes on") {
		t.Errorf("%q says that it can be resumed", r.err)
	}
}

// TestCheckpointEvaluates holds that a checkpoint can be used as a run can: by
// the weights that would have been tested there.
func TestCheckpointEvaluates(t *testing.T) {
	c := small(t, "train.ema=0.9", "train.select=last", "train.epochs=2", "checkpoint.keep_last=0")
	r := train(t, c)
	first := train(t, small(t, "train.ema=0.9", "train.select=last", "train.epochs=1"))
	for _, test := range []struct {
		step int
		want *Result
	}{{8, first.result}, {16, r.result}} {
		scores, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{checkpoint.StepDir(r.dir, test.step)}, Data: "sample"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := compact(t, raw(scores.Score)), compact(t, raw(test.want.Score)); got != want {
			t.Errorf("step %d: evaluated %s\nwant %s", test.step, got, want)
		}
	}
}

// TestAccumulation holds that a step over several batches is one over a batch of
// so many times the size.
func TestAccumulation(t *testing.T) {
	// Without dropout, whose masks depend on the batches.
	set := []string{"model.embedding_dropout=0", "model.output_dropout=0", "train.epochs=2", "train.select=last", "train.learning_rate=1e-3", "loader.order=file"}
	for _, reduction := range []string{"pairs", "aspect"} {
		t.Run(reduction, func(t *testing.T) {
			whole := train(t, small(t, append(set, "loader.batch_size=60", "loss.reduction="+reduction)...))
			parts := train(t, small(t, append(set, "loader.batch_size=20", "train.accumulate=3", "loss.reduction="+reduction)...))
			if parts.result.Steps != whole.result.Steps {
				t.Fatalf("%d steps, want %d", parts.result.Steps, whole.result.Steps)
			}
			for i, e := range whole.result.Epochs {
				got := parts.result.Epochs[i]
				if d := got.TrainLoss - e.TrainLoss; d > 1e-5 || d < -1e-5 {
					t.Errorf("epoch %d: loss %v, want %v", i+1, got.TrainLoss, e.TrainLoss)
				}
				if got.Sentences != e.Sentences || got.Steps != e.Steps {
					t.Errorf("epoch %d: %d sentences in %d steps, want %d in %d", i+1, got.Sentences, got.Steps, e.Sentences, e.Steps)
				}
			}
		})
	}
}
