package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
)

var errStop = errors.New("the user said so")

// unsaved turns off every checkpoint that is not an interruption's.
var unsaved = []string{"checkpoint.every_steps=0", "checkpoint.every_minutes=0", "checkpoint.every_epochs=0"}

// begun are the files of a run that has begun, in order.
func begun(more ...string) []string {
	names := append([]string{ConfigFile, LabelsFile, SplitFile, VocabFile}, more...)
	if slices.Contains(more, MetricsFile) { // it has come to a figure
		names = append(names, BoardFolder)
	}
	slices.Sort(names)
	return names
}

// TestInterrupt holds that an interrupted run is saved as its last step left it,
// whatever the policy, and leaves nothing that looks like the result of a whole
// run.
func TestInterrupt(t *testing.T) {
	tests := []struct {
		name  string
		set   []string
		at    func(Event) bool // when the context ends
		want  string           // in the error
		is    Position
		left  []string // in the run folder
		saved []string // below checkpoints
		like  []string // a run of these settings ends with the same weights
	}{
		{
			name:  "in an epoch",
			set:   unsaved,
			at:    func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == 3 },
			want:  "interrupted at step 11",
			is:    Position{Epoch: 1, Batch: 3, Step: 11},
			left:  begun(checkpoint.Folder, MetricsFile),
			saved: stepNames(11),
			like:  []string{"train.max_steps=11"},
		},
		{
			name:  "in an epoch, with two threads", // enough work to be divided
			set:   append([]string{"train.threads=2", "model.hidden=64"}, unsaved...),
			at:    func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == 3 },
			want:  "interrupted at step 11",
			is:    Position{Epoch: 1, Batch: 3, Step: 11},
			left:  begun(checkpoint.Folder, MetricsFile),
			saved: stepNames(11),
			like:  []string{"train.max_steps=11", "train.threads=2", "model.hidden=64"},
		},
		{
			name:  "in an epoch after one that was saved",
			at:    func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == 3 },
			want:  "interrupted at step 11",
			is:    Position{Epoch: 1, Batch: 3, Step: 11},
			left:  begun(checkpoint.Folder, MetricsFile),
			saved: stepNames(8, 11),
			like:  []string{"train.max_steps=11"},
		},
		{
			name:  "before the first step",
			set:   unsaved,
			at:    func(e Event) bool { _, ok := e.(Prepared); return ok },
			want:  "interrupted at step 0",
			left:  begun(checkpoint.Folder),
			saved: stepNames(0),
		},
		{
			name:  "in validation",
			set:   unsaved,
			at:    func(e Event) bool { s, ok := e.(StepDone); return ok && s.Batch == 8 },
			want:  "interrupted in evaluation after step 8",
			is:    Position{Batch: 8, Step: 8},
			left:  begun(checkpoint.Folder),
			saved: stepNames(8),
			like:  []string{"train.max_steps=8"},
		},
		{
			name:  "in the test",
			set:   unsaved,
			at:    func(e Event) bool { s, ok := e.(EpochDone); return ok && s.Epoch.Epoch == 2 },
			want:  "interrupted in evaluation after step 16",
			is:    Position{Epoch: 2, Step: 16},
			left:  begun(checkpoint.Folder, MetricsFile),
			saved: stepNames(16),
			like:  []string{"train.epochs=2"},
		},
		{
			name:  "in the test of a run that is saved",
			at:    func(e Event) bool { s, ok := e.(EpochDone); return ok && s.Epoch.Epoch == 2 },
			want:  "interrupted in evaluation after step 16",
			is:    Position{Epoch: 2, Step: 16},
			left:  begun(checkpoint.Folder, MetricsFile),
			saved: stepNames(8, 16),
			like:  []string{"train.epochs=2"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// With an average, to hold that it and the weights are both kept.
			c := small(t, append([]string{"train.ema=0.9", "train.select=last"}, test.set...)...)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r := try(t, ctx, c, func(e Event) {
				if test.at(e) {
					cancel(errStop)
				}
			})
			step := test.is.Step
			wantError(t, r.err, test.want, "(saved in "+r.step(step)+"; --resume "+r.dir+" goes on)")
			if !errors.Is(r.err, ErrInterrupted) || !errors.Is(r.err, errStop) || r.result != nil {
				t.Errorf("got %v, %v; want an error that wraps ErrInterrupted and the cause", r.result, r.err)
			}
			if diff := cmp.Diff(test.left, files(t, r.dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.saved, r.saved(t)); diff != "" {
				t.Fatalf("checkpoints (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(parts(), files(t, r.step(step))); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			if got := r.state(t, step).Position; got != test.is {
				t.Errorf("saved at %+v, want %+v", got, test.is)
			}
			_, events := r.evaluate(t, EvaluateOptions{Data: "sample"})
			if want := fmt.Sprintf("%s has not ended: these are the weights of its newest checkpoint, step %d", r.dir, step); !strings.Contains(notes(events), want) {
				t.Errorf("said %q, want %q", notes(events), want)
			}
			if test.like != nil {
				wantLike(t, r, step, append(test.like, "train.select=last"))
			}
		})
	}
}

// wantLike fails unless the checkpoint holds the average, the weights behind it,
// and so the score of a run of other settings.
func wantLike(t *testing.T, r training, step int, set []string) {
	t.Helper()
	averaged := train(t, small(t, append(set, "train.ema=0.9")...))
	if !sameWeights(r.weights(t, inStep(step, WeightsFile)), averaged.weights(t, WeightsFile)) {
		t.Errorf("%s does not hold the average of that step", inStep(step, WeightsFile))
	}
	scores, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.step(step)}, Data: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := compact(t, raw(scores.Score)), compact(t, raw(averaged.result.Score)); got != want {
		t.Errorf("the checkpoint scores %s, want %s", got, want)
	}
	plain := train(t, small(t, set...))
	behind := map[string][]float32{}
	for name, values := range r.weights(t, inStep(step, OptimizerFile)) {
		if name, ok := strings.CutSuffix(name, weightsSuffix); ok {
			behind[name] = values
		}
	}
	if !sameWeights(behind, plain.weights(t, WeightsFile)) {
		t.Errorf("%s does not hold the weights of that step", inStep(step, OptimizerFile))
	}
}

// state is that of a checkpoint.
func (r training) state(t *testing.T, step int) State {
	t.Helper()
	c, err := checkpoint.Open(r.step(step))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadState(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInterruptBeforeTraining(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	r := try(t, ctx, small(t), nil)
	if !errors.Is(r.err, ErrInterrupted) || !errors.Is(r.err, errStop) {
		t.Errorf("got %v, want an error that wraps ErrInterrupted and the cause", r.err)
	}
	if _, err := os.Stat(r.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a run folder: %v", err)
	}
}

func TestInterruptEvaluate(t *testing.T) {
	r := train(t, small(t, "train.max_steps=1"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	_, err := Evaluate(ctx, EvaluateOptions{Runs: []string{r.dir}, Data: "sample"})
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, errStop) {
		t.Errorf("got %v, want an error that wraps ErrInterrupted and the cause", err)
	}
}

// TestInterruptUnsaved holds that an interrupted run which cannot be saved says
// both, and not that it can be resumed.
func TestInterruptUnsaved(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var dir string
	r := try(t, ctx, small(t, unsaved...), func(e Event) {
		switch e := e.(type) {
		case Prepared:
			dir = e.Out
		case StepDone:
			if e.Batch == 2 { // a file where the folder would go
				cancel(errors.Join(errStop, os.WriteFile(filepath.Join(dir, checkpoint.Folder), nil, 0o644)))
			}
		}
	})
	wantError(t, r.err, errStop.Error(), "save "+r.step(2), "not a directory")
	if !errors.Is(r.err, ErrInterrupted) {
		t.Errorf("got %v, want it to wrap ErrInterrupted", r.err)
	}
	if strings.Contains(r.err.Error(), "goes on") {
		t.Errorf("%q says that it can be resumed", r.err)
	}
	if diff := cmp.Diff(begun(checkpoint.Folder), files(t, r.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
