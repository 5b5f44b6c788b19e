package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/runs"
	"absa/internal/safetensors"
	"absa/internal/torch"
)

// TestMain keeps the caches of word vectors out of the user's folder, and fails
// when a test left a tensor behind.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	cache, err := os.MkdirTemp("", "absa-trainer-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(cache)
	if err := os.Setenv("XDG_CACHE_HOME", cache); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if n := torch.Live(); n != 0 {
		fmt.Fprintf(os.Stderr, "%d tensors are live after the last test: close every Trainer, Model and Scope that a test makes, and look for a path on which the program does not\n", n)
		code = max(code, 1)
	}
	return code
}

// load resolves a configuration with one thread, so that results do not depend
// on the machine.
func load(t testing.TB, name string, set ...string) configs.Config {
	t.Helper()
	r, err := configs.Load(configs.Source{
		Config: name,
		Set:    append([]string{"train.threads=1", "train.device=cpu"}, set...),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Config
}

// small is a configuration on the sample corpus whose epochs, of 8 steps, take a
// moment.
func small(t testing.TB, set ...string) configs.Config {
	t.Helper()
	// All that a test counts on is stated, so that the preset may change.
	return load(t, "sample", append([]string{
		"data.valid_fraction=0.15", "vectors.dimension=12", "vectors.min_count=1", "loader.batch_size=64", "loader.order=shuffle",
		"model.hidden=12", "model.layers=1", "model.embedding_dropout=0.4", "model.attention.kind=additive", "model.head.hidden=0", "model.head.presence=true",
		"train.epochs=2", "train.select=best", "train.patience=0", "train.ema=0", "train.learning_rate=3e-3",
	}, set...)...)
}

// training is a run that a test made.
type training struct {
	dir    string
	result *Result
	err    error
	events []Event
}

// try trains in a new folder. Each event is passed to watch, if that is not nil.
func try(t testing.TB, ctx context.Context, c configs.Config, watch func(Event)) training {
	t.Helper()
	r := training{dir: filepath.Join(t.TempDir(), "run")}
	r.result, r.err = Train(ctx, Options{Config: c, Out: r.dir, Report: func(e Event) {
		r.events = append(r.events, e)
		if watch != nil {
			watch(e)
		}
	}})
	return r
}

// train is a run that must succeed.
func train(t testing.TB, c configs.Config) training {
	t.Helper()
	r := try(t, t.Context(), c, nil)
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r
}

// step is the folder of a checkpoint of the run.
func (r training) step(step int) string { return checkpoint.StepDir(r.dir, step) }

// inStep names a file of a checkpoint, below the run folder.
func inStep(step int, name string) string {
	return filepath.Join(checkpoint.StepDir("", step), name)
}

// stepNames are the names of the folders of checkpoints.
func stepNames(steps ...int) []string {
	var names []string
	for _, step := range steps {
		names = append(names, filepath.Base(checkpoint.StepDir("", step)))
	}
	return names
}

// parts are the files of a checkpoint, in order.
func parts(more ...string) []string {
	names := append([]string{ConfigFile, LabelsFile, VocabFile, WeightsFile, OptimizerFile, StateFile, checkpoint.ManifestFile}, more...)
	slices.Sort(names)
	return names
}

// saved lists what is in the run's folder of checkpoints, each of which must be
// whole.
func (r training) saved(t testing.TB) []string {
	t.Helper()
	names := files(t, filepath.Join(r.dir, checkpoint.Folder))
	for _, name := range names {
		if _, err := checkpoint.Open(filepath.Join(r.dir, checkpoint.Folder, name)); err != nil {
			t.Error(err)
		}
	}
	return names
}

// notes joins what the user was told.
func notes(events []Event) string {
	var lines []string
	for _, e := range events {
		if n, ok := e.(Note); ok {
			lines = append(lines, n.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// read returns the content of a file of the run folder.
func (r training) read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// weights returns the tensors of a file of the run folder by name.
func (r training) weights(t testing.TB, name string) map[string][]float32 {
	t.Helper()
	tensors, _, err := safetensors.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for _, x := range tensors {
		if values[x.Name], err = x.Float32(); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// sameWeights says whether two runs' weights are equal to the last bit.
func sameWeights(a, b map[string][]float32) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// files lists a folder.
func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// compact is the JSON of v on one line, to compare what NaN would make unequal.
func compact(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// raw is a score without what a temperature, which belongs to the weights that end
// a run, does to it.
func raw(s Score) Score {
	s.Calibration = &runs.Calibrated{Raw: s.Calibration.Raw}
	return s
}

// wantError fails unless err says all that is wanted.
func wantError(t testing.TB, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want in it %q", err, w)
		}
	}
}

// write makes a file in a folder of the test's own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
