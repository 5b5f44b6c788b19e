package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// checkpoints runs a command of the group in this process: to start the program
// takes longer than what most of them do.
func checkpoints(t testing.TB, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := Main(append([]string{"checkpoints"}, args...), &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

// threeSteps trains a run that keeps the checkpoints of its steps 1, 2 and 3,
// each an epoch.
func threeSteps(t testing.TB, set ...string) string {
	t.Helper()
	args := little("-q", "--set", "loader.batch_size=1000", "--set", "train.epochs=3", "--set", "train.max_steps=0", "--set", "train.learning_rate=0.05",
		"--set", "checkpoint.every_steps=0", "--set", "checkpoint.every_minutes=0", "--set", "checkpoint.keep_last=0")
	for _, s := range set {
		args = append(args, "--set", s)
	}
	c := command(t, args...)
	finish(t, c).wantStatus(t, 0)
	return filepath.Join(c.Dir, "run")
}

// shared is the run of threeSteps that tests only read. Its folder goes with the
// program.
var shared string

func sharedRun(t testing.TB) string {
	t.Helper()
	if shared == "" {
		to, err := os.MkdirTemp(filepath.Dir(program), "shared-")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(to, "run"), os.DirFS(threeSteps(t))); err != nil {
			t.Fatal(err)
		}
		shared = filepath.Join(to, "run")
	}
	return shared
}

// copyOf copies a run, so that a test may do to it what it likes.
func copyOf(t testing.TB, run string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(to, os.DirFS(run)); err != nil {
		t.Fatal(err)
	}
	return to
}

// under is a copy of a run as it was before it ended.
func under(t testing.TB, run string) string {
	t.Helper()
	to := copyOf(t, run)
	if err := os.Remove(filepath.Join(to, checkpoint.ManifestFile)); err != nil {
		t.Fatal(err)
	}
	return to
}

// flip changes a bit in the middle of a file of a step, and returns its path.
func flip(t testing.TB, run string, step int, name string) string {
	t.Helper()
	path := filepath.Join(checkpoint.StepDir(run, step), name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// objects reads a JSON object a line.
func objects(t testing.TB, text string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(text) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in line %q", err, line)
		}
		list = append(list, v)
	}
	return list
}

// wantLines fails unless each pattern matches a line of what was printed.
func wantLines(t testing.TB, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !regexp.MustCompile(`(?m)` + w).MatchString(text) {
			t.Errorf("no line like %s in\n%s", w, text)
		}
	}
}

func TestCheckpointsList(t *testing.T) {
	run := sharedRun(t)
	const time = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
	t.Run("a run that has ended", func(t *testing.T) {
		got := checkpoints(t, "list", run)
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^step +epochs +validation accuracy +size +written$`,
			`^1 +1 +0\.\d{4} +\d+\.\d kB +`+time, `^2 +2 +0\.\d{4} `, `^3 +3 +0\.\d{4} .*newest$`,
			`^the run has ended, after 3 epochs and 3 steps; .*/run/model\.safetensors has its tested weights$`)
		if n := strings.Count(got.stdout, "best"); n != 1 || got.stderr != "" {
			t.Errorf("%d are the best; stderr %q; stdout\n%s", n, got.stderr, got.stdout)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		got := checkpoints(t, "list", run, "--json")
		got.wantStatus(t, 0)
		list := objects(t, got.stdout)
		if len(list) != 4 {
			t.Fatalf("%d lines, want one for each checkpoint and one for the run", len(list))
		}
		best := 0
		for i, v := range list[:3] {
			if v["kind"] != "checkpoint" || v["step"] != float64(i+1) || v["epoch"] != float64(i+1) || v["dir"] != checkpoint.StepDir(run, i+1) || v["metric"] != "accuracy" {
				t.Errorf("line %d: %v", i+1, v)
			}
			if v["value"].(float64) > list[best]["value"].(float64) {
				best = i
			}
			size, err := folderSize(checkpoint.StepDir(run, i+1))
			if err != nil || v["size"] != float64(size) {
				t.Errorf("size %v, want %v, %v", v["size"], size, err)
			}
		}
		for i, v := range list[:3] {
			var want []any
			if i == best {
				want = append(want, "best")
			}
			if i == 2 {
				want = append(want, "newest")
			}
			if diff := cmp.Diff(want, append([]any(nil), v["marks"].([]any)...)); diff != "" {
				t.Errorf("marks of step %d (-want +got):\n%s", i+1, diff)
			}
		}
		if list[3]["kind"] != "run" || list[3]["step"] != 3.0 {
			t.Errorf("the run: %v", list[3])
		}
	})
	t.Run("damaged ones, and a run that has not ended", func(t *testing.T) {
		run := under(t, run)
		if err := os.Remove(filepath.Join(checkpoint.StepDir(run, 3), checkpoint.ManifestFile)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(checkpoint.StepDir(run, 1), checkpoint.StepDir(run, 1)+".damaged"); err != nil {
			t.Fatal(err)
		}
		got := checkpoints(t, "list", run)
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^2 +2 .* best, newest$`, `^3 +- +- .*damaged: .*step-00000003/manifest\.json: .*never completed$`,
			`^1 +- +- .*damaged: set aside`, `^the run has not ended$`)
		list := objects(t, checkpoints(t, "list", run, "--json").stdout)
		if len(list) != 3 || list[1]["step"] != 3.0 || !strings.Contains(fmt.Sprint(list[1]["damaged"]), "never completed") || list[1]["epoch"] != nil {
			t.Errorf("%v", list)
		}
	})
	t.Run("the run's own manifest is damaged", func(t *testing.T) {
		run := copyOf(t, run)
		if err := os.Truncate(filepath.Join(run, "model.safetensors"), 10); err != nil {
			t.Fatal(err)
		}
		wantLines(t, checkpoints(t, "list", run).stdout, `^the run has ended, and is damaged: .*/run/model\.safetensors: it has 10 bytes`)
	})
	t.Run("no checkpoints", func(t *testing.T) {
		run := copyOf(t, run)
		if err := os.RemoveAll(filepath.Join(run, checkpoint.Folder)); err != nil {
			t.Fatal(err)
		}
		got := checkpoints(t, "list", run)
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^there is no checkpoint in .*/run$`, `^the run has ended`)
	})
}

func TestCheckpointsShow(t *testing.T) {
	run := sharedRun(t)
	step := checkpoint.StepDir(run, 2)
	t.Run("a checkpoint", func(t *testing.T) {
		got := checkpoints(t, "show", step)
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^checkpoint +of 2 steps, 2 epochs completed$`, `^written +\d{4}-\S+ \S+ by absa \S+ with LibTorch 2\.`,
			`^validation +accuracy 0\.\d{4}$`, `^position +after epoch 2 of 3$`, `^best +accuracy 0\.\d{4} after epoch [12] \(step [12]\)$`, `^learning rate +0\.05 in the next step$`,
			`^trained +for \d+\.\d s on cpu, threads: 1$`, `^last epoch +epoch 2/3  train loss `, `^data +fingerprints: train [0-9a-f]{16}, `,
			`^optimizer\.safetensors +\d.* [0-9a-f]{64}$`, `^together +\d`)
		if got.stderr != "" || strings.Contains(got.stdout, "embedding.weight") {
			t.Errorf("stderr %q, stdout\n%s", got.stderr, got.stdout)
		}
	})
	t.Run("tensors", func(t *testing.T) {
		got := checkpoints(t, "show", step, "--tensors")
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^model\.safetensors +embedding\.weight +F32 +\[\d+ 8\]$`, `^optimizer\.safetensors +embedding\.weight\.exp_avg +F32 +\[\d+ 8\]$`)
		v := object(t, checkpoints(t, "show", step, "--tensors", "--json").stdout)
		if n := len(v["tensors"].([]any)); n < 50 {
			t.Errorf("%d tensors", n)
		}
	})
	t.Run("a run that has ended", func(t *testing.T) {
		got := checkpoints(t, "show", run)
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^run +ended after 3 steps, 3 epochs completed$`, `^stopped by +epochs$`, `^tested +accuracy 0\.\d{4}, macro-F1 0\.\d{4}, with the weights of epoch [123]$`, `^result\.json `)
		if got.stderr != "" {
			t.Errorf("stderr %q", got.stderr)
		}
	})
	t.Run("a run that has not ended", func(t *testing.T) {
		run := under(t, run)
		flip(t, run, 3, "model.safetensors")
		got := checkpoints(t, "show", run, "--json")
		got.wantStatus(t, 0)
		wantLines(t, got.stderr, `^passed over a damaged checkpoint: .*step-00000003/model\.safetensors: its SHA-256`, `^the run in .*/run has not ended: this is its newest checkpoint, .*step-00000002$`)
		v := object(t, got.stdout)
		if v["dir"] != checkpoint.StepDir(run, 2) || v["manifest"].(map[string]any)["step"] != 2.0 || v["state"].(map[string]any)["position"].(map[string]any)["epoch"] != 2.0 {
			t.Errorf("%v", v)
		}
	})
	t.Run("in the middle of an epoch", func(t *testing.T) {
		c := command(t, little("-q", "--set", "train.max_steps=3", "--set", "checkpoint.every_steps=2")...)
		finish(t, c).wantStatus(t, 0)
		got := checkpoints(t, "show", checkpoint.StepDir(filepath.Join(c.Dir, "run"), 2))
		got.wantStatus(t, 0)
		wantLines(t, got.stdout, `^position +in epoch 1 of \d+, after batch 2$`, `^best +none yet`)
		if strings.Contains(got.stdout, "\nvalidation") {
			t.Errorf("a validation that was not done:\n%s", got.stdout)
		}
	})
}

func TestCheckpointsVerify(t *testing.T) {
	run := sharedRun(t)
	tests := []struct {
		name   string
		damage func(t *testing.T, run string) []string // the arguments
		status int
		want   []string
		end    string // of stderr
	}{
		{"a run", func(_ *testing.T, run string) []string { return []string{run} }, 0,
			[]string{`^ok +\S*step-00000001: \d files, \d+\.\d kB$`, `^ok +\S*step-00000002: `, `^ok +\S*step-00000003: `, `^ok +\S*/run: 10 files, `}, ""},
		{"checkpoints", func(_ *testing.T, run string) []string {
			return []string{checkpoint.StepDir(run, 3), checkpoint.StepDir(run, 1)}
		}, 0,
			[]string{`\Aok +\S*step-00000003: .*\nok +\S*step-00000001: .*\n\z`}, ""},
		{"a bit of a checkpoint", func(t *testing.T, run string) []string {
			flip(t, run, 2, "optimizer.safetensors")
			return []string{run}
		}, 1, []string{`^ok +\S*step-00000001: `, `^damaged +\S*step-00000002/optimizer\.safetensors: its SHA-256 is `, `^ok +\S*step-00000003: `}, "1 of 4 are damaged\n"},
		{"a file of a checkpoint and the weights of the run", func(t *testing.T, run string) []string {
			if err := os.Remove(filepath.Join(checkpoint.StepDir(run, 1), "state.json")); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(run, "model.safetensors"), 100); err != nil {
				t.Fatal(err)
			}
			return []string{run}
		}, 1, []string{`^damaged +\S*step-00000001/state\.json: it is not there$`, `^damaged +\S*/run/model\.safetensors: it has 100 bytes`}, "2 of 4 are damaged\n"},
		{"a manifest", func(t *testing.T, run string) []string {
			flip(t, run, 1, checkpoint.ManifestFile)
			return []string{checkpoint.StepDir(run, 1)}
		}, 1, []string{`^damaged +\S*step-00000001/manifest\.json: `}, "1 of 1 are damaged\n"},
		{"no such checkpoint beside one", func(_ *testing.T, run string) []string {
			return []string{checkpoint.StepDir(run, 7), checkpoint.StepDir(run, 1)}
		}, 1,
			[]string{`^damaged +\S*step-00000007: it is not there$`, `^ok +\S*step-00000001: `}, "1 of 2 are damaged\n"},
		{"no run beside one", func(_ *testing.T, run string) []string { return []string{filepath.Dir(run), run} }, 1,
			[]string{`^ok +\S*/run: `}, "is it the folder of a run?\n"},
		{"nothing to verify", func(t *testing.T, copied string) []string {
			copied = under(t, copied)
			if err := os.RemoveAll(filepath.Join(copied, checkpoint.Folder)); err != nil {
				t.Fatal(err)
			}
			return []string{copied}
		}, 1, nil, "there is no checkpoint to verify\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"verify"}, test.damage(t, copyOf(t, run))...)
			got := checkpoints(t, args...)
			got.wantStatus(t, test.status)
			wantLines(t, got.stdout, test.want...)
			if !strings.HasSuffix(got.stderr, test.end) || test.end == "" && got.stderr != "" {
				t.Errorf("stderr %q, want %q at its end", got.stderr, test.end)
			}
			for _, v := range objects(t, checkpoints(t, append(args, "--json")...).stdout) {
				if ok := v["ok"].(bool); ok != strings.Contains(got.stdout, fmt.Sprintf("ok       %v: ", v["dir"])) {
					t.Errorf("JSON %v, text\n%s", v, got.stdout)
				}
			}
		})
	}
}

func TestCheckpointsDiff(t *testing.T) {
	run := sharedRun(t)
	same, seed := threeSteps(t), threeSteps(t, "train.seed=2")
	tests := []struct {
		name   string
		a, b   string
		flags  []string
		status int
		want   []string
	}{
		{"itself", run, run, nil, 0, []string{`^equal, bit by bit: \d+ tensors, settings, state, labels and vocabulary$`}},
		{"equal runs", run, same, nil, 0, []string{`^equal, bit by bit: `}},
		{"equal checkpoints", checkpoint.StepDir(run, 2), checkpoint.StepDir(same, 2), nil, 0, []string{`^equal, bit by bit: `}},
		{"two steps", checkpoint.StepDir(run, 1), checkpoint.StepDir(run, 3), nil, 1, []string{
			`^A +\S*step-00000001$`, `^B +\S*step-00000003$`, `^manifest\.json +step +1 +3$`, `^state\.json +and \d+ more \(--all\)`,
			`^model\.safetensors +embedding\.weight +\d+ of \d+ +0\.\d+ +\S+$`, `^model\.safetensors +and \d+ more \(--all\)`, `^tensors: \d+ differ, \d+ are equal, bit by bit$`}},
		{"all of them", checkpoint.StepDir(run, 1), checkpoint.StepDir(run, 3), []string{"--all"}, 1, []string{
			`^state\.json +position\.step +1 +3$`, `^model\.safetensors +heads\.ambience\.presence\.bias +1 of 1 `}},
		{"another seed", run, seed, nil, 1, []string{`^config\.yaml +train\.seed +1 +2$`}},
		{"a run and its last checkpoint", run, checkpoint.StepDir(run, 3), nil, 1, []string{`^optimizer\.safetensors +the file +none +there$`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := checkpoints(t, append([]string{"diff", test.a, test.b}, test.flags...)...)
			got.wantStatus(t, test.status)
			wantLines(t, got.stdout, test.want...)
			if want := fmt.Sprintf("absa: %s and %s differ\n", test.a, test.b); test.status == 0 && got.stderr != "" || test.status == 1 && got.stderr != want {
				t.Errorf("stderr %q", got.stderr)
			}
			if test.flags != nil && strings.Contains(got.stdout, "more (") {
				t.Errorf("some are left out:\n%s", got.stdout)
			}
			v := object(t, checkpoints(t, "diff", test.a, test.b, "--json").stdout)
			if n := len(v["differences"].([]any)) + len(v["tensors"].([]any)); (n == 0) != (test.status == 0) {
				t.Errorf("JSON has %d differences", n)
			}
		})
	}
	t.Run("a damaged one", func(t *testing.T) {
		run := copyOf(t, run)
		path := flip(t, run, 2, "model.safetensors")
		checkpoints(t, "diff", checkpoint.StepDir(run, 1), checkpoint.StepDir(run, 2)).wantError(t, 1, path, "SHA-256")
	})
	t.Run("a run that has not ended", func(t *testing.T) {
		got := checkpoints(t, "diff", under(t, run), checkpoint.StepDir(run, 3))
		got.wantStatus(t, 0)
		wantLines(t, got.stderr, `has not ended: this is its newest checkpoint`)
	})
}

func TestCheckpointsPrune(t *testing.T) {
	ended := sharedRun(t)
	best := 0 // of the first two, so that it is not the newest
	values := objects(t, checkpoints(t, "list", ended, "--json").stdout)
	for i, v := range values[:3] {
		if v["value"].(float64) > values[best]["value"].(float64) {
			best = i
		}
	}
	left := func(steps ...int) []string {
		var names []string
		for _, step := range steps {
			names = append(names, filepath.Base(checkpoint.StepDir("", step)))
		}
		return names
	}
	keepBest := left(3)
	if best < 2 {
		keepBest = left(best+1, 3)
	}
	tests := []struct {
		name  string
		flags []string
		keep  int // of config.yaml, if not 0
		left  []string
		want  []string
	}{
		{"as the run says", nil, 2, nil, nil},
		{"all are kept", nil, 0, left(1, 2, 3), []string{`^nothing to remove: the run keeps all \(checkpoint\.keep_last=0\)`}},
		{"the newest", []string{"--keep-last", "1", "--keep-best", "0"}, 0, left(3),
			[]string{`^removed \S*step-00000001 \(\d+\.\d kB\)$`, `^removed \S*step-00000002 `, `^2 checkpoints, \d+\.\d kB freed$`}},
		{"the newest and the best", []string{"--keep-last", "1", "--keep-best", "1"}, 0, keepBest, nil},
		{"as many as there are", []string{"--keep-last", "3"}, 0, left(1, 2, 3), []string{`^nothing to remove: keeping the newest 3 and the best 1$`}},
		{"only said", []string{"--keep-last", "1", "--keep-best", "0", "--dry-run"}, 0, left(1, 2, 3),
			[]string{`^would remove \S*step-00000001 \(\d+\.\d kB\)$`, `^2 checkpoints, \d+\.\d kB would be freed$`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := copyOf(t, ended)
			if test.keep != 0 {
				setKeepLast(t, run, test.keep)
			}
			if test.left == nil {
				test.left = left(2, 3)
				if best == 0 {
					test.left = left(1, 2, 3)
				}
			}
			got := checkpoints(t, append([]string{"prune", run}, test.flags...)...)
			got.wantStatus(t, 0)
			wantLines(t, got.stdout, test.want...)
			if diff := cmp.Diff(test.left, files(t, filepath.Join(run, checkpoint.Folder))); diff != "" {
				t.Errorf("left (-want +got):\n%s\nstdout:\n%s", diff, got.stdout)
			}
			if diff := cmp.Diff(files(t, ended), files(t, run)); diff != "" {
				t.Errorf("the run folder (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("JSON", func(t *testing.T) {
		run := copyOf(t, ended)
		size, err := folderSize(checkpoint.StepDir(run, 1))
		if err != nil {
			t.Fatal(err)
		}
		got := checkpoints(t, "prune", run, "--keep-last", "2", "--keep-best", "0", "--json")
		got.wantStatus(t, 0)
		v := object(t, got.stdout)
		if v["dir"] != checkpoint.StepDir(run, 1) || v["size"] != float64(size) || v["removed"] != true {
			t.Errorf("%v", v)
		}
	})
	t.Run("damaged ones stay, and the newest complete one", func(t *testing.T) {
		run := copyOf(t, ended)
		flip(t, run, 3, "model.safetensors")
		for _, flag := range []string{"--dry-run", "--json=false"} {
			got := checkpoints(t, "prune", run, "--keep-last", "1", "--keep-best", "0", flag)
			got.wantStatus(t, 0)
			wantLines(t, got.stdout, `remove\S* \S*step-00000001 `, `^1 checkpoint, `)
		}
		if diff := cmp.Diff(left(2, 3), files(t, filepath.Join(run, checkpoint.Folder))); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
	t.Run("while it is being trained", func(t *testing.T) {
		run := copyOf(t, ended)
		lock, err := checkpoint.Lock(run)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
		checkpoints(t, "prune", run, "--keep-last", "1").wantError(t, 1, run, fmt.Sprintf("process %d", os.Getpid()), "is using it")
		if diff := cmp.Diff(left(1, 2, 3), files(t, filepath.Join(run, checkpoint.Folder))); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}

// setKeepLast changes the configuration in a run folder.
func setKeepLast(t testing.TB, run string, keep int) {
	t.Helper()
	path := filepath.Join(run, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "keep_last: 0", fmt.Sprintf("keep_last: %d", keep), 1)
	if changed == string(text) {
		t.Fatalf("no keep_last: 0 in\n%s", text)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointsAverage(t *testing.T) {
	run := sharedRun(t)
	out := filepath.Join(t.TempDir(), "average")
	got := checkpoints(t, "average", run, "--last", "2", "--out", out, "-q")
	got.wantStatus(t, 0)
	const scores = ` +\d\.\d{4} +0\.\d{4} +0\.\d{4}$`
	wantLines(t, got.stdout, `\Avalidation +loss +accuracy +macro-F1$`, `^step 2`+scores, `^step 3`+scores, `^average of 2`+scores,
		`^accuracy on \d+ sentences: the average is (the same as|0\.\d{4} (better|worse) than) the best of them, step [23]$`, `^average: `+out+`$`)
	if got.stderr != "" {
		t.Errorf("stderr %q", got.stderr)
	}

	mean := tensorsOf(t, filepath.Join(checkpoint.StepDir(run, 2), "model.safetensors"))
	for name, values := range tensorsOf(t, filepath.Join(checkpoint.StepDir(run, 3), "model.safetensors")) {
		for i, v := range values {
			mean[name][i] = float32((float64(mean[name][i]) + float64(v)) / 2)
		}
	}
	if diff := cmp.Diff(mean, tensorsOf(t, filepath.Join(out, "model.safetensors"))); diff != "" {
		t.Errorf("(-mean +file):\n%s", diff)
	}

	absa(t, "evaluate", "--checkpoint", out, "--data", "sample").wantStatus(t, 0)
	absa(t, little("--init-from", out)...).wantStatus(t, 0)
	checkpoints(t, "verify", out).wantStatus(t, 0)
	checkpoints(t, "diff", out, out).wantStatus(t, 0)
	wantLines(t, checkpoints(t, "show", out).stdout, `^average +of the weights of steps 2, 3$`, `^model\.safetensors `)
	wantLines(t, checkpoints(t, "list", out).stdout, `^it is an average`)
	checkpoints(t, "average", run, "--last", "2", "--out", out).wantError(t, 1, out+": the folder is not empty", "another --out")

	v := object(t, checkpoints(t, "average", run, "--steps", "1,3", "--out", t.TempDir(), "--json", "-q").stdout)
	if n := len(v["checkpoints"].([]any)); n != 2 || v["average"].(map[string]any)["accuracy"] == nil || v["metric"] != "accuracy" {
		t.Errorf("JSON %v", v)
	}
	unmeasured := threeSteps(t, "data.valid_fraction=0", "train.select=last")
	got = checkpoints(t, "average", unmeasured, "--out", t.TempDir())
	got.wantStatus(t, 0)
	wantLines(t, got.stderr, `no validation set .*not measured`)
	wantLines(t, got.stdout, `\Astep 1\nstep 2\nstep 3\naverage of 3\naverage: .*\n\z`)
}

// tensorsOf reads a file of weights.
func tensorsOf(t testing.TB, path string) map[string][]float32 {
	t.Helper()
	list, _, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for _, x := range list {
		if values[x.Name], err = x.Float32(); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// TestCheckpointsErrors holds what is said of arguments that do not fit, and with
// which status.
func TestCheckpointsErrors(t *testing.T) {
	run := sharedRun(t)
	step := checkpoint.StepDir(run, 2)
	empty := t.TempDir()
	x := filepath.Join(t.TempDir(), "x")
	tests := []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"no such command", []string{"shwo"}, 2, []string{`"absa checkpoints shwo"`, "did you mean show?"}},
		{"list nothing", []string{"list"}, 2, []string{"absa checkpoints list --help"}},
		{"list no run", []string{"list", filepath.Join(empty, "none")}, 1, []string{"none", "no such file"}},
		{"list what is no run", []string{"list", empty}, 1, []string{empty, "folder of a run?"}},
		{"list a checkpoint", []string{"list", step}, 2, []string{step, "is a checkpoint", "folder of its run"}},
		{"show what is no run", []string{"show", empty}, 1, []string{empty, "folder of a run?"}},
		{"show no checkpoint", []string{"show", checkpoint.StepDir(run, 9)}, 1, []string{"step-00000009: it is not there"}},
		{"verify nothing", []string{"verify"}, 2, []string{"absa checkpoints verify --help"}},
		{"diff one", []string{"diff", run}, 2, []string{"absa checkpoints diff --help"}},
		{"diff with what is no run", []string{"diff", run, empty}, 1, []string{empty, "folder of a run?"}},
		{"prune a checkpoint", []string{"prune", step}, 2, []string{step, "is a checkpoint"}},
		{"prune to a negative number", []string{"prune", run, "--keep-last", "-1"}, 2, []string{"--keep-last", "0 or more"}},
		{"prune what is no run", []string{"prune", empty}, 1, []string{empty, "folder of a run?"}},
		{"average without a folder", []string{"average", run, "--last", "2"}, 2, []string{"--out"}},
		{"average two ways", []string{"average", run, "--last", "2", "--best", "2", "--out", x}, 2, []string{"--last, --best and --steps", "one of them"}},
		{"average none", []string{"average", run, "--last", "0", "--out", x}, 2, []string{"--last 0", "at least 1"}},
		{"average what are no steps", []string{"average", run, "--steps", "1,two", "--out", x}, 2, []string{"--steps", "two"}},
		{"average more than there are", []string{"average", run, "--last", "4", "--out", x}, 1, []string{"--last 4", "3 complete checkpoints (steps: 1 2 3)"}},
		{"average a checkpoint", []string{"average", step, "--out", x}, 2, []string{step, "is a checkpoint"}},
		{"average on an unknown device", []string{"average", run, "--out", x, "--device", "gpu"}, 2, []string{"train.device", `"gpu"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkpoints(t, test.args...).wantError(t, test.status, test.want...)
			if left := files(t, x); left != nil {
				t.Errorf("in --out there is %q", left)
			}
			if left := files(t, empty); left != nil {
				t.Errorf("in the folder that is no run there is now %q", left)
			}
		})
	}
	t.Run("help", func(t *testing.T) {
		for name, want := range map[string][]string{
			"":        {"list", "show", "verify", "diff", "prune", "average", "absa checkpoints list"},
			"list":    {"--json", "damaged"},
			"verify":  {"exit status"},
			"diff":    {"exit status is 0 when they are equal", "--all"},
			"prune":   {"--dry-run", "checkpoint.keep_last"},
			"average": {"--last K", "--best K", "--steps steps", "absa evaluate --checkpoint"},
		} {
			args := []string{"--help"}
			if name != "" {
				args = []string{name, "--help"}
			}
			got := checkpoints(t, args...)
			got.wantStatus(t, 0)
			for _, w := range want {
				if !strings.Contains(got.stdout, w) {
					t.Errorf("%s --help has no %q:\n%s", name, w, got.stdout)
				}
			}
		}
	})
}
