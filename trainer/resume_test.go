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
		"restaurants": {"model.output_dropout=0.4", "loader.buckets=2"},
		"article": {"model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false", "model.head.absent_class=true",
			"model.head.presence=false", "model.head.hidden=6", "model.head.dropout=0.2", "model.layers=2", "model.layer_dropout=0.1", "loader.order=file", "text.cleaning=article"},
	}[model]
	return small(t, slices.Concat(shape, []string{
		"train.epochs=3", "train.ema=0.9", "train.patience=2", "train.select=best", "train.clip_norm=1",
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

// resume goes on with the run in dir.
func resume(t testing.TB, c configs.Config, dir string) training {
	t.Helper()
	r := training{dir: dir}
	r.result, r.err = Train(t.Context(), Options{Config: c, Out: dir, Resume: ResumeAuto, Report: func(e Event) { r.events = append(r.events, e) }})
	if r.err != nil {
		t.Fatalf("%v\n%s", r.err, notes(r.events))
	}
	return r
}

// wantSameEnd fails unless two runs ended with the same bits: tested weights,
// checkpoints with their optimizer state, states, metrics and result.
func wantSameEnd(t *testing.T, got, want training) {
	t.Helper()
	if got.read(t, WeightsFile) != want.read(t, WeightsFile) {
		t.Errorf("%s is another", WeightsFile)
	}
	if diff := cmp.Diff(timeless(t, want.read(t, MetricsFile)), timeless(t, got.read(t, MetricsFile))); diff != "" {
		t.Errorf("%s (-straight +resumed):\n%s", MetricsFile, diff)
	}
	if a, b := compact(t, withoutTime(want.result)), compact(t, withoutTime(got.result)); a != b {
		t.Errorf("result (-straight +resumed):\n%s", cmp.Diff(a, b))
	}
	a, b := steps(t, want.dir), steps(t, got.dir)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Fatalf("checkpoints (-straight +resumed):\n%s", diff)
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

func steps(t testing.TB, run string) []string {
	t.Helper()
	return files(t, filepath.Join(run, checkpoint.Folder))
}

func openStep(t testing.TB, run, name string) *checkpoint.Checkpoint {
	t.Helper()
	c, err := checkpoint.Open(filepath.Join(run, checkpoint.Folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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

// interrupted is a run that was interrupted in its second epoch.
func interrupted(t *testing.T, c configs.Config) training {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := try(t, ctx, c, func(e Event) {
		if s, ok := e.(StepDone); ok && s.Epoch == 2 && s.Batch == 3 {
			cancel(errStop)
		}
	})
	if !errors.Is(r.err, ErrInterrupted) {
		t.Fatal(r.err)
	}
	return r
}

// TestResumeChanged holds which settings a run can go on with.
func TestResumeChanged(t *testing.T) {
	c := small(t, "train.epochs=2")
	r := interrupted(t, c)
	tests := []struct {
		name string
		set  []string
		want []string // in the error; nil when it goes on
		note string
	}{
		{"another rate and seed", []string{"train.learning_rate=0.5", "train.seed=9"}, []string{"train.learning_rate: 0.5, it was 0.003", "train.seed: 9, it was 1", "--init-from"}, ""},
		{"another size", []string{"model.hidden=14"}, []string{"model.hidden: 14, it was 12"}, ""},
		{"fewer aspects", []string{"data.aspects=[food]"}, []string{"data.aspects"}, ""},
		{"another split", []string{"data.split_seed=5"}, []string{"data.split_seed: 5, it was 1"}, ""},
		{"epochs", []string{"train.epochs=3"}, nil, "with other settings than before: train.epochs 3 (it was 2)"},
		{"fewer epochs than it has begun", []string{"train.epochs=1"}, []string{"train.epochs is 1", "in epoch 2 already"}, ""},
		{"policy", []string{"checkpoint.every_steps=2", "checkpoint.keep_last=9"}, nil, "resuming from"},
		{"threads", []string{"train.threads=2"}, nil, "had 1 threads and goes on with 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
				t.Fatal(err)
			}
			changed := small(t, append([]string{"train.epochs=2"}, test.set...)...)
			var events []Event
			result, err := Train(t.Context(), Options{Config: changed, Out: dir, Resume: dir, Report: func(e Event) { events = append(events, e) }})
			if test.want != nil {
				wantError(t, err, append(test.want, dir)...)
				if !errors.Is(err, ErrChanged) {
					t.Errorf("got %v, want it to wrap ErrChanged", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Epochs) != changed.Train.Epochs {
				t.Errorf("%d epochs, want %d", len(result.Epochs), changed.Train.Epochs)
			}
			if !strings.Contains(notes(events), test.note) {
				t.Errorf("said %q, want %q in it", notes(events), test.note)
			}
			after, err := configs.Load(configs.Source{Config: filepath.Join(dir, ConfigFile)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(changed, after.Config); diff != "" {
				t.Errorf("config.yaml (-of the run +file):\n%s", diff)
			}
		})
	}
	t.Run("epochs of a schedule that ends", func(t *testing.T) {
		r := interrupted(t, small(t, "train.schedule=cosine"))
		_, err := Train(t.Context(), Options{Config: small(t, "train.schedule=cosine", "train.epochs=9"), Out: r.dir, Resume: r.dir})
		wantError(t, err, "train.epochs: 9, it was 2")
	})
}

// TestResumeChangedData holds that other sentences are refused, and that a file
// may move.
func TestResumeChangedData(t *testing.T) {
	sentence := func(i int, text string) string {
		return fmt.Sprintf(`<sentence id="%d"><text>%s</text><aspectCategories><aspectCategory category="food" polarity="%s"/></aspectCategories></sentence>`+"\n",
			i, text, []string{"positive", "negative"}[i%2])
	}
	var text strings.Builder
	text.WriteString("<sentences>\n")
	for i := range 300 {
		text.WriteString(sentence(i, fmt.Sprintf("the food was of kind %d", i%7)))
	}
	text.WriteString("</sentences>\n")
	corpus := write(t, "train.xml", text.String())
	set := func(path string) configs.Config { return small(t, "data.train="+path, "loader.batch_size=32") }
	r := interrupted(t, set(corpus))

	moved := write(t, "moved.xml", strings.ReplaceAll(text.String(), "\n", "\n  "))
	other := write(t, "train.xml", strings.Replace(text.String(), "of kind 3", "of kind 9", 1))
	_, err := Train(t.Context(), Options{Config: set(other), Out: r.dir, Resume: r.dir})
	wantError(t, err, other, "other sentences", "fingerprint", "--init-from")
	if !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want it to wrap ErrChanged", err)
	}
	if _, err := Train(t.Context(), Options{Config: set(moved), Out: r.dir, Resume: r.dir}); err != nil {
		t.Errorf("the same sentences in another file: %v", err)
	}
}

// TestResumeEnded holds that a run which ended says so, and goes on where more
// epochs are asked of it.
func TestResumeEnded(t *testing.T) {
	c := everything(t, "restaurants", "train.epochs=2", "train.patience=0")
	longer := everything(t, "restaurants", "train.epochs=4", "train.patience=0")
	r := train(t, c)
	before := compact(t, r.result)
	again := resume(t, c, r.dir)
	if got := compact(t, again.result); got != before {
		t.Errorf("got  %s\nwant %s", got, before)
	}
	if len(again.events) != 1 {
		t.Errorf("events %v, want Ended alone", again.events)
	}
	if e, ok := again.events[0].(Ended); !ok || e.Out != r.dir {
		t.Errorf("event %#v, want Ended", again.events[0])
	}

	went := resume(t, longer, r.dir)
	whole := train(t, longer)
	if went.read(t, WeightsFile) != whole.read(t, WeightsFile) {
		t.Error("it ended with other weights than a run of 4 epochs")
	}
	if a, b := compact(t, withoutTime(whole.result)), compact(t, withoutTime(went.result)); a != b {
		t.Errorf("result (-run of 4 epochs +longer):\n%s", cmp.Diff(a, b))
	}
	if got := went.read(t, "result-epoch-2.json"); !strings.Contains(got, `"tested_epoch"`) {
		t.Errorf("the earlier result is %q", got)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "model-epoch-2.safetensors")); err != nil {
		t.Error(err)
	}
}

// TestResumeBranch holds that an older checkpoint goes on in a folder of its own
// and leaves the run alone.
func TestResumeBranch(t *testing.T) {
	c := everything(t, "restaurants", "checkpoint.keep_last=0", "train.schedule=linear")
	r := train(t, c)
	from := checkpoint.StepDir(r.dir, 3)
	_, err := Train(t.Context(), Options{Config: c, Out: r.dir, Resume: from})
	if err != nil {
		t.Fatal(err) // the run ended, which is its result
	}
	before := tree(t, r.dir)
	out := filepath.Join(t.TempDir(), "branch")
	var first []string // saved before the first step of the branch
	result, err := Train(t.Context(), Options{Config: c, Out: out, Resume: from, Report: func(e Event) {
		if _, ok := e.(StepDone); ok && first == nil {
			first = steps(t, out)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"step-00000003"}, first); diff != "" {
		t.Errorf("checkpoints when the branch begins (-want +got):\n%s", diff)
	}
	branch := training{dir: out, result: result}
	if branch.read(t, WeightsFile) != r.read(t, WeightsFile) {
		t.Error("the branch ended with other weights")
	}
	if diff := cmp.Diff(timeless(t, r.read(t, MetricsFile)), timeless(t, branch.read(t, MetricsFile))); diff != "" {
		t.Errorf("metrics (-run +branch):\n%s", diff)
	}
	if diff := cmp.Diff(before, tree(t, r.dir)); diff != "" {
		t.Errorf("the run was touched:\n%s", diff)
	}

	t.Run("in a run that went on", func(t *testing.T) {
		r := interrupted(t, everything(t, "restaurants", "checkpoint.keep_last=0"))
		_, err := Train(t.Context(), Options{Config: everything(t, "restaurants", "checkpoint.keep_last=0"), Resume: checkpoint.StepDir(r.dir, 3), Out: r.dir})
		wantError(t, err, "step 11", "--out NEW")
	})
	t.Run("outside of a run, without --out", func(t *testing.T) {
		alone := filepath.Join(t.TempDir(), "mine")
		if err := os.CopyFS(alone, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		_, err := Train(t.Context(), Options{Config: c, Resume: alone})
		wantError(t, err, alone, "--out")
		out := filepath.Join(t.TempDir(), "out")
		if _, err := Train(t.Context(), Options{Config: c, Resume: alone, Out: out}); err != nil {
			t.Fatal(err)
		}
		if got := (training{dir: out}).read(t, WeightsFile); got != r.read(t, WeightsFile) {
			t.Error("it ended with other weights")
		}
	})
}

// TestResumeEndedInVain holds that a run which ended stays as it is when going on
// with it fails.
func TestResumeEndedInVain(t *testing.T) {
	saved, unsaved := train(t, small(t)), train(t, small(t, "checkpoint.every_epochs=0", "checkpoint.every_minutes=0"))
	tests := []struct {
		name   string
		run    string
		resume string // "" is the run
		set    []string
		want   string
	}{
		{"other data", saved.dir, "", []string{"data.train=" + write(t, "broken.xml", "<sentences>\n<sentence>")}, "broken.xml"},
		{"an older checkpoint", saved.dir, checkpoint.StepDir(saved.dir, 8), nil, "--out NEW"},
		{"no checkpoint", unsaved.dir, "", []string{"checkpoint.every_epochs=0"}, checkpoint.ErrNone.Error()},
		{"no checkpoint, auto", unsaved.dir, ResumeAuto, []string{"checkpoint.every_epochs=0"}, checkpoint.ErrNone.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := tree(t, test.run)
			o := Options{Config: small(t, append([]string{"train.epochs=4"}, test.set...)...), Out: test.run, Resume: test.resume}
			if o.Resume == "" {
				o.Resume = test.run
			}
			_, err := Train(t.Context(), o)
			wantError(t, err, test.want)
			if diff := cmp.Diff(before, tree(t, test.run)); diff != "" {
				t.Errorf("the run was touched (-before +after):\n%s", diff)
			}
		})
	}
}

// TestResumeEndedDamaged holds that the end of a run which was damaged is not
// believed: named it is an error, and auto finishes the run again.
func TestResumeEndedDamaged(t *testing.T) {
	c := small(t)
	whole := train(t, c)
	for _, name := range []string{ConfigFile, LabelsFile, VocabFile, SplitFile, MetricsFile, WeightsFile, ResultFile, checkpoint.ManifestFile} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(whole.dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			flip(t, path)
			_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: dir})
			wantError(t, err, path, "--resume auto --out "+dir)
			if _, err := Evaluate(t.Context(), EvaluateOptions{Run: dir, Data: "sample"}); err == nil {
				t.Error("it is evaluated")
			}
			again := resume(t, c, dir)
			if !strings.Contains(notes(again.events), "is damaged ("+path) {
				t.Errorf("said %q", notes(again.events))
			}
			wantSameEnd(t, again, whole)
		})
	}
}

// TestResumeFolders holds that a run is known by any of its paths, that one which
// ended is only read, and that no other folder is touched.
func TestResumeFolders(t *testing.T) {
	c := small(t)
	whole := train(t, c)
	t.Run("another path", func(t *testing.T) {
		r := interrupted(t, c)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(r.dir, link); err != nil {
			t.Fatal(err)
		}
		if _, err := Train(t.Context(), Options{Config: c, Out: link, Resume: r.dir}); err != nil {
			t.Fatal(err)
		}
		if r.read(t, WeightsFile) != whole.read(t, WeightsFile) {
			t.Error("it ended with other weights")
		}
	})
	t.Run("ended, in use by another", func(t *testing.T) {
		l, err := checkpoint.Lock(whole.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Unlock()
		resume(t, c, whole.dir)
	})
	t.Run("no run", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{".theirs.123.tmp", "letter"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("dear"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, how := range []string{ResumeAuto, dir} {
			_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: how})
			wantError(t, err, dir, "no run is in it")
		}
		if diff := cmp.Diff([]string{".theirs.123.tmp", "letter"}, files(t, dir)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	t.Run("the folder of the checkpoints", func(t *testing.T) {
		_, err := Train(t.Context(), Options{Config: c, Resume: filepath.Join(whole.dir, checkpoint.Folder), Out: filepath.Join(whole.dir, checkpoint.Folder)})
		wantError(t, err, "name the run: "+whole.dir)
	})
	t.Run("a file", func(t *testing.T) {
		_, err := Train(t.Context(), Options{Config: c, Resume: filepath.Join(whole.dir, WeightsFile), Out: t.TempDir()})
		wantError(t, err, WeightsFile, "not a folder")
	})
	t.Run("a result without its manifest", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(dir, os.DirFS(whole.dir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{checkpoint.ManifestFile, checkpoint.Folder} {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, dir)
		_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: ResumeAuto})
		wantError(t, err, dir, "result of a run", checkpoint.ManifestFile)
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("it was touched (-before +after):\n%s", diff)
		}
	})
}

// tree is every file under a folder with its content.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[path] = content(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestResumeDamaged holds that auto goes back to the newest checkpoint that is
// whole, that naming the run does not, and that neither begins over damage.
func TestResumeDamaged(t *testing.T) {
	c := everything(t, "restaurants", "checkpoint.keep_last=0", "checkpoint.every_steps=4")
	whole := train(t, c)
	r := interrupted(t, c)
	names := steps(t, r.dir)
	newest := filepath.Join(r.dir, checkpoint.Folder, names[len(names)-1], OptimizerFile)
	flip(t, newest)

	_, err := Train(t.Context(), Options{Config: c, Out: r.dir, Resume: r.dir})
	wantError(t, err, newest, "SHA-256", "--resume auto", "goes back to step")

	again := resume(t, c, r.dir)
	if !strings.Contains(notes(again.events), "passed over a damaged checkpoint: "+newest) {
		t.Errorf("said %q", notes(again.events))
	}
	if again.read(t, WeightsFile) != whole.read(t, WeightsFile) {
		t.Error("it ended with other weights")
	}

	r = interrupted(t, c)
	for _, name := range steps(t, r.dir) {
		flip(t, filepath.Join(r.dir, checkpoint.Folder, name, WeightsFile))
	}
	before := tree(t, r.dir)
	_, err = Train(t.Context(), Options{Config: c, Out: r.dir, Resume: ResumeAuto})
	wantError(t, err, r.dir, checkpoint.ErrNone.Error(), "--init-from")
	if diff := cmp.Diff(before, tree(t, r.dir)); diff != "" {
		t.Errorf("the run was touched:\n%s", diff)
	}
}

// flip changes a bit in the middle of a file.
func flip(t testing.TB, path string) {
	t.Helper()
	text := []byte(content(t, path))
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestResumeNothing holds what auto does where there is nothing to go on with.
func TestResumeNothing(t *testing.T) {
	c := small(t, "train.max_steps=2")
	t.Run("no folder", func(t *testing.T) {
		r := resume(t, c, filepath.Join(t.TempDir(), "run"))
		if !strings.Contains(notes(r.events), "this one begins") {
			t.Errorf("said %q", notes(r.events))
		}
	})
	t.Run("an empty folder", func(t *testing.T) { resume(t, c, t.TempDir()) })
	t.Run("a folder of something else", func(t *testing.T) {
		path := write(t, "letter.txt", "dear")
		_, err := Train(t.Context(), Options{Config: c, Out: filepath.Dir(path), Resume: ResumeAuto})
		wantError(t, err, filepath.Dir(path), "no run is in it")
		if !errors.Is(err, ErrNotEmpty) {
			t.Errorf("got %v, want it to wrap ErrNotEmpty", err)
		}
	})
	t.Run("a run of other settings without a checkpoint", func(t *testing.T) {
		r := train(t, small(t, "train.max_steps=2", "checkpoint.every_epochs=0", "checkpoint.every_minutes=0"))
		for _, name := range []string{checkpoint.ManifestFile, ResultFile} {
			if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Train(t.Context(), Options{Config: small(t, "train.max_steps=3"), Out: r.dir, Resume: ResumeAuto})
		wantError(t, err, "train.max_steps: 3, it was 2")
	})
	t.Run("named, but not there", func(t *testing.T) {
		_, err := Train(t.Context(), Options{Config: c, Out: t.TempDir(), Resume: "nowhere"})
		wantError(t, err, "resume", "nowhere", "no such file")
	})
	t.Run("named, but no run", func(t *testing.T) {
		dir := t.TempDir()
		_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: dir})
		wantError(t, err, dir, checkpoint.ErrNone.Error())
	})
}

// TestResumedProgress holds that progress goes on where it stood, and that the
// time left is that of what is left, by the speed of this process.
func TestResumedProgress(t *testing.T) {
	c := small(t, "train.epochs=4")
	r := interrupted(t, c)
	begun := time.Now()
	again := resume(t, c, r.dir)
	took := time.Since(begun)
	step := 11
	for _, e := range again.events {
		s, ok := e.(StepDone)
		if !ok {
			continue
		}
		step++
		if s.Step != step || s.Epoch != (step-1)/8+1 || s.Batch != (step-1)%8+1 || s.Batches != 8 || s.Epochs != 4 {
			t.Errorf("step %d is reported as %+v", step, s)
		}
		if s.Left < 0 || s.Left > 20*took || step < 32 && s.Left == 0 {
			t.Errorf("step %d of 32: %v left, and all of it took %v", step, s.Left, took)
		}
		if s.SentencesPerSec <= 0 || s.Loss <= 0 {
			t.Errorf("step %d: %+v", step, s)
		}
	}
	if step != 32 {
		t.Errorf("the last step is %d, want 32", step)
	}
}

// TestTwoProcesses holds that a run folder belongs to one process at a time.
func TestTwoProcesses(t *testing.T) {
	c := small(t)
	var second error
	r := try(t, t.Context(), c, nil)
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Train(t.Context(), Options{Config: c, Out: dir, Report: func(e Event) {
		if s, ok := e.(StepDone); ok && s.Step == 2 {
			_, second = newStart(Options{Config: c, Out: dir, Resume: ResumeAuto}, silent)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, second, dir, fmt.Sprint(os.Getpid()), "is using it")
	if !errors.Is(second, checkpoint.ErrLocked) {
		t.Errorf("got %v, want it to wrap ErrLocked", second)
	}
	if got := (training{dir: dir}).read(t, WeightsFile); got != r.read(t, WeightsFile) {
		t.Error("the run was disturbed")
	}
	if slices.Contains(files(t, dir), ".lock") {
		t.Error("the lock is left")
	}
}

// TestUnfinished holds which run auto finds without being told a folder.
func TestUnfinished(t *testing.T) {
	c, other := small(t), small(t, "model.hidden=14")
	root := t.TempDir()
	put := func(name, from string) string {
		to := filepath.Join(root, name)
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return to
	}
	find := func(c configs.Config) string {
		t.Helper()
		found, err := Unfinished(root, c, silent)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got, err := Unfinished(filepath.Join(root, "none"), c, silent); got != "" || err != nil {
		t.Errorf("no folder: %q, %v", got, err)
	}
	put("ended", train(t, c).dir)
	put("other", interrupted(t, other).dir)
	put("letters", filepath.Dir(write(t, "letter.txt", "dear")))
	if got := find(c); got != "" {
		t.Errorf("found %q, want nothing: one ended, one is another", got)
	}
	mine := put("mine", interrupted(t, c).dir)
	if got := find(c); got != mine {
		t.Errorf("found %q, want %q", got, mine)
	}
	if got := find(small(t, "train.threads=2", "checkpoint.keep_last=7")); got != mine {
		t.Errorf("with other threads and another policy: found %q, want %q", got, mine)
	}
	if got := find(small(t, "train.epochs=7")); got != "" {
		t.Errorf("with more epochs: found %q, want nothing: that is another run", got)
	}

	var said strings.Builder
	note := func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }
	l, err := checkpoint.Lock(mine)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unfinished(root, c, note); got != "" || err != nil || !strings.Contains(said.String(), "passed over run folder "+mine) {
		t.Errorf("one in use: found %q, %v, said %q", got, err, said.String())
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(checkpoint.StepDir(mine, 8), checkpoint.ManifestFile))
	flip(t, filepath.Join(checkpoint.StepDir(mine, 11), checkpoint.ManifestFile))
	said.Reset()
	if got, err := Unfinished(root, c, note); got != "" || err != nil || !strings.Contains(said.String(), "passed over "+mine+": none of its checkpoints is whole") || !strings.Contains(said.String(), "a new one begins") {
		t.Errorf("a damaged one: found %q, %v, said %q", got, err, said.String())
	}
}
