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
	"time"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/checkpoint"
)

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
		{"kernels", []string{"model.kernels=aten"}, nil, "and goes on by aten"},
		{"products", []string{"model.products=bfloat16_portable"}, nil, ", products in bfloat16: its numbers"},
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

// TestResumedSettingsStay holds that a setting which may change is kept from the
// moment on at which the run is resumed with it: a kill before the next policy
// save does not take it back.
func TestResumedSettingsStay(t *testing.T) {
	r := train(t, small(t, "train.epochs=2"))
	longer := small(t, "train.epochs=4")
	killed := filepath.Join(t.TempDir(), "killed")
	_, err := Train(t.Context(), Options{Config: longer, Out: r.dir, Resume: r.dir, Report: func(e Event) {
		if _, ok := e.(Prepared); ok {
			if err := os.CopyFS(killed, os.DirFS(r.dir)); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := ConfigPath(killed)
	loaded, err := configs.Load(configs.Source{Config: path})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(longer, loaded.Config); diff != "" {
		t.Errorf("%s (-resumed with +saved):\n%s", path, diff)
	}
	if got := (training{dir: killed}).read(t, "result-epoch-2.json"); got == "" {
		t.Error("the earlier result is empty")
	}
	again := resume(t, loaded.Config, killed)
	if again.read(t, WeightsFile) != r.read(t, WeightsFile) || len(again.result.Epochs) != 4 {
		t.Errorf("it ended after %d epochs with other weights", len(again.result.Epochs))
	}
}

// TestResumedInitFrom holds that what a run began with stays on record.
func TestResumedInitFrom(t *testing.T) {
	r := interrupted(t, small(t))
	var events []Event
	_, err := Train(t.Context(), Options{Config: small(t, "train.init_from=elsewhere"), Out: r.dir, Resume: ResumeAuto, Report: func(e Event) { events = append(events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes(events), "train.init_from elsewhere has no effect") {
		t.Errorf("said %q", notes(events))
	}
	saved, err := configs.Load(configs.Source{Config: filepath.Join(r.dir, ConfigFile)})
	if err != nil {
		t.Fatal(err)
	}
	if got := saved.Config.Train.InitFrom; got != "" {
		t.Errorf("config.yaml says that it began with %q", got)
	}
}

// TestResumeStopped holds that a run which patience ended says why more epochs do
// not open it.
func TestResumeStopped(t *testing.T) {
	set := []string{"train.patience=1", "train.learning_rate=1e-12"}
	r := train(t, small(t, append(set, "train.epochs=5")...))
	again := resume(t, small(t, append(set, "train.epochs=9")...), r.dir)
	if !strings.Contains(notes(again.events), "ended by patience, so more epochs (9) do not open it again") {
		t.Errorf("said %q", notes(again.events))
	}
}
