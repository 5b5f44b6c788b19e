package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestErrors holds that what a user gets wrong is told in a way that helps, with
// the status that says whose fault it is.
func TestErrors(t *testing.T) {
	malformed := write(t, "bad.xml", "<sentences>\n<sentence id=\"1\"><text>good food</text>\n</sentences>\n")
	vectors := write(t, "tiny.txt", "the 1 2 3\nfood 4 5 6\n")
	typo := write(t, "typo.yaml", "version: 1\ntrain:\n  epoch: 3\n")
	mistyped := write(t, "mistyped.yaml", "version: 1\ntrain:\n  seed: many\n")
	old := write(t, "old.yaml", "version: 0\n")
	empty := t.TempDir()
	file := []string{"--set", "vectors.kind=file", "--set", "vectors.dimension=0"}
	tests := []struct {
		name   string
		args   []string
		env    []string
		status int
		want   []string
	}{
		{"malformed training corpus", little("--set", "data.train="+malformed), nil, 1, []string{"data.train: " + malformed + ":3: malformed XML", "<sentence>"}},
		{"malformed test corpus", little("--set", "data.test="+malformed), nil, 1, []string{"data.test: " + malformed + ":3: malformed XML"}},
		{"malformed corpus for stats", []string{"data", "stats", malformed}, nil, 1, []string{malformed + ":3: malformed XML"}},
		{"missing corpus", little("--set", "data.train=none.xml"), nil, 1, []string{"none.xml", "no such file", "absa fetch semeval2014"}},
		{"missing corpus of a preset", []string{"train", "--config", "article"}, nil, 1, []string{"Restaurants_Train_v2.xml", "absa fetch semeval2014"}},
		{"missing vectors", little(append(file, "--set", "vectors.path=none.txt")...), nil, 1, []string{"vectors.path", "none.txt", "absa fetch glove-100d"}},
		{"wrong dimension", little(append(file, "--set", "vectors.path="+vectors, "--set", "vectors.dimension=300")...), nil, 1, []string{"vectors.dimension: got 300", vectors, "have 3"}},
		{"typo in a file", []string{"train", "--config", typo}, nil, 2, []string{typo + ":3", "train.epoch", "did you mean train.epochs?"}},
		{"mistyped value in a file", []string{"train", "--config", mistyped}, nil, 2, []string{mistyped + ":3", "train.seed", "whole number", "many"}},
		{"file of another version", []string{"train", "--config", old}, nil, 2, []string{old + ":1", "version"}},
		{"no such configuration", []string{"train", "--config", "artcle"}, nil, 2, []string{`"artcle"`, "did you mean article?"}},
		{"typo in --set", []string{"train", "--set", "train.sede=1"}, nil, 2, []string{"--set train.sede", "did you mean train.seed?"}},
		{"mistyped value in --set", []string{"train", "--set", "train.seed=many"}, nil, 2, []string{"--set train.seed", "whole number"}},
		{"--set without a value", []string{"train", "--set", "train.seed"}, nil, 2, []string{"train.seed", "key=value"}},
		{"impossible value", []string{"train", "--set", "train.epochs=0"}, nil, 2, []string{"train.epochs", "at least 1", "(--set)"}},
		{"typo in the environment", []string{"train"}, []string{"ABSA_TRAIN_SEDE=1"}, 2, []string{"env ABSA_TRAIN_SEDE", "did you mean ABSA_TRAIN_SEED?"}},
		{"mistyped value in the environment", []string{"train"}, []string{"ABSA_TRAIN_SEED=many"}, 2, []string{"env ABSA_TRAIN_SEED", "whole number"}},
		{"unknown device", []string{"train", "--device", "gpu"}, nil, 2, []string{"train.device", `"gpu"`, "cuda:N"}},
		{"unknown flag", []string{"train", "--epochs", "3"}, nil, 2, []string{"--epochs", "absa train --help"}},
		{"flag without its value", []string{"train", "--config"}, nil, 2, []string{"--config", "absa train --help"}},
		{"unknown argument", []string{"train", "sample"}, nil, 2, []string{`"sample"`, "absa train --help"}},
		{"unknown command", []string{"trian"}, nil, 2, []string{`"absa trian"`, "did you mean train?"}},
		{"unknown command of a group", []string{"config", "sow"}, nil, 2, []string{`"absa config sow"`, "did you mean show?"}},
		{"evaluate without flags", []string{"evaluate"}, nil, 2, []string{"--checkpoint", "--data"}},
		{"evaluate no run", []string{"evaluate", "--checkpoint", "none", "--data", "sample"}, nil, 1, []string{"none: it is not there", "folder of a run"}},
		{"resume no run", []string{"train", "--resume", "none"}, nil, 1, []string{"resume: ", "none", "no such file"}},
		{"resume what is no run", []string{"train", "--resume", empty}, nil, 1, []string{"resume: " + empty, "no complete checkpoint", "folder of a run"}},
		{"resume and begin", []string{"train", "--resume", "none", "--init-from", "other"}, nil, 2, []string{"--init-from", "--resume", "one of them"}},
		{"begin with no weights", little("--init-from", "none"), nil, 1, []string{"train.init_from", "none", "no such file"}},
		{"fetch without a name", []string{"fetch"}, nil, 2, []string{"absa fetch --list"}},
		{"fetch an unknown name", []string{"fetch", "glove-100d", "glove"}, nil, 2, []string{`"glove"`, "absa fetch --list"}},
		{"show no such configuration", []string{"config", "show", "none"}, nil, 2, []string{`"none"`, "article"}},
		{"stats without a file", []string{"data", "stats"}, nil, 2, []string{"absa data stats --help"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := command(t, test.args...)
			c.Env = append(c.Env, test.env...)
			got := finish(t, c)
			got.wantError(t, test.status, test.want...)
			if left := files(t, filepath.Join(c.Dir, "run")); left != nil {
				t.Errorf("a run folder was made, with %q", left)
			}
			if left := files(t, filepath.Join(c.Dir, "checkpoints")); left != nil {
				t.Errorf("checkpoints was made, with %q", left)
			}
			if left := files(t, empty); left != nil {
				t.Errorf("in the folder that is no run there is now %q", left)
			}
		})
	}
}

// TestUnrelatedEnvironment holds that variables which only look like ours are
// left alone.
func TestUnrelatedEnvironment(t *testing.T) {
	c := command(t, "config", "show")
	c.Env = append(c.Env, "ABSA_DATA=/somewhere", "ABSA_TEST_DATA=/somewhere", "ABSA_TRAIN_SEED=7")
	got := finish(t, c)
	got.wantStatus(t, 0)
	if !strings.Contains(got.stdout, "env ABSA_TRAIN_SEED") || strings.Contains(got.stdout, "somewhere") {
		t.Errorf("stdout:\n%s", got.stdout)
	}
}

// TestEvaluateErrors holds what is said of a run and flags that do not fit.
func TestEvaluateErrors(t *testing.T) {
	c := command(t, little()...)
	finish(t, c).wantStatus(t, 0)
	run := filepath.Join(c.Dir, "run")
	tests := []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"the folder is taken", nil, 1, []string{run, "not empty", "another --out", "--resume auto"}},
		{"unknown device", []string{"--data", "sample", "--device", "gpu"}, 2, []string{"train.device", `"gpu"`, "cuda:N"}},
		{"negative threads", []string{"--data", "sample", "--threads", "-1"}, 2, []string{"train.threads", "-1"}},
		{"missing corpus", []string{"--data", "none.xml"}, 1, []string{"none.xml", "no such file"}},
		{"an ensemble of one model", []string{"--data", "sample", "--checkpoint", run}, 1, []string{run + " stands twice"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"evaluate", "--checkpoint", run}, test.args...)
			if test.args == nil {
				args = little("--out", run)
			}
			absa(t, args...).wantError(t, test.status, test.want...)
		})
	}
}

// TestEvaluateEnsemble holds that the members of an ensemble are listed with what each
// scores alone, and that it is said to have no temperature.
func TestEvaluateEnsemble(t *testing.T) {
	a, b := command(t, little()...), command(t, little("--set", "train.seed=2", "--set", "model.hidden=5")...)
	first, second := filepath.Join(a.Dir, "run"), filepath.Join(b.Dir, "run")
	finish(t, a).wantStatus(t, 0)
	finish(t, b).wantStatus(t, 0)
	got := absa(t, "evaluate", "--checkpoint", first, "--checkpoint", second, "--data", "sample")
	got.wantStatus(t, 0)
	for _, want := range []string{"mean of the probabilities of 2 models", "\n" + first + " ", "\n" + second + " ", "not calibrated: a temperature belongs to one model"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	got = absa(t, "evaluate", "--checkpoint", first, "--checkpoint", second, "--data", "sample", "--json")
	got.wantStatus(t, 0)
	if members := object(t, got.stdout)["members"].([]any); len(members) != 2 || members[1].(map[string]any)["run"] != second {
		t.Errorf("members %v", members)
	}
}
