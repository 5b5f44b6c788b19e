package trainer

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/data"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// TestRunFolder holds what other programs read: the names of the files, and
// what is in them.
func TestRunFolder(t *testing.T) {
	c := small(t)
	r := train(t, c)
	sealed := slices.DeleteFunc(begun(MetricsFile, TableFile, WeightsFile, PredictionsFile, CalibrationFile, ResultFile), func(name string) bool { return name == BoardFolder })
	want := begun(MetricsFile, TableFile, WeightsFile, PredictionsFile, CalibrationFile, ResultFile, checkpoint.Folder, checkpoint.ManifestFile)
	if diff := cmp.Diff(want, files(t, r.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(stepNames(8, 16), r.saved(t)); diff != "" {
		t.Errorf("checkpoints (-want +got):\n%s", diff)
	}

	t.Run(ConfigFile, func(t *testing.T) {
		again, err := configs.Load(configs.Source{Config: filepath.Join(r.dir, ConfigFile)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, again.Config); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
	})
	t.Run(LabelsFile, func(t *testing.T) {
		want := `{"aspects":["service","food","anecdotes/miscellaneous","price","ambience"],` +
			`"polarities":["positive","neutral","negative","conflict"],"absent_class":false,` +
			`"majority":["positive","positive","positive","positive","positive"]}`
		var got any
		if err := json.Unmarshal([]byte(r.read(t, LabelsFile)), &got); err != nil {
			t.Fatal(err)
		}
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run(MetricsFile, func(t *testing.T) {
		var want strings.Builder
		for _, e := range r.result.Epochs {
			want.WriteString(compact(t, e) + "\n")
		}
		if diff := cmp.Diff(want.String(), r.read(t, MetricsFile)); diff != "" {
			t.Errorf("(-epochs of the result +got):\n%s", diff)
		}
	})
	t.Run(ResultFile, func(t *testing.T) {
		var got Result
		if err := json.Unmarshal([]byte(r.read(t, ResultFile)), &got); err != nil {
			t.Fatal(err)
		}
		if compact(t, got) != compact(t, r.result) {
			t.Errorf("got  %s\nwant %s", compact(t, got), compact(t, r.result))
		}
	})
	t.Run(checkpoint.ManifestFile, func(t *testing.T) {
		c, err := checkpoint.Open(r.dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range c.Manifest.Parts {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		if diff := cmp.Diff(sealed, names); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		if m := c.Manifest; m.Kind != checkpoint.KindRun || m.Epoch != 2 || m.Step != 16 {
			t.Errorf("manifest of a %s after epoch %d, step %d; want of a run, 2, 16", m.Kind, m.Epoch, m.Step)
		}
	})
	t.Run(SplitFile, func(t *testing.T) { checkSplit(t, c, r) })
	t.Run(WeightsFile, func(t *testing.T) { checkNames(t, r) })
}

// checkSplit holds that split.json has every sentence on one side.
func checkSplit(t *testing.T, c configs.Config, r training) {
	var got struct{ Train, Valid []string }
	if err := json.Unmarshal([]byte(r.read(t, SplitFile)), &got); err != nil {
		t.Fatal(err)
	}
	corpus, err := data.OpenTrain(t.Context(), c, data.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range corpus.Len() {
		want = append(want, corpus.ID(i))
	}
	both := slices.Concat(got.Train, got.Valid)
	slices.Sort(want)
	slices.Sort(both)
	if diff := cmp.Diff(want, both); diff != "" {
		t.Errorf("sentences of both sides (-corpus +got):\n%s", diff)
	}
	if share := float64(len(got.Valid)) / float64(len(want)); share < 0.13 || share > 0.18 {
		t.Errorf("%d of %d sentences are held out, want about 15 %%", len(got.Valid), len(want))
	}
	p := r.events[slices.IndexFunc(r.events, func(e Event) bool { _, ok := e.(Prepared); return ok })].(Prepared)
	if p.Train != len(got.Train) || p.Valid != len(got.Valid) || p.Test != 203 || p.Out != r.dir || p.Threads != 1 || p.BatchesInEpoch != 8 {
		t.Errorf("reported %+v", p)
	}
}

// checkNames holds the names and shapes that a PyTorch user would expect, and
// that vocab.txt has a word for each row of the embedding.
func checkNames(t *testing.T, r training) {
	tensors, metadata, err := safetensors.ReadFile(filepath.Join(r.dir, WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string][]int64{}
	for _, x := range tensors {
		shapes[x.Name] = x.Shape
	}
	words := int64(strings.Count(r.read(t, VocabFile), "\n"))
	for name, want := range map[string][]int64{
		"embedding.weight":                                     {words, 12},
		"backbone.weight_ih_l0":                                {48, 12},
		"backbone.weight_hh_l0_reverse":                        {48, 12},
		"backbone.bias_ih_l0_reverse":                          {48},
		"heads.food.attention.projection.weight":               {24, 24},
		"heads.food.classifier.weight":                         {4, 24},
		"heads.anecdotes/miscellaneous.classifier.bias":        {4},
		"heads.anecdotes/miscellaneous.presence.weight":        {1, 24},
		"heads.anecdotes/miscellaneous.attention.score.weight": {1, 24},
	} {
		if diff := cmp.Diff(want, shapes[name]); diff != "" {
			t.Errorf("%s: shape (-want +got):\n%s", name, diff)
		}
	}
	if metadata["format"] != "pt" {
		t.Errorf("metadata %v: PyTorch's tools want format pt", metadata)
	}
}

// TestResultFields holds the fields that scripts rely on, with null where there
// is nothing to say.
func TestResultFields(t *testing.T) {
	promised := []string{"accuracy", "majority", "macro_f1", "aspects", "epochs", "best_epoch", "sentences_per_second", "seed", "device", "versions"}
	perAspect := []string{"accuracy", "majority", "support"}
	perEpoch := []string{"epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "seconds"}
	tests := []struct {
		name   string
		set    []string
		null   []string // fields that must be null, "epochs.x" of every epoch
		number []string // fields that must be numbers
	}{
		{
			name:   "with validation",
			number: []string{"accuracy", "majority", "macro_f1", "best_epoch", "sentences_per_second", "seed", "epochs.valid_loss", "epochs.valid_accuracy", "epochs.train_loss", "epochs.seconds"},
		},
		{
			name:   "without validation",
			set:    []string{"data.valid_fraction=0", "train.select=last"},
			null:   []string{"best_epoch", "epochs.valid_loss", "epochs.valid_accuracy"},
			number: []string{"accuracy", "majority", "macro_f1", "epochs.train_accuracy"},
		},
		{
			name:   "without a test corpus",
			set:    []string{"data.test="},
			null:   []string{"accuracy", "majority", "macro_f1"},
			number: []string{"best_epoch", "epochs.valid_accuracy"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := train(t, small(t, test.set...))
			var top map[string]any
			if err := json.Unmarshal([]byte(r.read(t, ResultFile)), &top); err != nil {
				t.Fatal(err)
			}
			wantKeys(t, "result.json", top, promised)
			aspects, ok := top["aspects"].(map[string]any)
			if !ok {
				t.Fatalf("aspects: got %v, want an object", top["aspects"])
			}
			if want := 5; len(aspects) != want && !slices.Contains(test.null, "accuracy") {
				t.Errorf("%d aspects, want %d", len(aspects), want)
			}
			for name, a := range aspects {
				wantKeys(t, name, a.(map[string]any), perAspect)
			}
			epochs := top["epochs"].([]any)
			if len(epochs) != 2 {
				t.Errorf("%d epochs, want 2", len(epochs))
			}
			for i, e := range epochs {
				epoch := e.(map[string]any)
				wantKeys(t, "epochs", epoch, perEpoch)
				if epoch["epoch"] != float64(i+1) {
					t.Errorf("epoch %v in place %d", epoch["epoch"], i+1)
				}
				for key, v := range epoch {
					top["epochs."+key] = v
				}
				checkKinds(t, top, test.null, test.number)
			}
		})
	}
}

func wantKeys(t *testing.T, what string, got map[string]any, want []string) {
	t.Helper()
	for _, key := range want {
		if _, ok := got[key]; !ok {
			t.Errorf("%s has no field %q", what, key)
		}
	}
}

func checkKinds(t *testing.T, got map[string]any, null, number []string) {
	t.Helper()
	for _, key := range null {
		if v, ok := got[key]; !ok || v != nil {
			t.Errorf("%s: got %v, want null", key, v)
		}
	}
	for _, key := range number {
		if _, ok := got[key].(float64); !ok {
			t.Errorf("%s: got %v, want a number", key, got[key])
		}
	}
}

// TestOccupiedFolder holds that no run is written over anything.
func TestOccupiedFolder(t *testing.T) {
	t.Run("not empty", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Train(t.Context(), Options{Config: small(t), Out: dir})
		wantError(t, err, dir, "not empty", "--out")
		if !errors.Is(err, ErrNotEmpty) {
			t.Errorf("got %v, want it to wrap ErrNotEmpty", err)
		}
		if diff := cmp.Diff([]string{ConfigFile}, files(t, dir)); diff != "" {
			t.Errorf("the folder was touched (-before +after):\n%s", diff)
		}
		if text, err := os.ReadFile(filepath.Join(dir, ConfigFile)); err != nil || string(text) != "mine" {
			t.Errorf("its file is now %q, %v", text, err)
		}
	})
	t.Run("a file", func(t *testing.T) {
		path := write(t, "out", "mine")
		_, err := Train(t.Context(), Options{Config: small(t), Out: path})
		wantError(t, err, "run folder", path, "not a directory")
	})
	t.Run("empty", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := Train(t.Context(), Options{Config: small(t, "train.max_steps=1"), Out: dir}); err != nil {
			t.Errorf("an empty folder is refused: %v", err)
		}
	})
}

// TestFolderIsLeftAsItWas holds that a run which cannot begin leaves nothing of
// its own, and all that is another's.
func TestFolderIsLeftAsItWas(t *testing.T) {
	c := small(t)
	set := func(words ...string) *Dataset {
		counts := map[string]int{}
		for _, word := range words {
			counts[word]++
		}
		return &Dataset{Vocabulary: data.NewVocabulary(counts, 1), Majority: []int{0, 0, 0, 0, 0}}
	}
	begin := func(dir string, set *Dataset) error {
		f, err := newFolder(dir, nil, c, labelsOf(c), set)
		if err != nil {
			return err
		}
		return f.make(silent, nil)
	}
	t.Run("new", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		wantError(t, begin(dir, set("a\nb")), dir, VocabFile, "line break") // no line of vocab.txt
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder is there: %v", err)
		}
	})
	t.Run("already there", func(t *testing.T) {
		dir := t.TempDir()
		wantError(t, begin(dir, set("a\nb")), dir, VocabFile, "line break")
		if left := files(t, dir); len(left) != 0 {
			t.Errorf("files were left: %q", left)
		}
	})
	// Meanwhile are those things that another program can do between the look
	// at the folder, before the data is read, and its making.
	t.Run("a file of another meanwhile", func(t *testing.T) {
		dir := t.TempDir()
		theirs := filepath.Join(dir, VocabFile)
		if err := os.WriteFile(theirs, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		err := begin(dir, set("a"))
		wantError(t, err, theirs)
		if !errors.Is(err, os.ErrExist) {
			t.Errorf("got %v, want it to wrap fs.ErrExist", err)
		}
		if diff := cmp.Diff([]string{VocabFile}, files(t, dir)); diff != "" {
			t.Errorf("files (-before +after):\n%s", diff)
		}
		if text, err := os.ReadFile(theirs); err != nil || string(text) != "mine" {
			t.Errorf("its file is now %q, %v", text, err)
		}
	})
	t.Run("locked by another meanwhile", func(t *testing.T) {
		dir := t.TempDir()
		lock, err := checkpoint.Lock(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
		before := files(t, dir)
		err = begin(dir, set("a"))
		wantError(t, err, dir, "is using it")
		if !errors.Is(err, checkpoint.ErrLocked) {
			t.Errorf("got %v, want it to wrap ErrLocked", err)
		}
		if diff := cmp.Diff(before, files(t, dir)); diff != "" {
			t.Errorf("files (-before +after):\n%s", diff)
		}
	})
}
