package trainer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/checkpoint"
)

// TestResumeEnded holds that a run which ended says so, and goes on where more
// epochs are asked of it.
func TestResumeEnded(t *testing.T) {
	c := everything(t, "restaurants", "train.epochs=2", "train.patience=0")
	longer := everything(t, "restaurants", "train.epochs=4", "train.patience=0")
	r := train(t, c)
	before := compact(t, r.result)
	again := resume(t, c, r.dir)
	if got := compact(t, again.result); got != before {
		t.Errorf("got  %s\nwant %s", got, before)
	}
	if len(again.events) != 1 {
		t.Errorf("events %v, want Ended alone", again.events)
	}
	if e, ok := again.events[0].(Ended); !ok || e.Out != r.dir {
		t.Errorf("event %#v, want Ended", again.events[0])
	}

	went := resume(t, longer, r.dir)
	whole := train(t, longer)
	if went.read(t, WeightsFile) != whole.read(t, WeightsFile) {
		t.Error("it ended with other weights than a run of 4 epochs")
	}
	if a, b := compact(t, withoutTime(whole.result)), compact(t, withoutTime(went.result)); a != b {
		t.Errorf("result (-run of 4 epochs +longer):\n%s", cmp.Diff(a, b))
	}
	if got := went.read(t, "result-epoch-2.json"); !strings.Contains(got, `"tested_epoch"`) {
		t.Errorf("the earlier result is %q", got)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "model-epoch-2.safetensors")); err != nil {
		t.Error(err)
	}
}

// TestResumeBranch holds that an older checkpoint goes on in a folder of its own
// and leaves the run alone.
func TestResumeBranch(t *testing.T) {
	c := everything(t, "restaurants", "checkpoint.keep_last=0", "train.schedule=linear")
	r := train(t, c)
	from := checkpoint.StepDir(r.dir, 3)
	_, err := Train(t.Context(), Options{Config: c, Out: r.dir, Resume: from})
	if err != nil {
		t.Fatal(err) // the run ended, which is its result
	}
	before := tree(t, r.dir)
	out := filepath.Join(t.TempDir(), "branch")
	var first []string // saved before the first step of the branch
	result, err := Train(t.Context(), Options{Config: c, Out: out, Resume: from, Report: func(e Event) {
		if _, ok := e.(StepDone); ok && first == nil {
			first = steps(t, out)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"step-00000003"}, first); diff != "" {
		t.Errorf("checkpoints when the branch begins (-want +got):\n%s", diff)
	}
	branch := training{dir: out, result: result}
	if branch.read(t, WeightsFile) != r.read(t, WeightsFile) {
		t.Error("the branch ended with other weights")
	}
	if diff := cmp.Diff(timeless(t, r.read(t, MetricsFile)), timeless(t, branch.read(t, MetricsFile))); diff != "" {
		t.Errorf("metrics (-run +branch):\n%s", diff)
	}
	if diff := cmp.Diff(before, tree(t, r.dir)); diff != "" {
		t.Errorf("the run was touched:\n%s", diff)
	}

	t.Run("in a run that went on", func(t *testing.T) {
		r := interrupted(t, everything(t, "restaurants", "checkpoint.keep_last=0"))
		_, err := Train(t.Context(), Options{Config: everything(t, "restaurants", "checkpoint.keep_last=0"), Resume: checkpoint.StepDir(r.dir, 3), Out: r.dir})
		wantError(t, err, "step 11", "--out NEW")
	})
	t.Run("outside of a run, without --out", func(t *testing.T) {
		alone := filepath.Join(t.TempDir(), "mine")
		if err := os.CopyFS(alone, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		_, err := Train(t.Context(), Options{Config: c, Resume: alone})
		wantError(t, err, alone, "--out")
		out := filepath.Join(t.TempDir(), "out")
		if _, err := Train(t.Context(), Options{Config: c, Resume: alone, Out: out}); err != nil {
			t.Fatal(err)
		}
		if got := (training{dir: out}).read(t, WeightsFile); got != r.read(t, WeightsFile) {
			t.Error("it ended with other weights")
		}
	})
}

// TestResumeEndedInVain holds that a run which ended stays as it is when going on
// with it fails.
func TestResumeEndedInVain(t *testing.T) {
	saved, unsaved := train(t, small(t)), train(t, small(t, "checkpoint.every_epochs=0", "checkpoint.every_minutes=0"))
	tests := []struct {
		name   string
		run    string
		resume string // "" is the run
		set    []string
		want   string
	}{
		{"other data", saved.dir, "", []string{"data.train=" + write(t, "broken.xml", "<sentences>\n<sentence>")}, "broken.xml"},
		{"an older checkpoint", saved.dir, checkpoint.StepDir(saved.dir, 8), nil, "--out NEW"},
		{"no checkpoint", unsaved.dir, "", []string{"checkpoint.every_epochs=0"}, checkpoint.ErrNone.Error()},
		{"no checkpoint, auto", unsaved.dir, ResumeAuto, []string{"checkpoint.every_epochs=0"}, checkpoint.ErrNone.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := tree(t, test.run)
			o := Options{Config: small(t, append([]string{"train.epochs=4"}, test.set...)...), Out: test.run, Resume: test.resume}
			if o.Resume == "" {
				o.Resume = test.run
			}
			_, err := Train(t.Context(), o)
			wantError(t, err, test.want)
			if diff := cmp.Diff(before, tree(t, test.run)); diff != "" {
				t.Errorf("the run was touched (-before +after):\n%s", diff)
			}
		})
	}
}

// TestResumeEndedDamaged holds that the end of a run which was damaged is not
// believed: named it is an error, and auto finishes the run again.
func TestResumeEndedDamaged(t *testing.T) {
	c := small(t)
	whole := train(t, c)
	for _, name := range []string{ConfigFile, LabelsFile, VocabFile, SplitFile, MetricsFile, WeightsFile, ResultFile, checkpoint.ManifestFile} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(whole.dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			flip(t, path)
			_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: dir})
			wantError(t, err, path, "--resume auto --out "+dir)
			if _, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{dir}, Data: "sample"}); err == nil {
				t.Error("it is evaluated")
			}
			again := resume(t, c, dir)
			if !strings.Contains(notes(again.events), "is damaged ("+path) {
				t.Errorf("said %q", notes(again.events))
			}
			wantSameEnd(t, again, whole)
		})
	}
}

// TestResumeFolders holds that a run is known by any of its paths, that one which
// ended is only read, and that no other folder is touched.
func TestResumeFolders(t *testing.T) {
	c := small(t)
	whole := train(t, c)
	t.Run("another path", func(t *testing.T) {
		r := interrupted(t, c)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(r.dir, link); err != nil {
			t.Fatal(err)
		}
		if _, err := Train(t.Context(), Options{Config: c, Out: link, Resume: r.dir}); err != nil {
			t.Fatal(err)
		}
		if r.read(t, WeightsFile) != whole.read(t, WeightsFile) {
			t.Error("it ended with other weights")
		}
	})
	t.Run("ended, in use by another", func(t *testing.T) {
		l, err := checkpoint.Lock(whole.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Unlock()
		resume(t, c, whole.dir)
	})
	t.Run("no run", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{".theirs.123.tmp", "letter"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("dear"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, how := range []string{ResumeAuto, dir} {
			_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: how})
			wantError(t, err, dir, "no run is in it")
		}
		if diff := cmp.Diff([]string{".theirs.123.tmp", "letter"}, files(t, dir)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	t.Run("the folder of a project", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, checkpoint.Folder), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{ConfigFile, ".config.yaml.1.tmp", "main.go"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("theirs"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, dir)
		for _, how := range []string{ResumeAuto, dir} {
			_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: how})
			wantError(t, err, dir, "no run is in it")
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	t.Run("the folder of the checkpoints", func(t *testing.T) {
		_, err := Train(t.Context(), Options{Config: c, Resume: filepath.Join(whole.dir, checkpoint.Folder), Out: filepath.Join(whole.dir, checkpoint.Folder)})
		wantError(t, err, "name the run: "+whole.dir)
	})
	t.Run("a file", func(t *testing.T) {
		_, err := Train(t.Context(), Options{Config: c, Resume: filepath.Join(whole.dir, WeightsFile), Out: t.TempDir()})
		wantError(t, err, WeightsFile, "not a folder")
	})
	t.Run("a result without its manifest", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(dir, os.DirFS(whole.dir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{checkpoint.ManifestFile, checkpoint.Folder} {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, dir)
		_, err := Train(t.Context(), Options{Config: c, Out: dir, Resume: ResumeAuto})
		wantError(t, err, dir, "result of a run", checkpoint.ManifestFile)
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("it was touched (-before +after):\n%s", diff)
		}
	})
}

// TestUnfinished holds which run auto finds without being told a folder.
func TestUnfinished(t *testing.T) {
	c, other := small(t), small(t, "model.hidden=14")
	root := t.TempDir()
	put := func(name, from string) string {
		to := filepath.Join(root, name)
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return to
	}
	find := func(c configs.Config) string {
		t.Helper()
		found, err := Unfinished(root, c, silent)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got, err := Unfinished(filepath.Join(root, "none"), c, silent); got != "" || err != nil {
		t.Errorf("no folder: %q, %v", got, err)
	}
	put("ended", train(t, c).dir)
	put("other", interrupted(t, other).dir)
	put("letters", filepath.Dir(write(t, "letter.txt", "dear")))
	if got := find(c); got != "" {
		t.Errorf("found %q, want nothing: one ended, one is another", got)
	}
	mine := put("mine", interrupted(t, c).dir)
	if got := find(c); got != mine {
		t.Errorf("found %q, want %q", got, mine)
	}
	if got := find(small(t, "train.threads=2", "checkpoint.keep_last=7")); got != mine {
		t.Errorf("with other threads and another policy: found %q, want %q", got, mine)
	}
	if got := find(small(t, "train.epochs=7")); got != "" {
		t.Errorf("with more epochs: found %q, want nothing: that is another run", got)
	}

	var said strings.Builder
	note := func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }
	l, err := checkpoint.Lock(mine)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unfinished(root, c, note); got != "" || err != nil || !strings.Contains(said.String(), "passed over run folder "+mine) {
		t.Errorf("one in use: found %q, %v, said %q", got, err, said.String())
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(checkpoint.StepDir(mine, 8), checkpoint.ManifestFile))
	flip(t, filepath.Join(checkpoint.StepDir(mine, 11), checkpoint.ManifestFile))
	said.Reset()
	if got, err := Unfinished(root, c, note); got != "" || err != nil || !strings.Contains(said.String(), "passed over "+mine+": none of its checkpoints is whole") || !strings.Contains(said.String(), "a new one begins") {
		t.Errorf("a damaged one: found %q, %v, said %q", got, err, said.String())
	}
}
