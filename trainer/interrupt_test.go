package trainer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errStop = errors.New("the user said so")

// begun are the files of a run that has done at least an epoch and not ended.
func begun(more ...string) []string {
	names := append([]string{ConfigFile, LabelsFile, SplitFile, VocabFile}, more...)
	slices.Sort(names)
	return names
}

// TestInterrupt holds that an interrupted run keeps the weights of its last
// step, and nothing that looks like the result of a whole run.
func TestInterrupt(t *testing.T) {
	tests := []struct {
		name string
		at   func(Event) bool // when the context ends
		want string           // in the error
		left []string
		like []string // a run of these settings ends with the same weights
	}{
		{
			name: "in an epoch",
			at:   func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == 3 },
			want: "interrupted at step 11",
			left: begun(LastFile, MetricsFile),
			like: []string{"train.max_steps=11"},
		},
		{
			name: "before the first step",
			at:   func(e Event) bool { _, ok := e.(Prepared); return ok },
			want: "interrupted at step 0",
			left: begun(LastFile),
		},
		{
			name: "in validation",
			at:   func(e Event) bool { s, ok := e.(StepDone); return ok && s.Batch == 8 },
			want: "interrupted in evaluation after step 8",
			left: begun(LastFile),
			like: []string{"train.max_steps=8"},
		},
		{
			name: "in the test",
			at:   func(e Event) bool { s, ok := e.(EpochDone); return ok && s.Epoch.Epoch == 2 },
			want: "interrupted in evaluation after step 16",
			left: begun(LastFile, MetricsFile),
			like: []string{"train.ema=0.9"}, // the weights that the table would have been of
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// With an average, to hold that it is the weights that are kept.
			c := small(t, "train.ema=0.9", "train.select=last")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r := try(t, ctx, c, func(e Event) {
				if test.at(e) {
					cancel(errStop)
				}
			})
			wantError(t, r.err, test.want, filepath.Join(r.dir, LastFile))
			if !errors.Is(r.err, ErrInterrupted) || !errors.Is(r.err, errStop) || r.result != nil {
				t.Errorf("got %v, %v; want an error that wraps ErrInterrupted and the cause", r.result, r.err)
			}
			if diff := cmp.Diff(test.left, files(t, r.dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			weights := r.weights(t, LastFile)
			if test.like != nil {
				whole := train(t, small(t, append(test.like, "train.select=last")...))
				if !sameWeights(weights, whole.weights(t, WeightsFile)) {
					t.Errorf("%s does not hold the weights of that step", LastFile)
				}
			}
			_, err := Evaluate(t.Context(), EvaluateOptions{Run: r.dir, Data: "sample"})
			wantError(t, err, r.dir, "there is no "+WeightsFile)
		})
	}
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
	_, err := Evaluate(ctx, EvaluateOptions{Run: r.dir, Data: "sample"})
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, errStop) {
		t.Errorf("got %v, want an error that wraps ErrInterrupted and the cause", err)
	}
}

// TestKeepFails holds that an interrupted run which cannot save says both.
func TestKeepFails(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var dir string
	r := try(t, ctx, small(t), func(e Event) {
		switch e := e.(type) {
		case Prepared:
			dir = e.Out
		case StepDone:
			if e.Batch == 2 {
				cancel(errors.Join(errStop, os.Mkdir(filepath.Join(dir, LastFile), 0o755)))
			}
		}
	})
	wantError(t, r.err, errStop.Error(), "save weights", LastFile)
	if !errors.Is(r.err, ErrInterrupted) {
		t.Errorf("got %v, want it to wrap ErrInterrupted", r.err)
	}
	if diff := cmp.Diff(begun(LastFile), files(t, r.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
