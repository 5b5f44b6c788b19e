package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/checkpoint"
)

// everything is a run of 3 epochs of 8 batches with all that has state turned
// on: dropout, moving average, patience, and what more is set.
func everything(t testing.TB, model string, set ...string) configs.Config {
	t.Helper()
	shape := map[string][]string{
		"restaurants": {"model.output_dropout=0.4", "model.attention.shared=true", "model.ngrams.words=2", "model.ngrams.characters=4", "model.ngrams.buckets=100", "loss.consistency=0.5", "loss.label_smoothing=0.2", "loader.buckets=2"},
		"article": {"model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false", "model.head.absent_class=true",
			"model.head.presence=false", "model.head.hidden=6", "model.head.dropout=0.2", "model.layers=2", "model.layer_dropout=0.1", "loader.order=file", "text.cleaning=article"},
	}[model]
	return small(t, slices.Concat(shape, []string{
		"train.epochs=3", "train.tensorboard=2", "train.ema=0.9", "train.patience=2", "train.select=best", "train.clip_norm=1",
		"checkpoint.every_steps=3", "checkpoint.every_minutes=0", "checkpoint.every_epochs=1", "checkpoint.keep_last=1", "checkpoint.keep_best=1",
	}, set)...)
}

// images are copies of a run folder, each as a process that is killed at that
// moment leaves it.
type images struct {
	t   *testing.T
	dir string // the run's
	to  string

	mu     sync.Mutex
	all    map[string]string // by moment
	points int               // of saves so far
	last   checkpoint.Point
}

// reached copies the folder at the points of the fourth save, which finds others
// there, while the goroutine that saves waits.
func (i *images) reached(p checkpoint.Point, save int) {
	i.mu.Lock()
	i.points, i.last = i.points+1, p
	i.mu.Unlock()
	if save == 4 {
		i.take("save: "+string(p), true)
	}
}

// take copies the folder. Unless nothing moves, it tries again when a save has
// given or taken names meanwhile: no kill leaves a mix of before and after.
func (i *images) take(moment string, still bool) {
	to := filepath.Join(i.to, strings.ReplaceAll(moment, " ", "-"))
	for {
		i.mu.Lock()
		points, last := i.points, i.last
		_, taken := i.all[moment]
		i.mu.Unlock()
		if taken {
			return
		}
		quiet := last == "" || last == checkpoint.PartWritten || last == checkpoint.AfterPrune
		err := os.CopyFS(to, os.DirFS(i.dir))
		i.mu.Lock()
		if still || quiet && points == i.points && err == nil {
			i.all[moment] = to
			i.mu.Unlock()
			if err != nil {
				i.t.Errorf("copy at %s: %v", moment, err)
			}
			return
		}
		i.mu.Unlock()
		if err := os.RemoveAll(to); err != nil {
			i.t.Error(err)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// straight trains without interruption and takes images on the way.
func straight(t *testing.T, c configs.Config) (training, map[string]string) {
	t.Helper()
	r := training{dir: filepath.Join(t.TempDir(), "run")}
	i := &images{t: t, dir: r.dir, to: t.TempDir(), all: map[string]string{}}
	saves := 0
	r.result, r.err = Train(t.Context(), Options{Config: c, Out: r.dir,
		Report: func(e Event) {
			switch e := e.(type) {
			case Prepared:
				i.take("before the first step", false)
			case StepDone:
				if e.Epoch == 2 {
					i.take(fmt.Sprintf("epoch 2 after batch %d", e.Batch), false)
				}
			case EpochDone:
				i.take(fmt.Sprintf("between validation %d and its save", e.Epoch.Epoch), false)
			case Tested:
				i.take("after the test", false)
			}
		},
		reached: func(p checkpoint.Point) {
			i.reached(p, saves+1)
			if p == checkpoint.AfterPrune {
				saves++
			}
		},
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r, i.all
}

// wantSameEnd fails unless two runs ended with the same bits: tested weights,
// predictions, checkpoints with their optimizer state, states, metrics, events
// and result.
func wantSameEnd(t *testing.T, got, want training) {
	t.Helper()
	names := []string{WeightsFile, PredictionsFile}
	if slices.Contains(append(files(t, got.dir), files(t, want.dir)...), CalibrationFile) { // not where nothing fits
		names = append(names, CalibrationFile)
	}
	for _, name := range names {
		if got.read(t, name) != want.read(t, name) {
			t.Errorf("%s is another", name)
		}
	}
	if diff := cmp.Diff(timeless(t, want.read(t, MetricsFile)), timeless(t, got.read(t, MetricsFile))); diff != "" {
		t.Errorf("%s (-straight +resumed):\n%s", MetricsFile, diff)
	}
	if a, b := compact(t, withoutTime(want.result)), compact(t, withoutTime(got.result)); a != b {
		t.Errorf("result (-straight +resumed):\n%s", cmp.Diff(a, b))
	}
	if diff := cmp.Diff(figures(t, want.dir), figures(t, got.dir)); diff != "" {
		t.Errorf("events (-straight +resumed):\n%s", diff)
	}
	a, b := steps(t, want.dir), steps(t, got.dir)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Fatalf("checkpoints (-straight +resumed):\n%s\n%s", diff, notes(got.events))
	}
	for _, name := range a {
		w, g := openStep(t, want.dir, name), openStep(t, got.dir, name)
		if diff := cmp.Diff(w.Manifest.Value, g.Manifest.Value); diff != "" {
			t.Errorf("%s: value (-straight +resumed):\n%s", name, diff)
		}
		for _, part := range w.Manifest.Parts {
			a, b := content(t, w.Path(part.Name)), content(t, g.Path(part.Name))
			if part.Name == StateFile {
				a, b = timeless(t, a), timeless(t, b)
			}
			if a != b {
				t.Errorf("%s: %s is another", name, part.Name)
			}
		}
	}
}

// timeless is JSON, or lines of it, without what the clock says.
func timeless(t testing.TB, text string) string {
	t.Helper()
	var out strings.Builder
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				delete(v, "seconds")
				for _, x := range v {
					walk(x)
				}
			case []any:
				for _, x := range v {
					walk(x)
				}
			}
		}
		walk(v)
		fmt.Fprintln(&out, compact(t, v))
	}
	return out.String()
}

// TestKilledAnywhere holds that a run which is killed, at whatever moment, and
// resumed ends bit by bit as one that was not.
func TestKilledAnywhere(t *testing.T) {
	tests := []struct {
		name  string
		model string
		set   []string
	}{
		{"restaurants, cosine", "restaurants", []string{"train.schedule=cosine", "train.warmup_steps=3", "train.optimizer=adamw", "train.weight_decay=0.01"}},
		{"article, linear", "article", []string{"train.schedule=linear", "train.final_rate=0.1"}},
		{"restaurants, plateau and accumulation", "restaurants", []string{"train.schedule=plateau", "train.plateau_patience=0", "train.accumulate=3", "train.metric=loss", "checkpoint.every_steps=1"}},
		// Nothing is learned, so patience ends it after the third epoch.
		{"article, last weights, patience", "article", []string{"train.select=last", "train.ema=0", "train.metric=macro_f1", "train.learning_rate=1e-12", "train.epochs=9"}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && i > 1 {
				t.Skip("the first two in the short form")
			}
			c := everything(t, test.model, test.set...)
			whole, all := straight(t, c)
			if c.Train.Epochs == 9 && whole.result.Stopped != "patience" {
				t.Fatalf("stopped by %s after %d epochs, want patience", whole.result.Stopped, len(whole.result.Epochs))
			}
			if n := len(all); n < 12 {
				t.Fatalf("only %d moments: %v", n, all)
			}
			for moment, dir := range all {
				t.Run(moment, func(t *testing.T) {
					wantSameEnd(t, resume(t, c, dir), whole)
				})
			}
		})
	}
}

// TestInterruptedAnywhere is the same for a run that a signal ends, which saves.
func TestInterruptedAnywhere(t *testing.T) {
	moments := []struct {
		name string
		at   func(Event) bool
	}{
		{"before the first step", func(e Event) bool { _, ok := e.(Prepared); return ok }},
		{"in an epoch", func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == 4 }},
		{"in validation", func(e Event) bool { s, ok := e.(StepDone); return ok && s.Epoch == 2 && s.Batch == s.Batches }},
		{"after an epoch", func(e Event) bool { s, ok := e.(EpochDone); return ok && s.Epoch.Epoch == 1 }},
		{"in the test", func(e Event) bool { s, ok := e.(EpochDone); return ok && s.Epoch.Epoch == 3 }},
	}
	for _, model := range []string{"restaurants", "article"} {
		t.Run(model, func(t *testing.T) {
			// Without a policy of its own, so that all comes from the interruption.
			c := everything(t, model, "train.schedule=cosine", "train.accumulate=2", "checkpoint.every_steps=0", "checkpoint.every_epochs=0")
			whole := train(t, c)
			for _, m := range moments {
				t.Run(m.name, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					r := try(t, ctx, c, func(e Event) {
						if m.at(e) {
							cancel(errStop)
						}
					})
					if !errors.Is(r.err, ErrInterrupted) {
						t.Fatalf("got %v, want it to wrap ErrInterrupted", r.err)
					}
					again := resume(t, c, r.dir)
					if got, want := again.read(t, WeightsFile), whole.read(t, WeightsFile); got != want {
						t.Errorf("%s is another", WeightsFile)
					}
					if diff := cmp.Diff(timeless(t, whole.read(t, MetricsFile)), timeless(t, again.read(t, MetricsFile))); diff != "" {
						t.Errorf("%s (-straight +resumed):\n%s", MetricsFile, diff)
					}
					if a, b := compact(t, withoutTime(whole.result)), compact(t, withoutTime(again.result)); a != b {
						t.Errorf("result (-straight +resumed):\n%s", cmp.Diff(a, b))
					}
				})
			}
		})
	}
}
