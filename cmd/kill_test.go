package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
	"absa/trainer"
)

// TestKilled kills one training with SIGKILL at random moments, resumes it each
// time, and holds that it ends bit by bit as one that was left alone.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a minute: it runs in the long form")
	}
	killed(t, 20, 60)
}

// TestSoakKilled is the same with 200 kills.
func TestSoakKilled(t *testing.T) {
	if os.Getenv("ABSA_SOAK") == "" {
		t.Skip("takes many minutes: ABSA_SOAK is not set")
	}
	killed(t, 200, 600)
}

func killed(t *testing.T, kills, epochs int) {
	args := func(more ...string) []string {
		return append([]string{
			"train", "--device", "cpu", "--set", "train.threads=1", "--set", "model.hidden=24", "--set", "vectors.dimension=24",
			"--set", fmt.Sprint("train.epochs=", epochs), "--set", "train.patience=1000", "--set", "train.select=best", "--set", "train.schedule=cosine",
			"--set", "train.ema=0.95", "--set", "train.clip_norm=1",
			"--set", "checkpoint.every_steps=5", "--set", "checkpoint.keep_last=2", "--set", "checkpoint.keep_best=2", "--out", "run",
		}, more...)
	}
	straight := start(t, command(t, args()...))
	begun := time.Now()
	straight.stderr.waitFor(t, "epoch 1/")
	startup := time.Since(begun)
	select {
	case <-straight.ended:
	case <-time.After(time.Duration(epochs) * 10 * time.Second):
		t.Fatalf("the run that is left alone does not end:\n%s", straight.stderr.String())
	}
	straight.end(t).wantStatus(t, 0)
	whole := filepath.Join(straight.Dir, "run")
	training := time.Since(begun) - startup
	t.Logf("left alone: %v to the first epoch, then %v", startup, training)
	last := entries(t, whole)
	total := last[len(last)-1].Step

	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	rng := rand.New(rand.NewPCG(1, uint64(kills)))
	before := -1 // the newest step
	done := 0
	for ; done < kills; done++ {
		// The kills share what is left of the training, so that none comes too late.
		share := float64(training) * float64(total-max(before, 0)) / float64(total) / float64(kills-done+1)
		c := command(t, args("--resume", "auto")...)
		c.Dir = dir
		p := start(t, c)
		select {
		case <-p.ended:
			t.Fatalf("ended with %d after %d kills, before it could be killed again:\n%s", p.ProcessState.ExitCode(), done, p.stderr.String())
		case <-time.After(time.Duration(rng.Float64() * (float64(startup) + share))):
		}
		p.signal(t, syscall.SIGKILL)
		<-p.ended
		newest, skipped, err := checkpoint.Newest(run)
		if len(skipped) > 0 {
			t.Fatalf("kill %d left what cannot be read: %v", done, skipped)
		}
		switch {
		case err == nil && newest.Manifest.Step < before:
			t.Fatalf("kill %d: the newest checkpoint went back from step %d to %d", done, before, newest.Manifest.Step)
		case err == nil:
			before = newest.Manifest.Step
		case before >= 0:
			t.Fatalf("kill %d lost the checkpoint of step %d: %v", done, before, err)
		}
	}
	c := command(t, args("--resume", "auto")...)
	c.Dir = dir
	p := start(t, c)
	select {
	case <-p.ended:
	case <-time.After(time.Duration(epochs) * 10 * time.Second):
		t.Fatalf("the run does not end:\n%s", p.stderr.String())
	}
	p.end(t).wantStatus(t, 0)
	t.Logf("killed %d times, the last time after step %d", done, before)

	for _, name := range []string{"config.yaml", "labels.json", "vocab.txt", "split.json", "model.safetensors"} {
		if content(t, filepath.Join(run, name)) != content(t, filepath.Join(whole, name)) {
			t.Errorf("%s is another", name)
		}
	}
	for _, name := range []string{"metrics.jsonl", "result.json"} {
		if diff := cmp.Diff(timeless(t, content(t, filepath.Join(whole, name))), timeless(t, content(t, filepath.Join(run, name)))); diff != "" {
			t.Errorf("%s (-left alone +killed):\n%s", name, diff)
		}
	}
	wantSameCheckpoints(t, run, whole)
	for _, folder := range []string{run, filepath.Join(run, checkpoint.Folder)} {
		for _, name := range files(t, folder) {
			if strings.HasPrefix(name, ".") {
				t.Errorf("%s is left in %s", name, folder)
			}
		}
	}
}

// wantSameCheckpoints compares the last checkpoint of two runs, their two best ones,
// and what others both have: which those are depends on how long a save took.
func wantSameCheckpoints(t *testing.T, got, want string) {
	t.Helper()
	list := entries(t, want)
	kept := lastAndBest(t, list)
	if d := cmp.Diff(kept, lastAndBest(t, entries(t, got))); d != "" {
		t.Errorf("steps of the last and the two best checkpoints (-left alone +killed):\n%s", d)
	}
	for _, e := range list {
		other, err := checkpoint.Open(checkpoint.StepDir(got, e.Step))
		if errors.Is(err, fs.ErrNotExist) && !slices.Contains(kept, e.Step) {
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		for _, p := range e.Checkpoint.Manifest.Parts {
			a, b := content(t, e.Checkpoint.Path(p.Name)), content(t, other.Path(p.Name))
			if p.Name == "state.json" {
				a, b = timeless(t, a), timeless(t, b)
			}
			if a != b {
				t.Errorf("step %d: %s is another", e.Step, p.Name)
			}
		}
	}
}

// lastAndBest returns the steps of the last checkpoint and of the two best ones.
func lastAndBest(t *testing.T, list []checkpoint.Entry) []int {
	t.Helper()
	best := trainer.Ranked(list)
	if len(best) < 2 {
		t.Fatalf("%d checkpoints have a value, want 2", len(best))
	}
	return []int{list[len(list)-1].Step, best[0].Step, best[1].Step}
}

func entries(t *testing.T, run string) []checkpoint.Entry {
	t.Helper()
	list, err := checkpoint.List(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Err != nil {
			t.Fatal(e.Err)
		}
	}
	return list
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// timeless is JSON, or lines of it, without what the clock says.
func timeless(t testing.TB, text string) string {
	t.Helper()
	var out strings.Builder
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		withoutClock(v)
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	return out.String()
}

func withoutClock(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "seconds")
		delete(v, "sentences_per_second")
		for _, x := range v {
			withoutClock(x)
		}
	case []any:
		for _, x := range v {
			withoutClock(x)
		}
	}
}
