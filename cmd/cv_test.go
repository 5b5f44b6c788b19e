package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"absa/internal/study"
	"absa/trainer/crossval"
)

// protocolOf is a protocol of trainings that take a moment, with candidates as lines
// of YAML.
func protocolOf(t *testing.T, epochs int, candidates ...string) string {
	t.Helper()
	return write(t, "small.yaml", fmt.Sprintf(`version: 1
question: Does a class of its own for what is absent help?
config: sample
set: [model.hidden=8, vectors.dimension=8, train.epochs=%d, train.device=cpu, train.select=best]
folds: 2
repeats: 2
seed: 3
candidates:
  base: []
  absent: [model.head.absent_class=true, text.cleaning=article]
`, epochs)+strings.Join(candidates, ""))
}

// crossValidated is what cv --json prints.
func crossValidated(t *testing.T, got outcome) crossval.Result {
	t.Helper()
	got.wantStatus(t, 0)
	var r crossval.Result
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// unclocked is a result without what the clock says.
func unclocked(t *testing.T, r crossval.Result) string {
	t.Helper()
	r.Begun = time.Time{}
	r.Protocols, r.Table = slices.Clone(r.Protocols), slices.Clone(r.Table)
	for i := range r.Protocols {
		r.Protocols[i].Read, r.Protocols[i].File = time.Time{}, ""
	}
	for i := range r.Table {
		r.Table[i].Seconds = 0
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCV runs a study of two candidates at once, holds its figures against what its
// models said, and compares it with one that was killed and ran one by one, and with
// another order of events: what is done is not done again, and what is appended is
// told.
func TestCV(t *testing.T) {
	path := protocolOf(t, 2)
	c := command(t, "cv", "--candidates", path, "--out", "study", "--jobs", "2", "--json", "--markdown", "table.md")
	got := finish(t, c)
	r := crossValidated(t, got)
	dir := filepath.Join(c.Dir, "study")
	if left := files(t, dir); !slices.Equal(left, []string{"candidates", "protocol.json", "units"}) {
		t.Errorf("the study's folder has %q", left)
	}
	if n := strings.Count(got.stderr, " of 8: "); n != 8 {
		t.Errorf("%d of 8 trainings were told:\n%s", n, got.stderr)
	}
	wantOutOfFold(t, dir, r)

	t.Run("killed and one by one", func(t *testing.T) {
		c := command(t, "cv", "--candidates", path, "--out", "study", "--jobs", "1", "--json")
		p := start(t, c)
		p.stderr.waitFor(t, "2 of 8: ")
		p.signal(t, syscall.SIGKILL)
		<-p.ended
		again := command(t, c.Args[1:]...)
		again.Dir = c.Dir
		got := finish(t, again)
		if diff := cmp.Diff(unclocked(t, r), unclocked(t, crossValidated(t, got))); diff != "" {
			t.Errorf("(-at once +killed and one by one):\n%s", diff)
		}
		if n := strings.Count(got.stderr, " of 8: "); n < 1 || n > 6 {
			t.Errorf("what was done is done again:\n%s", got.stderr)
		}
	})
	t.Run("table", func(t *testing.T) {
		again := command(t, "cv", "--candidates", path, "--out", "study")
		again.Dir = c.Dir
		got := finish(t, again)
		got.wantStatus(t, 0)
		for _, want := range []string{"Does a class of its own", "2 folds of sample, 2 repeats, seed 3: 578 sentences", "SHA-256 " + r.Protocols[0].SHA256, "base ", r.Table[1].Accuracy.Value.String(), "Choice by accuracy: " + r.Choice} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("no %q in\n%s", want, got.stdout)
			}
		}
		table := content(t, filepath.Join(c.Dir, "table.md"))
		for _, want := range []string{"| candidate | accuracy |", "|---|", "| base | " + r.Table[0].Accuracy.Value.String()} {
			if !strings.Contains(table, want) {
				t.Errorf("no %q in table.md\n%s", want, table)
			}
		}
	})
	run := func(t *testing.T, protocol string) outcome {
		c := command(t, "cv", "--candidates", protocol, "--out", dir, "--json")
		return finish(t, c)
	}
	t.Run("changed", func(t *testing.T) {
		changed := write(t, "small.yaml", strings.NewReplacer("seed: 3", "seed: 4", "cleaning=article", "cleaning=none", "Does a class", "Did a class").Replace(content(t, path)))
		run(t, changed).wantError(t, 1, dir, "not the one that the study began with", "seed: 4, it was 3", "candidate absent: text.cleaning: none, it was article", "question: Did", "--out")
		fewer := write(t, "small.yaml", strings.Split(content(t, path), "  absent:")[0])
		run(t, fewer).wantError(t, 1, "candidate absent is missing")
	})
	t.Run("over the protocol", func(t *testing.T) {
		c := command(t, "cv", "--candidates", write(t, "one.yaml", "version: 1\nconfig: sample\nfolds: 2\nrepeats: 1\nset: [model.hidden=8, vectors.dimension=8]\ncandidates: {base: []}\n"), "--set", "train.epochs=1")
		c.Env = append(c.Env, "ABSA_MODEL_HIDDEN=9")
		got := finish(t, c)
		got.wantStatus(t, 0)
		if !strings.Contains(got.stdout, "Every candidate has --set train.epochs=1 over the protocol's own.") {
			t.Errorf("got\n%s", got.stdout)
		}
		text := content(t, filepath.Join(c.Dir, "checkpoints", "cv-one", "candidates", "base.yaml"))
		for _, want := range []string{"epochs: 1\n", "hidden: 8\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	})
	t.Run("appended", func(t *testing.T) {
		longer := run(t, protocolOf(t, 2, "  none: [model.attention.kind=none]\n"))
		all := crossValidated(t, longer)
		if all.Candidates[1].Appended || !all.Candidates[2].Appended || len(all.Protocols) != 2 || all.Protocols[0] != r.Protocols[0] {
			t.Errorf("candidates %+v of protocols %+v", all.Candidates, all.Protocols)
		}
		if diff := cmp.Diff(unclocked(t, crossval.Result{Table: r.Table}), unclocked(t, crossval.Result{Table: all.Table[:2]})); diff != "" {
			t.Errorf("the first candidates (-before +after):\n%s", diff)
		}
		if !strings.Contains(longer.stderr, "candidate none is appended") || strings.Count(longer.stderr, " of 12: ") != 4 {
			t.Errorf("told:\n%s", longer.stderr)
		}
		c := command(t, "cv", "--candidates", protocolOf(t, 2, "  none: [model.attention.kind=none]\n"), "--out", dir)
		if got := finish(t, c); !strings.Contains(got.stdout, "none (appended)") || !strings.Contains(got.stdout, "Appended when trainings had begun: none.") {
			t.Errorf("the table does not tell:\n%s", got.stdout)
		}
	})
}

// wantOutOfFold holds that every sentence of the corpus is answered once in a repeat,
// in the same folds and with the same seeds by all candidates, and that accuracy is
// that of these answers.
func wantOutOfFold(t *testing.T, dir string, r crossval.Result) {
	t.Helper()
	var first []string // ids of each fold
	for _, row := range r.Table {
		right, pairs := 0, 0
		for _, want := range []string{"  test: \"\"\n", "  threads: 1\n"} {
			if text := content(t, filepath.Join(dir, "candidates", row.Name+".yaml")); !strings.Contains(text, want) {
				t.Errorf("%s is not trained with %s:\n%s", row.Name, want, text)
			}
		}
		var ids []string
		for repeat := range 2 {
			var all []string
			for fold := range 2 {
				unit := filepath.Join(dir, "units", row.Name, fmt.Sprintf("repeat-%d-fold-%d.json", repeat+1, fold+1))
				var kept struct {
					Args    []string
					Content study.Model
				}
				if err := json.Unmarshal([]byte(content(t, unit)), &kept); err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{fmt.Sprint("data.split_seed=300", repeat+1), fmt.Sprintf("train.seed=300%d00%d", repeat+1, fold+1), fmt.Sprintf("%d/2", fold+1)} {
					if !slices.Contains(kept.Args, want) {
						t.Errorf("%s was trained with %q, which lack %s", unit, kept.Args, want)
					}
				}
				held := kept.Content.IDs
				for i, gold := range kept.Content.Answers.Gold {
					if gold >= 0 {
						pairs++
					}
					if gold >= 0 && gold == kept.Content.Answers.Predicted[i] {
						right++
					}
				}
				ids = append(ids, strings.Join(held, " "))
				all = append(all, held...)
			}
			slices.Sort(all)
			if n := len(slices.Compact(all)); n != r.Sentences || len(all) != n {
				t.Errorf("%s, repeat %d: %d answers, of %d of %d sentences", row.Name, repeat+1, len(all), n, r.Sentences)
			}
		}
		if got, want := float64(row.Accuracy.Value), float64(right)/float64(pairs); got != want {
			t.Errorf("%s: accuracy %v, by its answers %v", row.Name, got, want)
		}
		if first == nil {
			first = ids
		} else if !slices.Equal(first, ids) {
			t.Errorf("%s has other folds", row.Name)
		}
	}
	if first[0] == first[2] {
		t.Error("both repeats have the same folds")
	}
}

// TestCVInterrupted holds that Ctrl-C saves what is under way, and that a study which
// is killed takes its trainings with it.
func TestCVInterrupted(t *testing.T) {
	path := protocolOf(t, 1_000_000)
	for _, test := range []struct {
		signal syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGKILL, -1}} {
		t.Run(test.signal.String(), func(t *testing.T) {
			c := command(t, "cv", "--candidates", path, "--out", "study", "--jobs", "2")
			p := start(t, c)
			dir := filepath.Join(c.Dir, "study")
			works := []string{filepath.Join(dir, "runs", "base", "repeat-1-fold-1"), filepath.Join(dir, "runs", "absent", "repeat-1-fold-1")}
			for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				if slices.Contains(files(t, works[0]), "metrics.jsonl") && slices.Contains(files(t, works[1]), "metrics.jsonl") {
					break
				}
				if time.Since(begun) > patience {
					t.Fatalf("no training began:\n%s", p.stderr.String())
				}
			}
			p.signal(t, test.signal)
			got := p.end(t)
			got.wantStatus(t, test.status)
			for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				left := trainings(t, "study/runs/")
				if left == nil {
					break
				}
				if time.Since(begun) > patience {
					t.Fatalf("processes are left: %q", left)
				}
			}
			if units := files(t, filepath.Join(dir, "units")); units != nil {
				t.Errorf("units %q, but none was done", units)
			}
			if test.signal == syscall.SIGKILL {
				return
			}
			got.wantError(t, test.status, "interrupted", "what is done is kept, the same command goes on")
			for _, work := range works {
				newestOf(t, work)
			}
		})
	}
}

// trainings are the command lines of processes that hold a text.
func trainings(t *testing.T, text string) (found []string) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range processes {
		line, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(line), text) && strings.HasPrefix(string(line), program) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

func TestCVErrors(t *testing.T) {
	good := protocolOf(t, 1)
	taken := filepath.Dir(write(t, "notes.txt", "mine"))
	failing := write(t, "failing.yaml", "version: 1\nconfig: sample\nset: [train.epochs=1, vectors.kind=file, vectors.dimension=0, vectors.path=none.txt]\ncandidates:\n  base: []\n")
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"no such protocol", []string{"--candidates", "none.yaml"}, 2, []string{"read protocol", "none.yaml", "no such file"}},
		{"a flag that the protocol says", []string{"--candidates", good, "--folds", "3"}, 2, []string{"--folds", good}},
		{"a candidate's typo", []string{"--candidates", protocolOf(t, 1, "  typo: [model.hiden=3]\n")}, 2, []string{"candidate typo", "model.hiden", "did you mean model.hidden?"}},
		{"the test corpus of a candidate", []string{"--candidates", protocolOf(t, 1, "  other: [data.split_order=2]\n")}, 2, []string{"candidate other: data.split_order=2", "same folds"}},
		{"one fold", []string{"--folds", "1"}, 2, []string{"folds: 1: want 2 to 999"}},
		{"more folds than sentences", []string{"--folds", "600"}, 1, []string{"600 folds of the 578 sentences"}},
		{"a metric", []string{"--metric", "f1"}, 2, []string{`metric: "f1"`, "macro_f1"}},
		{"no job", []string{"--jobs", "-1"}, 2, []string{"--jobs -1"}},
		{"a folder of something else", []string{"--out", taken}, 1, []string{taken, "not empty", "--out"}},
		{"a training fails", []string{"--candidates", failing, "--jobs", "1"}, 1, []string{"base/repeat-1-fold-1: exit status 1: ", "vectors.path", "none.txt", "absa fetch glove-100d"}},
		{"no corpus", []string{"--set", "data.train=none.xml"}, 1, []string{"none.xml", "no such file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			absa(t, append([]string{"cv"}, test.args...)...).wantError(t, test.status, test.want...)
		})
	}
	absa(t, little("--fold", "3")...).wantError(t, 2, "--fold 3", "1/5")
}
