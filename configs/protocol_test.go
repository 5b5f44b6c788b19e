package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func protocol(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "protocol.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadProtocol(t *testing.T) {
	path := protocol(t, `
version: 1
question: "Which?"
config: sample
set: [train.epochs=2]
folds: 3
repeats: 2
seed: -4
metric: macro_f1
candidates:
  zero: []
  # nothing changes
  nothing:
  a-first: [model.hidden=8, "data.aspects=[food, price]"]
`)
	got, err := ReadProtocol(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Protocol{
		Question: "Which?", Config: "sample", Set: []string{"train.epochs=2"}, Folds: 3, Repeats: 2, Seed: -4, Metric: "macro_f1",
		Candidates: []Candidate{{"zero", nil}, {"nothing", nil}, {"a-first", []string{"model.hidden=8", "data.aspects=[food, price]"}}},
		File:       path, SHA256: got.SHA256,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.SHA256) != 64 {
		t.Errorf("SHA-256 %q", got.SHA256)
	}
	least, err := ReadProtocol(protocol(t, "version: 1\nconfig: mine.yaml\ncandidates: {base: }\n"))
	if err != nil {
		t.Fatal(err)
	}
	if least.Folds != 5 || least.Repeats != 3 || least.Seed != 1 || least.Metric != "accuracy" || least.Config != filepath.Join(filepath.Dir(least.File), "mine.yaml") {
		t.Errorf("without what has a default: %+v", least)
	}
}

// TestProtocolsOfTheRepository holds that the protocols beside the presets can be run.
func TestProtocolsOfTheRepository(t *testing.T) {
	p, err := ReadProtocol("candidates/restaurants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 7 || list[1].Model.Hidden != 256 || list[0].Model.Hidden != 128 || list[0].Data.Test != "" {
		t.Errorf("%d candidates, the second with model.hidden=%d, data.test=%q", len(list), list[1].Model.Hidden, list[0].Data.Test)
	}
}

func TestProtocolErrors(t *testing.T) {
	const candidates = "candidates:\n  base: []\n"
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"protocol.yaml: is empty"}},
		{"no YAML", "a: b: c", []string{"protocol.yaml: not YAML"}},
		{"a list", "- 1", []string{"protocol.yaml:1:1: protocol: want keys and values, got a list"}},
		{"no version", candidates, []string{"version is 0", "version: 1"}},
		{"unknown key", "version: 1\nfold: 3\n" + candidates, []string{"protocol.yaml:2:1: fold: unknown key", "folds"}},
		{"twice", "version: 1\nfolds: 3\nfolds: 3\n" + candidates, []string{"protocol.yaml:3:1: folds: stands twice"}},
		{"a candidate twice", "version: 1\n" + candidates + "  base: []\n", []string{"protocol.yaml:4:3: base: stands twice"}},
		{"no number", "version: 1\nfolds: many\n" + candidates, []string{"protocol.yaml:2:8: folds: want a whole number", `"many"`}},
		{"one fold", "version: 1\nfolds: 1\n" + candidates, []string{"folds: 1: want 2 to 999"}},
		{"no repeat", "version: 1\nrepeats: 0\n" + candidates, []string{"repeats: 0: want 1 to 999"}},
		{"metric", "version: 1\nmetric: f1\n" + candidates, []string{`metric: "f1": want one of accuracy, macro_f1`}},
		{"no candidate", "version: 1\n", []string{"candidates: there are none"}},
		{"a name", "version: 1\ncandidates:\n  a/b: []\n", []string{`candidates: "a/b"`}},
		{"settings as keys", "version: 1\ncandidates:\n  base: {model.hidden: 8}\n", []string{"protocol.yaml:3:9: base: want a list of text"}},
		{"settings that are no text", "version: 1\ncandidates:\n  base: [8]\n", []string{"protocol.yaml:3:10: base[0]: want text, got 8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadProtocol(protocol(t, test.text))
			wantAll(t, err, test.want)
		})
	}
}

func TestResolveCandidates(t *testing.T) {
	for _, test := range []struct {
		name string
		set  string
		want []string
	}{
		{"unknown key", "model.hiden=3", []string{"candidate b: ", "model.hiden", "did you mean model.hidden?"}},
		{"impossible", "train.epochs=0", []string{"candidate b: ", "train.epochs: 0"}},
		{"another corpus", "data.train=other.xml", []string{"candidate b: data.train=other.xml, that of a is sample", "same folds"}},
		{"another seed", "train.seed=2", []string{"candidate b: train.seed=2"}},
		{"other aspects", "data.aspects=[food]", []string{"candidate b: data.aspects"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := DefaultProtocol()
			p.Candidates = []Candidate{{Name: "a"}, {"b", []string{test.set}}}
			_, err := p.Resolve()
			wantAll(t, err, test.want)
		})
	}
	p := DefaultProtocol()
	p.Set, p.Override = []string{"model.hidden=5", "train.epochs=3"}, []string{"model.layers=2"}
	t.Setenv("ABSA_TRAIN_EPOCHS", "9")
	p.Candidates = []Candidate{{Name: "a"}, {"b", []string{"model.hidden=7"}}}
	list, err := p.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list[0].Model.Hidden, list[1].Model.Hidden, list[1].Train.Epochs, list[0].Model.Layers); got != "5 7 3 2" {
		t.Errorf("hidden of both, epochs and layers are %s", got)
	}
}

func wantAll(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %q, want in it %q", err, w)
		}
	}
}
