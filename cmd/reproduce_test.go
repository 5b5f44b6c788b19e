package cmd

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"absa/data/sample"
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
  - {name: single, title: a model for each aspect, kind: single_task, from: base, set: {train.epochs: 1}}
  - {name: both, title: base and its half, kind: ensemble, of: [base, base-half], against: base}
  - {name: all, title: all of them, kind: ensemble, from: both}
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
	if len(o.Rows) != 7 || len(o.Claims) != 1 || len(o.Claims[0].Compared) != 1+len(o.Aspects) {
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
	for _, e := range []struct {
		row, seed int // of the outcome
		members   []string
	}{
		{5, 0, []string{"base/seed-1", "base-half/seed-1"}},
		{5, 1, []string{"base/seed-2", "base-half/seed-2"}},
		{6, 0, []string{"base/seed-1", "base/seed-2", "base-half/seed-1", "base-half/seed-2"}},
	} {
		args := []string{"evaluate", "--data", "sample", "--json"}
		for _, m := range e.members {
			args = append(args, "--checkpoint", filepath.Join("study", "runs", filepath.FromSlash(m)))
		}
		c := command(t, args...)
		c.Dir = s.Dir
		want := metrics.Score(object(t, finish(t, c).stdout)["accuracy"].(float64))
		if got := o.Rows[e.row].Accuracy.Values; len(got) <= e.seed || got[e.seed] != want {
			t.Errorf("ensemble of %v: %v, evaluated by itself %v", e.members, got, want)
		}
	}
	if n := len(o.Rows[6].Accuracy.Values); n != 1 {
		t.Errorf("%d ensembles of all seeds", n)
	}
	for _, name := range []string{"study/study.md", "study/study.html", "study/runs/base/seed-1/model.safetensors"} {
		if info, err := os.Stat(filepath.Join(s.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}

	if single := o.Rows[4]; len(single.Accuracy.Values) != 2 || len(single.Aspects) != len(o.Aspects) {
		t.Errorf("single task: %+v", single)
	}

	goOn := func(more ...string) outcome {
		c := command(t, append([]string{"reproduce", "--study", "little.yaml", "--out", "study"}, more...)...)
		c.Dir = s.Dir
		return finish(t, c)
	}
	again := goOn("--seeds", "2", "--json")
	again.wantStatus(t, 0)
	if !strings.Contains(again.stdout, `"title":"Little"`) || again.stderr != "" { // nothing is trained
		t.Errorf("again: %+v", again)
	}
	goOn("--seeds", "2", "--set", "train.epochs=1").wantError(t, 1, "base/seed-1.json: train.epochs: 1, it was 2", "base-half/seed-2.json: ", "--out")
	goOn("--seeds", "2", "--set", "checkpoint.keep_last=9", "--set", "train.threads=2").wantStatus(t, 0)

	// A page says the command of a row, and it does what the row did.
	repeat := command(t, append(base.Args, "--out", "repeated", "--json")...)
	var repeated runs.Result
	if err := json.Unmarshal([]byte(finish(t, repeat).stdout), &repeated); err != nil {
		t.Fatal(err)
	}
	if repeated.Accuracy != base.Accuracy.Values[0] {
		t.Errorf("%q comes to %v, in the study %v", base.Args, repeated.Accuracy, base.Accuracy.Values[0])
	}

	// More rows and seeds take what is done.
	longer := littleStudy + "  - {says: Nothing, compare: [{row: wide, against: base}]}\n"
	longer = strings.Replace(longer, "claims:", "  - {name: wide, title: wider, from: base, set: {model.hidden: 12}}\nclaims:", 1)
	if err := os.WriteFile(filepath.Join(s.Dir, "little.yaml"), []byte(longer), 0o666); err != nil {
		t.Fatal(err)
	}
	more := goOn("--seeds", "3", "--only", "wide,base-half")
	more.wantStatus(t, 0)
	if !strings.Contains(more.stderr, "9 trainings, 4 of them done before") {
		t.Errorf("more: %s", more.stderr)
	}
	grown := s.outcome(t).Rows
	if values := grown[1].Accuracy.Values; len(values) != 3 || !slices.Equal(values[:2], base.Accuracy.Values) || grown[3].Name != "wide" {
		t.Errorf("rows %+v, base was %v", grown, base.Accuracy.Values)
	}

	// Nobody else takes over the folder.
	for name, text := range map[string]string{"other.yaml": littleStudy, "protocol.yaml": "version: 1\nconfig: sample\ncandidates: {base: []}\n"} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	goOn("--study", "other.yaml").wantError(t, 1, "study is the folder of the study little, not of other", "--out")
	cv := command(t, "cv", "--candidates", "protocol.yaml", "--out", "study")
	cv.Dir = s.Dir
	finish(t, cv).wantError(t, 1, "study: the folder is not empty", "protocol.json", "--out")
}

// TestReproduceCorpus holds that models of two corpora are not compared, and that an
// aspect which no sentence has leaves gaps.
func TestReproduceCorpus(t *testing.T) {
	c := command(t, "reproduce", "--study", "little.yaml", "--out", "study", "--seeds", "1", "--only", "base,base-half", "--set", "data.train=train.xml", "--set", "data.aspects=[service, food, anecdotes/miscellaneous, price, ambience, parking]")
	corpus, path := string(sample.Train()), filepath.Join(c.Dir, "train.xml")
	if err := errors.Join(os.WriteFile(path, []byte(corpus), 0o666), os.WriteFile(filepath.Join(c.Dir, "little.yaml"), []byte(littleStudy), 0o666)); err != nil {
		t.Fatal(err)
	}
	finish(t, c).wantStatus(t, 0)
	if table := content(t, filepath.Join(c.Dir, "study", "study.md")); !strings.Contains(table, "| base | base-half | parking | – | – |") {
		t.Errorf("the table has no gap:\n%s", table)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(corpus, "positive", "negative", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	again := command(t, c.Args[1:]...)
	again.Dir = c.Dir
	finish(t, again).wantError(t, 1, "units/base/seed-1.json: data.train: SHA-256 ", ", it was SHA-256 ")
}

// TestReproduceKilled kills a study with SIGKILL: its trainings end with it, and
// the next call comes to what a study that was left alone comes to.
func TestReproduceKilled(t *testing.T) {
	whole := reproduction(t, "--jobs", "1", "--only", "average,base-half")
	whole.end(t).wantStatus(t, 0)

	s := reproduction(t, "--jobs", "2", "--only", "average,base-half")
	for range 400 {
		if logs, _ := filepath.Glob(filepath.Join(s.Dir, "study", "runs", "*", "*", "metrics.jsonl")); len(logs) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.signal(t, syscall.SIGKILL)
	<-s.ended
	// Trainings that hear of it still save their runs, which the next call waits for.
	c := command(t, s.Args[1:]...)
	c.Dir = s.Dir
	finish(t, c).wantStatus(t, 0)
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
		{"nothing to train", []string{"--only", "majority"}, "nothing is trained"},
		{"a seed", []string{"--set", "train.seed=3"}, "--set train.seed=3: each row is trained with seeds from 1; --seeds"},
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
