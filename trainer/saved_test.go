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

	"absa/configs"
	"absa/data"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// evaluate is Evaluate of the run with the events that it reported.
func (r training) evaluate(t *testing.T, o EvaluateOptions) (Score, []Event) {
	t.Helper()
	var events []Event
	o.Runs, o.Report = []string{r.dir}, func(e Event) { events = append(events, e) }
	scores, err := Evaluate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return scores.Score, events
}

// wantSameScore fails unless the saved run scores as training reported, to the
// last digit and for every aspect.
func wantSameScore(t *testing.T, r training, o EvaluateOptions) {
	t.Helper()
	o.Runs = []string{r.dir}
	wantScore(t, r, o)
}

// wantScore fails unless a folder of the run scores as training reported.
func wantScore(t *testing.T, r training, o EvaluateOptions) {
	t.Helper()
	scores, err := Evaluate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := compact(t, scores.Score), compact(t, r.result.Score); got != want {
		t.Errorf("%s:\nevaluated %s\nreported  %s", o.Runs, got, want)
	}
}

// gloveText writes word vectors as GloVe's text for most words of the sample
// corpus, with the given words besides, and returns the file's path.
func gloveText(t testing.TB, dimension int, more ...string) string {
	t.Helper()
	var words []string
	for _, open := range []func(context.Context, configs.Config, data.OpenOptions) (*data.Set, error){data.OpenTrain, data.OpenTest} {
		corpus, err := open(t.Context(), configs.Default(), data.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for k := range corpus.Kinds() {
			words = append(words, corpus.Word(k))
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "s") }) // some are unknown
	var b strings.Builder
	for i, word := range append(words, more...) {
		b.WriteString(word)
		for d := range dimension {
			fmt.Fprintf(&b, " %.4f", float64((i*31+d*17)%97)/48-1)
		}
		b.WriteByte('\n')
	}
	return write(t, "tiny.txt", b.String())
}

// TestEvaluateEqualsTraining holds that a saved run, and its checkpoint of the
// epoch that was tested, score as they did when it was trained, for each way of
// evaluating that a configuration can ask for.
func TestEvaluateEqualsTraining(t *testing.T) {
	glove := gloveText(t, 10)
	file := []string{"vectors.kind=file", "vectors.path=" + glove, "vectors.dimension=10"}
	tests := []struct {
		name string
		set  []string
	}{
		{"random vectors", nil},
		{"last weights", []string{"train.select=last"}},
		{"no validation", []string{"train.select=last", "data.valid_fraction=0"}},
		{"vectors of a file, trained on", file},
		{"vectors of a file, as they are", append([]string{"vectors.trainable=false"}, file...)},
		{"random vector for unknown words", append([]string{"vectors.unknown=random", "vectors.aliases=false"}, file...)},
		{"mean vector for unknown words", append([]string{"vectors.unknown=mean", "vectors.trainable=false"}, file...)},
		{"the article's model", append([]string{"model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false",
			"model.head.absent_class=true", "model.head.presence=false", "model.head.hidden=6", "model.layers=2", "loader.order=file",
			"text.cleaning=article", "loader.batch_size=23"}, file...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := train(t, small(t, append(test.set, "train.epochs=1")...))
			wantSameScore(t, r, EvaluateOptions{Data: configs.Sample})
			wantScore(t, r, EvaluateOptions{Runs: []string{r.step(r.result.Steps)}, Data: configs.Sample})
		})
	}
}

// unseen is a corpus with words that neither side of the sample corpus has.
const unseen = `<sentences>
<sentence id="1"><text>The zyzzyva was delicious</text><aspectCategories><aspectCategory category="food" polarity="positive"/></aspectCategories></sentence>
<sentence id="2"><text>Quixotically slow waiters</text><aspectCategories><aspectCategory category="service" polarity="negative"/></aspectCategories></sentence>
<sentence id="3"><text>...</text><aspectCategories><aspectCategory category="price" polarity="neutral"/></aspectCategories></sentence>
</sentences>
`

// TestUnseenWords holds that a run on vectors of a file reads words that it has
// not seen by that file, and without the file still works.
func TestUnseenWords(t *testing.T) {
	glove := gloveText(t, 10, "zyzzyva")
	r := train(t, small(t, "vectors.kind=file", "vectors.path="+glove, "vectors.dimension=0", "train.max_steps=3"))
	corpus := write(t, "unseen.xml", unseen)

	s, err := open(r.dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	known := s.vocabulary.Len()
	set, err := data.Open(t.Context(), corpus, s.config, data.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.extend(t.Context(), s.config, selection{set, set.All()}, func(Event) {}); err != nil {
		t.Fatal(err)
	}
	if id := s.vocabulary.ID("zyzzyva"); id < int64(known) {
		t.Errorf("zyzzyva has id %d of a vocabulary that ended at %d", id, known)
	} else if row := s.vectors.Values[10*id : 10*id+10]; !slices.ContainsFunc(row, func(v float32) bool { return v != 0 }) {
		t.Errorf("zyzzyva has the vector %v, want the file's", row)
	}
	if got, want := len(s.vectors.Values), 10*s.vocabulary.Len(); got != want {
		t.Errorf("%d vector values, want %d", got, want)
	}

	support := func(s Score) int { return s.Confusion.Support() }
	with, events := r.evaluate(t, EvaluateOptions{Data: corpus})
	if support(with) != 3 {
		t.Errorf("%d labels counted, want 3: the sentence without a word counts too", support(with))
	}
	if strings.Contains(notes(events), "not seen in training") {
		t.Errorf("with the file: %s", notes(events))
	}

	if err := os.Remove(glove); err != nil {
		t.Fatal(err)
	}
	without, events := r.evaluate(t, EvaluateOptions{Data: corpus})
	if support(without) != 3 {
		t.Errorf("%d labels counted without the file, want 3", support(without))
	}
	if want := "2 words were not seen in training and " + glove + " is not there"; !strings.Contains(notes(events), want) {
		t.Errorf("without the file the user is told %q, want %q", notes(events), want)
	}
	// All that the run's own test corpus needs is in the run.
	scores, events := r.evaluate(t, EvaluateOptions{Data: configs.Sample})
	if got, want := compact(t, scores), compact(t, r.result.Score); got != want {
		t.Errorf("evaluated without the file %s\nreported %s", got, want)
	}
	if strings.Contains(notes(events), "not there") {
		t.Errorf("the user is told %q, but no word is missing", notes(events))
	}
}

func TestEvaluateOtherVectors(t *testing.T) {
	glove := gloveText(t, 10)
	r := train(t, small(t, "vectors.kind=file", "vectors.path="+glove, "vectors.dimension=0", "train.max_steps=1"))
	if err := os.Rename(gloveText(t, 8), glove); err != nil {
		t.Fatal(err)
	}
	_, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.dir}, Data: write(t, "unseen.xml", unseen)})
	wantError(t, err, r.dir, "10 values", glove, "8")
}

func TestEvaluateOptions(t *testing.T) {
	r := train(t, small(t, "train.max_steps=1"))
	empty := t.TempDir()
	tests := []struct {
		name string
		o    EvaluateOptions
		want []string
	}{
		{"no such run", EvaluateOptions{Runs: []string{filepath.Join(r.dir, "none")}, Data: configs.Sample}, []string{filepath.Join(r.dir, "none") + ": it is not there", "folder of a run, or of a checkpoint"}},
		{"no such checkpoint", EvaluateOptions{Runs: []string{r.step(9)}, Data: configs.Sample}, []string{r.step(9) + ": it is not there"}},
		{"a folder of something else", EvaluateOptions{Runs: []string{empty}, Data: configs.Sample}, []string{empty, checkpoint.ManifestFile, "folder of a run, or of a checkpoint"}},
		{"a file", EvaluateOptions{Runs: []string{filepath.Join(r.dir, WeightsFile)}, Data: configs.Sample}, []string{WeightsFile + ": it is not a folder"}},
		{"no such corpus", EvaluateOptions{Runs: []string{r.dir}, Data: "none.xml"}, []string{"none.xml", "no such file"}},
		{"malformed corpus", EvaluateOptions{Runs: []string{r.dir}, Data: write(t, "bad.xml", "<sentences>\n<sentence>\n</sentences>")}, []string{"bad.xml:3", "malformed XML"}},
		{"unknown aspect", EvaluateOptions{Runs: []string{r.dir}, Data: write(t, "bad.xml", strings.Replace(unseen, `"food"`, `"foot"`, 1))}, []string{"bad.xml:2", `"foot"`, "food"}},
		{"unknown device", EvaluateOptions{Runs: []string{r.dir}, Data: configs.Sample, Device: "gpu"}, []string{"gpu", "cuda:N"}},
		{"negative threads", EvaluateOptions{Runs: []string{r.dir}, Data: configs.Sample, Threads: -1}, []string{"train.threads", "-1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Evaluate(t.Context(), test.o)
			wantError(t, err, test.want...)
		})
	}
}

// TestDamagedRun holds that a run or checkpoint somebody changed is an error that
// names the file, never a wrong table: the manifest tells, and where somebody made
// one that fits the change, the files still have to fit each other.
func TestDamagedRun(t *testing.T) {
	r := train(t, small(t, "train.max_steps=1"))
	tests := []struct {
		name   string
		file   string
		change func(t *testing.T, text []byte) []byte // nil removes the file
		want   []string                               // in the error under a manifest that fits the change
	}{
		{"no labels", LabelsFile, nil, []string{"there is no " + LabelsFile}},
		{"labels cut short", LabelsFile, half, []string{LabelsFile, "unexpected end"}},
		{"labels of another model", LabelsFile, replace(`"food"`, `"drinks"`), []string{LabelsFile, "are not those of"}},
		{"majority of fewer aspects", LabelsFile, replace("\"positive\"\n  ]\n}", "\"positive\"\n  ]\n, \"majority\": [\"positive\"]}"), []string{LabelsFile, "1 majority labels for 5 aspects"}},
		{"majority that is no label", LabelsFile, replace("\"positive\"\n  ]\n}", "\"posit\"\n  ]\n}"), []string{LabelsFile, "posit"}},
		{"no vocabulary", VocabFile, nil, []string{"there is no " + VocabFile}},
		{"a word less", VocabFile, func(_ *testing.T, text []byte) []byte {
			return text[:1+strings.LastIndexByte(strings.TrimSpace(string(text)), '\n')]
		}, []string{WeightsFile, VocabFile}},
		{"config of another model", ConfigFile, replace("hidden: 12", "hidden: 14"), []string{WeightsFile, "shape"}},
		{"config with fewer layers of weights", ConfigFile, replace("presence: true", "presence: false"), []string{WeightsFile, "presence", "no part of the model"}},
		{"config with more layers of weights", ConfigFile, replace("layers: 1", "layers: 2"), []string{WeightsFile, "backbone.weight_ih_l1"}},
		{"config with a typo", ConfigFile, replace("epochs:", "epoch:"), []string{ConfigFile + ":", "train.epochs"}},
		{"no weights", WeightsFile, nil, []string{"there is no " + WeightsFile}},
		{"weights cut short", WeightsFile, half, []string{WeightsFile}},
		{"weights of no run", WeightsFile, func(t *testing.T, _ []byte) []byte {
			x, err := safetensors.NewFloat32("x", []int64{1}, []float32{1})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "x")
			if err := safetensors.WriteFile(path, []safetensors.Tensor{x}, nil); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}, []string{"embedding.weight"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
				t.Fatal(err)
			}
			step := checkpoint.StepDir(dir, r.result.Steps)
			for _, folder := range []string{dir, step} {
				changeFile(t, filepath.Join(folder, test.file), test.change)
				_, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{folder}, Data: configs.Sample})
				wantDamage(t, err, filepath.Join(folder, test.file))
			}
			reseal(t, dir)
			_, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{dir}, Data: configs.Sample})
			wantError(t, err, append(test.want, dir)...)
			if damaged := new(checkpoint.Damaged); errors.As(err, &damaged) {
				t.Errorf("%v: the manifest fits, so this is none of its business", err)
			}
		})
	}
}

// TestDamagedManifest holds that a manifest somebody changed is one too.
func TestDamagedManifest(t *testing.T) {
	r := train(t, small(t, "train.max_steps=1"))
	for _, dir := range []string{r.dir, r.step(1)} {
		path := filepath.Join(dir, checkpoint.ManifestFile)
		changeFile(t, path, replace(`"step": 1`, `"step": 2`))
		_, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{dir}, Data: configs.Sample})
		wantDamage(t, err, path)
	}
}

// changeFile replaces a file by what change makes of it, or removes it.
func changeFile(t *testing.T, path string, change func(*testing.T, []byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if change == nil {
		return
	}
	changed := change(t, text)
	if slices.Equal(changed, text) {
		t.Fatal("the change changes nothing")
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantDamage fails unless err says that the file is not what its manifest says.
func wantDamage(t *testing.T, err error, path string) {
	t.Helper()
	damaged := new(checkpoint.Damaged)
	if !errors.As(err, &damaged) || damaged.Path != path {
		t.Errorf("got %v, want damage of %s", err, path)
	}
}

// reseal makes a manifest that fits the files of a run folder as they are.
func reseal(t *testing.T, dir string) {
	t.Helper()
	names := slices.DeleteFunc(files(t, dir), func(name string) bool {
		return name == checkpoint.Folder || name == BoardFolder || name == checkpoint.ManifestFile
	})
	if err := checkpoint.Seal(dir, checkpoint.Manifest{Program: Program}, names); err != nil {
		t.Fatal(err)
	}
}

func half(_ *testing.T, text []byte) []byte { return text[:len(text)/2] }

func replace(old, new string) func(*testing.T, []byte) []byte {
	return func(_ *testing.T, text []byte) []byte {
		return []byte(strings.Replace(string(text), old, new, 1))
	}
}
