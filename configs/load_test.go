package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadText loads the text of a file x.yaml.
func loadText(t *testing.T, text string, s Source) (*Resolved, error) {
	t.Helper()
	return load("x.yaml", "", []byte(text), s)
}

// wantError fails unless err holds every line of want, and as many lines.
func wantError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	got := err.Error()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("got error\n%s\nwant in it\n%s", got, w)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != len(want) {
		t.Errorf("error has %d lines, want %d:\n%s", n, len(want), got)
	}
}

func TestPrecedence(t *testing.T) {
	const file = "version: 1\ntrain:\n  seed: 2\n  epochs: 2\n  threads: 2\n"
	r, err := loadText(t, file, Source{
		Environ: []string{"ABSA_TRAIN_EPOCHS=3", "ABSA_TRAIN_THREADS=3"},
		Set:     []string{"train.threads=4", "train.threads=5"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		key       string
		got, want int
		from      string
	}{
		{"loader.batch_size", r.Loader.BatchSize, 32, "default"},
		{"train.seed", int(r.Train.Seed), 2, "file x.yaml:3"},
		{"train.epochs", r.Train.Epochs, 3, "env ABSA_TRAIN_EPOCHS"},
		{"train.threads", r.Train.Threads, 5, "--set"},
	}
	for _, test := range tests {
		t.Run(test.key, func(t *testing.T) {
			if test.got != test.want || r.Origin(test.key) != test.from {
				t.Errorf("got %d from %q, want %d from %q", test.got, r.Origin(test.key), test.want, test.from)
			}
		})
	}
	if got := r.Origin("train"); got != "" {
		t.Errorf("origin of a section: %q", got)
	}
}

func TestOriginsFollowKeys(t *testing.T) {
	r, err := Load(Source{Config: "article"})
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, o := range r.Origins {
		got = append(got, o.Key)
	}
	for _, k := range Keys() {
		want = append(want, k.Path)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := r.Origin("model.layers"); got != "preset article" {
		t.Errorf("origin of model.layers: %q", got)
	}
}

func TestLoadDefaults(t *testing.T) {
	r, err := loadText(t, "version: 1\nname: default\n", Source{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), r.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestLoadEveryType(t *testing.T) {
	r, err := loadText(t, `
version: 1
name: "2014"
data:
  train: "a: b # c.xml"
  aspects: [Room.Service Quality, "true", Éclair]
  polarities:
  - Good.Or Better
  - bad
train:
  seed: -9223372036854775808
  learning_rate: 1
  eps: 1e-6
model:
  attention:
    # everything here is commented out
  head:
    presence: True
    absent_class: true
loss:
  class_weights:
  - {label: absent, weight: 0}
  - label: Good.Or Better
    weight: .5
`, Source{})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Name = "2014"
	want.Data.Train = "a: b # c.xml"
	want.Data.Aspects = []string{"Room.Service Quality", "true", "Éclair"}
	want.Data.Polarities = []string{"Good.Or Better", "bad"}
	want.Train.Seed = -9223372036854775808
	want.Train.LearningRate = 1
	want.Train.Eps = 1e-6
	want.Model.Head.Presence = true
	want.Model.Head.AbsentClass = true
	want.Loss.ClassWeights = []ClassWeight{{"absent", 0}, {"Good.Or Better", 0.5}}
	if diff := cmp.Diff(want, r.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestEmptyListTakesDefaultsPlace(t *testing.T) {
	r, err := Load(Source{Config: "article", Set: []string{"loss.class_weights=[]"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Loss.ClassWeights != nil {
		t.Errorf("class weights %v, want none", r.Loss.ClassWeights)
	}
}

func TestFileErrors(t *testing.T) {
	tests := []struct {
		name, file string
		want       []string
	}{
		{"a misspelt key", "version: 1\ntrain:\n  epoch: 3\n", []string{"x.yaml:3:3: train.epoch: unknown key; did you mean train.epochs?"}},
		{"swapped letters", "version: 1\ntrain:\n  sede: 3\n", []string{"x.yaml:3:3: train.sede: unknown key; did you mean train.seed?"}},
		{"a misspelt section", "version: 1\ntrian:\n  seed: 3\n", []string{"x.yaml:2:1: trian: unknown key; did you mean train?"}},
		{"a key in the wrong section", "version: 1\nmodel:\n  pool: mean\n", []string{"x.yaml:3:3: model.pool: unknown key; did you mean model.attention.pool?"}},
		{"a key without its section", "version: 1\nepochs: 3\n", []string{"x.yaml:2:1: epochs: unknown key; did you mean train.epochs?"}},
		{"another case", "version: 1\nTrain:\n  seed: 3\n", []string{"x.yaml:2:1: Train: unknown key; did you mean train?"}},
		{"a key like no other", "version: 1\ntext:\n  zzzzzz: 3\n", []string{"x.yaml:3:3: text.zzzzzz: unknown key; text has cleaning, stop_words, tokenizer, max_tokens"}},
		{"a top-level key like no other", "version: 1\nzzzzzz: 3\n", []string{"x.yaml:2:1: zzzzzz: unknown key; the top level has version, name, data, text, vectors, loader, model, loss, train, checkpoint"}},
		{"a key with a line end", "version: 1\n\"a\\nb\": 3\n", []string{`x.yaml:2:1: "a\nb": unknown key`}},
		{"a key that is a list", "version: 1\n[a]: 3\n", []string{"x.yaml:2:1: a list is not a key"}},
		{"text for a whole number", "version: 1\ntrain:\n  epochs: three\n", []string{`x.yaml:3:11: train.epochs: want a whole number, got "three"`}},
		{"quotes around a number", "version: 1\ntrain: {epochs: \"3\"}\n", []string{`x.yaml:2:17: train.epochs: want a whole number, got "3"`}},
		{"a fraction for a whole number", "version: 1\ntrain:\n  epochs: 1.5\n", []string{"train.epochs: want a whole number, got 1.5"}},
		{"a number that some read as octal", "version: 1\ntrain:\n  seed: 010\n", []string{"train.seed: want a whole number, got 010"}},
		{"a hexadecimal number", "version: 1\ntrain:\n  seed: 0x10\n", []string{"train.seed: want a whole number, got 0x10"}},
		{"beyond 64 bits", "version: 1\ntrain:\n  seed: 9223372036854775808\n", []string{"train.seed: want a whole number, got 9223372036854775808"}},
		{"text for a number", "version: 1\ntrain:\n  ema: high\n", []string{`train.ema: want a number, got "high"`}},
		{"not a number", "version: 1\ntrain:\n  ema: .nan\n", []string{"train.ema: want a number, got .nan"}},
		{"text for true or false", "version: 1\nvectors:\n  trainable: 'yes'\n", []string{`vectors.trainable: want true or false, got "yes"`}},
		{"a number for text", "version: 1\nname: 2014\n", []string{`x.yaml:2:7: name: want text, got 2014; write "2014"`}},
		{"nothing for text", "version: 1\ndata:\n  test:\n", []string{`data.test: want text, got nothing; write ""`}},
		{"nothing for a number", "version: 1\ntrain:\n  seed: ~\n", []string{"train.seed: want a whole number, got nothing"}},
		{"a list for text", "version: 1\nname: [a]\n", []string{"name: want text, got a list"}},
		{"text for a list", "version: 1\ndata:\n  aspects: a, b\n", []string{`data.aspects: want a list of text, got "a, b"`}},
		{"a number in a list of text", "version: 1\ndata:\n  aspects: [a, 1]\n", []string{`x.yaml:3:16: data.aspects[1]: want text, got 1; write "1"`}},
		{"text for a section", "version: 1\ntrain: 3\n", []string{"x.yaml:2:8: train: want keys and values, got 3"}},
		{"a list for the file", "- version: 1\n", []string{"x.yaml:1:1: configuration: want keys and values, got a list"}},
		{"an alias", "version: 1\nname: &n x\ndata:\n  train: *n\n", []string{"x.yaml:4:10: data.train: want text, got an alias"}},
		{"a merge key", "version: 1\ntrain: &t {seed: 1}\nmodel:\n  <<: *t\n", []string{`x.yaml:4:3: "model.<<": unknown key`}},
		{"weights as a map", "version: 1\nloss:\n  class_weights: {positive: 1}\n", []string{"loss.class_weights: want a list of {label, weight}, got keys and values"}},
		{"a weight without a label", "version: 1\nloss:\n  class_weights:\n  - {weight: 1}\n", []string{"x.yaml:4:5: loss.class_weights[0]: want all of {label, weight}"}},
		{"a misspelt field of a weight", "version: 1\nloss:\n  class_weights:\n  - {label: positive, wieght: 1}\n", []string{"x.yaml:4:23: loss.class_weights[0].wieght: unknown key; want {label, weight}"}},
		{"a weight that is text", "version: 1\nloss:\n  class_weights:\n  - {label: positive, weight: x}\n", []string{`loss.class_weights[0].weight: want a number, got "x"`}},
		{"a weight that is no mapping", "version: 1\nloss:\n  class_weights: [positive]\n", []string{`loss.class_weights[0]: want {label, weight}, got "positive"`}},
		{"an auxiliary corpus without a path", "version: 1\ntrain:\n  auxiliary:\n  - {weight: 1}\n", []string{"x.yaml:4:5: train.auxiliary[0]: want all of {path}"}},
		{"a misspelt field of an auxiliary corpus", "version: 1\ntrain:\n  auxiliary:\n  - {path: a, head: own}\n", []string{"train.auxiliary[0].head: unknown key; want {path, weight, heads, categories, leakage}"}},
		{"a category without an aspect", "version: 1\ntrain:\n  auxiliary:\n  - {path: a, categories: [{category: b}]}\n", []string{"train.auxiliary[0].categories[0]: want all of {category, aspect}"}},
		{"a key twice", "version: 1\ntrain:\n  seed: 1\n  seed: 2\n", []string{"x.yaml:4:3: train.seed: stands twice, first on line 3"}},
		{"not YAML", "version: 1\ntrain: [\n", []string{"x.yaml:"}},
		{"two documents", "version: 1\n---\nversion: 1\n", []string{"x.yaml:2: a second document"}},
		{"no version", "train:\n  seed: 1\n", []string{"x.yaml:1: version is missing; write version: 1"}},
		{"an empty file", "", []string{"x.yaml:1: version is missing"}},
		{"another version", "trian: 3\nversion: 2\n", []string{"x.yaml:2: version: this program reads version 1, the file has 2"}},
		{"a version that is text", "version: one\n", []string{`x.yaml:1:10: version: want a whole number, got "one"`}},
		{"all mistakes at once", "version: 1\ntrian: 1\ntrain:\n  seed: x\n", []string{"x.yaml:2:1: trian", "x.yaml:4:9: train.seed"}},
		{"a value that Validate refuses", "version: 1\ntrain:\n  epochs: 0\n", []string{"train.epochs: 0: want at least 1 (file x.yaml:3)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadText(t, test.file, Source{})
			wantError(t, err, test.want...)
		})
	}
}

func TestMistakesAreBounded(t *testing.T) {
	_, err := loadText(t, "version: 1\n"+strings.Repeat("? []\n", 100), Source{})
	if got := strings.Count(err.Error(), "\n") + 1; got != maxErrors {
		t.Errorf("%d mistakes, want %d:\n%v", got, maxErrors, err)
	}
}

func TestLoadFromFile(t *testing.T) {
	folder := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("version: 1\ntrain:\n  seed: 9\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, config, wantName string
	}{
		{"a path", write("mine.yaml"), "mine"},
		{"a path without extension", write("mine"), "mine"},
		{"a path with spaces", write("my best (1).yml"), "my-best-1"},
		{"a path that ends like a preset", write("sample.yaml"), "sample"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Load(Source{Config: test.config})
			if err != nil {
				t.Fatal(err)
			}
			if r.Name != test.wantName || r.Train.Seed != 9 {
				t.Errorf("name %q, seed %d; want %q, 9", r.Name, r.Train.Seed, test.wantName)
			}
			if got, want := r.Origin("name"), "file "+test.config; got != want {
				t.Errorf("origin of the name %q, want %q", got, want)
			}
		})
	}

	t.Chdir(folder)
	for _, config := range []string{"mine", "mine.yaml", "./mine.yaml"} {
		if r, err := Load(Source{Config: config}); err != nil || r.Train.Seed != 9 {
			t.Errorf("%s: %v", config, err)
		}
	}
	if r, err := Load(Source{Config: "sample"}); err != nil || r.Origin("train.epochs") != "preset sample" {
		t.Errorf("a bare name must be the preset: %v", err)
	}
}

func TestLoadFindsNoConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := []struct {
		name, config, want string
	}{
		{"an unknown preset", "artcle", `config "artcle": neither a preset (presets: article, restaurants, sample) nor a file; did you mean article?`},
		{"an unknown preset like no other", "zzzzzz", `config "zzzzzz": neither a preset (presets: article, restaurants, sample) nor a file`},
		{"a missing file", "absent.yaml", "read config: open absent.yaml: no such file"},
		{"a folder", ".", "read config: read .: is a directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(Source{Config: test.config})
			wantError(t, err, test.want)
		})
	}
}

func TestLoadBoundsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxFile+1)), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Load(Source{Config: path})
	wantError(t, err, "is it a configuration?")
}

// What may be left out of an element has its default, and what is written is read.
func TestElementsWithDefaults(t *testing.T) {
	r, err := loadText(t, "version: 1\ndata:\n  categories: [{category: 'FOOD#*', aspect: food}]\ntrain:\n  auxiliary:\n  - path: a.xml\n  - {path: b.xml, weight: 0.5, heads: own, leakage: drop, categories: [{category: staff, aspect: ''}]}\n", Source{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Auxiliary{
		{Path: "a.xml", Weight: 1, Heads: "shared", Leakage: "refuse"},
		{Path: "b.xml", Weight: 0.5, Heads: "own", Leakage: "drop", Categories: []Category{{Category: "staff"}}},
	}
	if diff := cmp.Diff(want, r.Train.Auxiliary); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var b strings.Builder
	if err := WriteYAML(&b, r.Config); err != nil {
		t.Fatal(err)
	}
	again, err := loadText(t, b.String(), Source{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Config, again.Config); diff != "" {
		t.Errorf("written and read (-was +is):\n%s", diff)
	}
}
