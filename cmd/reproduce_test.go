package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/internal/study"
)

// littleStudy is one of a small network on the sample corpus.
const littleStudy = `version: 1
title: Little
about: Whether a small network learns anything.
set: {train.threads: 1, train.device: cpu, model.hidden: 8, vectors.dimension: 8, train.epochs: 2, data.valid_fraction: 0.2}
variants:
  - {name: half, title: half of the sentences, set: {data.train_fraction: 0.5}}
rows:
  - {name: majority, group: Baseline, title: majority class, kind: majority}
  - {name: base, group: Networks, title: as it is, config: sample, against: majority, variants: [half]}
  - {name: average, title: the mean of them, kind: ensemble, from: base}
claims:
  - {says: More sentences help, by_aspect: true, compare: [{row: base, against: base-half}]}
`

func reproduction(t *testing.T, more ...string) *studyRun {
	t.Helper()
	c := command(t, append([]string{"reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "2"}, more...)...)
	if err := os.WriteFile(filepath.Join(c.Dir, "little.yaml"), []byte(littleStudy), 0o666); err != nil {
		t.Fatal(err)
	}
	return &studyRun{start(t, c)}
}

type studyRun struct{ *process }

func (s *studyRun) outcome(t *testing.T) study.Outcome {
	t.Helper()
	var o study.Outcome
	if err := json.Unmarshal([]byte(content(t, filepath.Join(s.Dir, "study", "study.json"))), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestReproduce trains a study, and holds its figures against those of trainings
// by themselves.
func TestReproduce(t *testing.T) {
	s := reproduction(t, "--keep-runs")
	s.end(t).wantStatus(t, 0)
	o := s.outcome(t)
	if len(o.Rows) != 4 || len(o.Claims) != 1 || len(o.Claims[0].Compared) != 1+len(o.Aspects) {
		t.Fatalf("%d rows, claims %+v", len(o.Rows), o.Claims)
	}
	alone := command(t, "train", "--config", "sample", "--device", "cpu", "--out", "run", "--json", "--quiet",
		"--set", "train.threads=1", "--set", "model.hidden=8", "--set", "vectors.dimension=8", "--set", "train.epochs=2",
		"--set", "data.valid_fraction=0.2", "--set", "train.seed=2", "--set", "data.split_seed=2")
	var want runs.Result
	if err := json.Unmarshal([]byte(finish(t, alone).stdout), &want); err != nil {
		t.Fatal(err)
	}
	base := o.Rows[1]
	if base.Accuracy.Values[1] != want.Accuracy || base.MacroF1.Values[1] != want.MacroF1 {
		t.Errorf("seed 2: accuracy %v, macro-F1 %v, by itself %v and %v", base.Accuracy.Values[1], base.MacroF1.Values[1], want.Accuracy, want.MacroF1)
	}
	if o.Rows[0].Accuracy.Mean != want.Majority {
		t.Errorf("majority: %v, by itself %v", o.Rows[0].Accuracy.Mean, want.Majority)
	}
	if half := o.Rows[2]; half.Accuracy.Mean == base.Accuracy.Mean && half.MacroF1.Mean == base.MacroF1.Mean {
		t.Error("half of the sentences come to the very figures of all of them")
	}
	if o.Rows[3].Kind != "ensemble" || len(o.Rows[3].Accuracy.Values) != 1 {
		t.Errorf("the ensemble: %+v", o.Rows[3])
	}
	for _, name := range []string{"study/study.md", "study/study.html", "study/runs/base/seed-1/model.safetensors"} {
		if info, err := os.Stat(filepath.Join(s.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Nothing is trained again, and another study does not take over its folder.
	again := command(t, "reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "2", "--json")
	again.Dir = s.Dir
	began := time.Now()
	if out := finish(t, again); out.status != 0 || !strings.Contains(out.stdout, `"title":"Little"`) {
		t.Errorf("again: %+v", out)
	}
	t.Logf("again: %v", time.Since(began))
	other := command(t, "reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "2", "--set", "train.epochs=1")
	other.Dir = s.Dir
	if out := finish(t, other); out.status != 1 || !strings.Contains(out.stderr, "seed-1.json is of another recipe") {
		t.Errorf("another recipe: %+v", out)
	}
}

// TestReproduceKilled kills a study with SIGKILL: its trainings end with it, and
// the next call comes to what a study that was left alone comes to.
func TestReproduceKilled(t *testing.T) {
	whole := reproduction(t, "--jobs", "1")
	whole.end(t).wantStatus(t, 0)

	s := reproduction(t, "--jobs", "2")
	for range 400 {
		if logs, _ := filepath.Glob(filepath.Join(s.Dir, "study", "runs", "*", "*", "metrics.jsonl")); len(logs) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.signal(t, syscall.SIGKILL)
	<-s.ended
	// A training that still wrote to its folder would make the next call fail.
	c := command(t, "reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "2")
	c.Dir = s.Dir
	for range 50 { // the trainings hear of it and save first
		if out := finish(t, c); out.status == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
		c = command(t, "reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "2")
		c.Dir = s.Dir
	}
	timeless := cmp.Options{
		cmpopts.IgnoreFields(study.Outcome{}, "Seconds"), cmpopts.IgnoreFields(study.Row{}, "Seconds"),
		cmp.Comparer(func(a, b metrics.Score) bool { return a == b || !a.Defined() && !b.Defined() }),
	}
	if diff := cmp.Diff(whole.outcome(t), s.outcome(t), timeless...); diff != "" {
		t.Errorf("(-left alone +killed):\n%s", diff)
	}
}

func TestReproduceInterrupted(t *testing.T) {
	s := reproduction(t, "--set", "train.epochs=2000", "--only", "base")
	for range 400 {
		if logs, _ := filepath.Glob(filepath.Join(s.Dir, "study", "runs", "*", "*", "metrics.jsonl")); len(logs) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.signal(t, syscall.SIGINT)
	out := s.end(t)
	out.wantStatus(t, 130)
	if !strings.Contains(out.stderr, "the same command goes on") {
		t.Errorf("got %s", out.stderr)
	}
	saved, _ := filepath.Glob(filepath.Join(s.Dir, "study", "runs", "base", "seed-*", "checkpoints", "step-*"))
	if len(saved) == 0 {
		t.Errorf("no training was saved; %v", files(t, filepath.Join(s.Dir, "study", "runs", "base")))
	}
}

func TestReproduceUsage(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no such study", []string{"--study", "artcle"}, "did you mean article?"},
		{"no such row", []string{"--only", "best"}, "--only best: the study has no such row"},
		{"no seed", []string{"--seeds", "0"}, "--seeds 0: want at least 1"},
		{"no such key", []string{"--set", "train.epoch=3"}, "did you mean train.epochs?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if out := absa(t, append([]string{"reproduce"}, tt.args...)...); out.status != 2 || !strings.Contains(out.stderr, tt.want) {
				t.Errorf("got %+v", out)
			}
		})
	}
	if out := absa(t, "reproduce", "--list"); out.status != 0 || !strings.Contains(out.stdout, "article-converged") {
		t.Errorf("--list: %+v", out)
	}
}
