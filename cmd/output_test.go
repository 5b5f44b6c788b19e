package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object fails unless text is exactly one JSON object on one line.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		t.Fatalf("stdout is not one line: %q", text)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("stdout is not one JSON object: %v\n%s", err, text)
	}
	return v
}

// table matches what train and evaluate print for people.
var table = regexp.MustCompile(`^aspect +support +majority +model
service +44 +0\.\d{4} +0\.\d{4}
food +106 +0\.\d{4} +0\.\d{4}
anecdotes/miscellaneous +63 +0\.\d{4} +0\.\d{4}
price +26 +0\.\d{4} +0\.\d{4}
ambience +29 +0\.\d{4} +0\.\d{4}
overall +268 +0\.\d{4} +0\.\d{4}
macro-F1 +0\.\d{4} +0\.\d{4}
`)

// TestTrainOutput holds that results go to stdout and all else to stderr.
func TestTrainOutput(t *testing.T) {
	const (
		note  = "the training corpus is the embedded sample"
		epoch = "epoch 1/"
	)
	tests := []struct {
		name   string
		flags  []string
		stderr []string // in this order; none is silence
		json   bool
	}{
		{"table", nil, []string{note, "sentences to train on", "run: run", epoch}, false},
		{"quiet table", []string{"--quiet"}, nil, false},
		{"JSON", []string{"--json"}, []string{note, epoch}, true},
		{"quiet JSON", []string{"--json", "-q"}, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := command(t, little(test.flags...)...)
			got := finish(t, c)
			got.wantStatus(t, 0)
			if len(test.stderr) == 0 && got.stderr != "" {
				t.Errorf("stderr: got %q, want nothing", got.stderr)
			}
			rest := got.stderr
			for _, want := range test.stderr {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Errorf("stderr has no %q in its place:\n%s", want, got.stderr)
				}
				rest = after
			}
			// A bar would rewrite its line.
			if strings.ContainsAny(got.stderr, "\r\x1b") {
				t.Errorf("stderr is no terminal but holds a bar: %q", got.stderr)
			}
			saved, err := os.ReadFile(filepath.Join(c.Dir, "run", "result.json"))
			if err != nil {
				t.Fatal(err)
			}
			if !test.json {
				if !table.MatchString(got.stdout) || !strings.Contains(got.stdout, "sentences/s on cpu; 2 steps; run: run\n") {
					t.Errorf("stdout:\n%s", got.stdout)
				}
				return
			}
			var want map[string]any
			if err := json.Unmarshal(saved, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, object(t, got.stdout)); diff != "" {
				t.Errorf("stdout is not result.json (-file +stdout):\n%s", diff)
			}
		})
	}
}

// TestDefaultFolder holds where a run goes if nothing is said.
func TestDefaultFolder(t *testing.T) {
	args := little()
	c := command(t, args[:len(args)-2]...) // without --out
	finish(t, c).wantStatus(t, 0)
	names := files(t, filepath.Join(c.Dir, "checkpoints"))
	if len(names) != 1 || !regexp.MustCompile(`^sample-\d{8}-\d{6}$`).MatchString(names[0]) {
		t.Errorf("checkpoints holds %q, want one folder sample-<time>", names)
	}
}

// TestEvaluateOutput holds that evaluate repeats what train printed.
func TestEvaluateOutput(t *testing.T) {
	c := command(t, little()...)
	trained := finish(t, c)
	trained.wantStatus(t, 0)
	run := filepath.Join(c.Dir, "run")

	got := absa(t, "evaluate", "--checkpoint", run, "--data", "sample")
	got.wantStatus(t, 0)
	if want := table.FindString(trained.stdout); want == "" || !strings.HasPrefix(got.stdout, want+"\n") {
		t.Errorf("evaluate prints\n%s\ntrain printed\n%s", got.stdout, want)
	}
	for _, want := range []string{"\n4 polarities  ", "\npositive, negative  ", "\nconflict  ", "\npresence from 0.5 on  ", "\nof the model  ", "\nat temperature "} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	for line := range strings.Lines(got.stdout) {
		if len(line) > 80+1 {
			t.Errorf("%d characters: %s", len(line)-1, line)
		}
	}
	full := absa(t, "evaluate", "--checkpoint", run, "--data", "sample", "-q", "--confusion", "--against", run)
	full.wantStatus(t, 0)
	for _, want := range []string{"\nall aspects  positive", "\nambience  positive", "against " + run, "McNemar     p = 1: 0 pairs"} {
		if !strings.Contains(full.stdout, want) {
			t.Errorf("no %q in\n%s", want, full.stdout)
		}
	}
	absa(t, "evaluate", "--checkpoint", run, "--data", "sample", "--threshold", "0").wantError(t, 2, "--threshold 0")

	got = absa(t, "evaluate", "--checkpoint", run, "--data", "sample", "--json", "--quiet", "--threads", "1", "--device", "cpu")
	got.wantStatus(t, 0)
	if got.stderr != "" {
		t.Errorf("stderr: got %q, want nothing", got.stderr)
	}
	saved, err := os.ReadFile(filepath.Join(run, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(saved, &result); err != nil {
		t.Fatal(err)
	}
	for key, v := range object(t, got.stdout) {
		if diff := cmp.Diff(result[key], v); diff != "" {
			t.Errorf("%s (-training +evaluate):\n%s", key, diff)
		}
	}
}

// TestResolvedConfigRunsAgain holds that the config.yaml of a run is a
// configuration that gives the same run.
func TestResolvedConfigRunsAgain(t *testing.T) {
	c := command(t, little("--set", "train.seed=5")...)
	finish(t, c).wantStatus(t, 0)
	again := command(t, "train", "--config", filepath.Join(c.Dir, "run", "config.yaml"), "--out", "run", "-q")
	finish(t, again).wantStatus(t, 0)
	for _, name := range []string{"config.yaml", "model.safetensors", "labels.json", "vocab.txt", "split.json"} {
		a, err := os.ReadFile(filepath.Join(c.Dir, "run", name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(again.Dir, "run", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Errorf("%s differs", name)
		}
	}
}
