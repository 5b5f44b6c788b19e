package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
)

// page is what a file system in memory gives out at a time.
var page = int64(os.Getpagesize())

// mount makes a file system in memory of the given size and returns its folder.
func mount(t *testing.T, size int64) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs a small file system to fill, which only root can mount")
	}
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.FormatInt(size, 10))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skipf("needs a small file system to fill, and root may not mount one here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// grow gives a file system in memory room for anything.
func grow(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
}

// pages returns the bytes that files take on a file system in memory; for a
// folder, those of all files below it.
func pages(t *testing.T, dir string, names ...string) int64 {
	t.Helper()
	var size int64
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(dir, name), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			size += (info.Size() + page - 1) / page * page
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return size
}

// TestFullDisk fills the disk at each point of a run. Whatever fits stays whole,
// whatever does not is not there. A checkpoint that does not fit is told and ends
// nothing; any other file ends the run with status 1. With more room --resume
// auto then brings the run to the end that it would have had.
func TestFullDisk(t *testing.T) {
	// Two epochs of two steps, each with a checkpoint after it. Few sentences are
	// evaluated, so that their predictions take less than a checkpoint.
	corpus := write(t, "test.xml", `<sentences><sentence id="1"><text>good food</text><aspectCategories><aspectCategory category="food" polarity="positive"/></aspectCategories></sentence></sentences>`)
	two := []string{"--set", "train.max_steps=0", "--set", "train.overfit_batches=2", "--set", "train.epochs=2", "--set", "train.tensorboard=0",
		"--set", "data.test=" + corpus, "--set", "data.valid_fraction=0.05"}
	never := []string{"--set", "checkpoint.every_steps=0", "--set", "checkpoint.every_minutes=0", "--set", "checkpoint.every_epochs=0"}
	// A run with room, to know what each file takes.
	c := command(t, little(two...)...)
	finish(t, c).wantStatus(t, 0)
	whole := filepath.Join(c.Dir, "run")
	// fits is room for these files and for the lock, which is there until the
	// process ends.
	fits := func(names ...string) int64 { return page + pages(t, whole, names...) }

	first := []string{"config.yaml", "labels.json", "split.json", "vocab.txt"}
	with := func(names []string, more ...string) []string {
		return slices.Sorted(slices.Values(slices.Concat(names, more)))
	}
	epoch := with(first, "metrics.jsonl")
	answered := with(epoch, "model.safetensors", "metrics.csv", "predictions.jsonl")
	calibrated := with(answered, "calibration.json")
	ended := with(calibrated, "result.json", "manifest.json")
	step := func(n int) string { return checkpoint.StepDir("", n) }
	tests := []struct {
		name    string
		set     []string
		room    int64
		status  int
		want    []string // in the message
		unsaved []int    // steps whose checkpoint is told not to be saved
		left    []string // in the run folder; nil when there is none
		steps   []int    // checkpoints that are left
		again   string   // what --resume auto says with more room
	}{
		{name: "the lock does not fit", room: 0,
			status: 1, want: []string{".lock"}, again: "there is no run in"},
		{name: "nothing but the lock fits", room: fits(),
			status: 1, want: []string{"config.yaml"}, again: "there is no run in"},
		{name: "not all of what comes first fits", room: fits("config.yaml"),
			status: 1, want: []string{"labels.json"}, again: "there is no run in"},
		{name: "metrics do not fit", room: fits(first...),
			status: 1, want: []string{"write metrics", step(2)}, left: first, again: "it begins again"},
		{name: "checkpoints and weights do not fit", room: fits(epoch...),
			status: 1, want: []string{"model.safetensors"}, unsaved: []int{2, 4}, left: epoch, again: "it begins again"},
		{name: "weights do not fit where no checkpoints are wanted", room: fits(epoch...), set: never,
			status: 1, want: []string{"model.safetensors"}, left: epoch, again: "it begins again"},
		{name: "checkpoints and the table do not fit", room: fits(with(epoch, "model.safetensors")...),
			status: 1, want: []string{"metrics.csv"}, unsaved: []int{2, 4}, left: with(epoch, "model.safetensors"), again: "it begins again"},
		{name: "checkpoints and predictions do not fit", room: fits(with(epoch, "model.safetensors", "metrics.csv")...),
			status: 1, want: []string{"predictions.jsonl"}, unsaved: []int{2, 4}, left: with(epoch, "model.safetensors", "metrics.csv"), again: "it begins again"},
		{name: "checkpoints and the temperature do not fit", room: fits(answered...),
			status: 1, want: []string{"calibration.json"}, unsaved: []int{2, 4}, left: answered, again: "it begins again"},
		{name: "checkpoints and the result do not fit", room: fits(calibrated...),
			status: 1, want: []string{"result.json"}, unsaved: []int{2, 4}, left: calibrated, again: "it begins again"},
		{name: "checkpoints and the manifest do not fit", room: fits(with(calibrated, "result.json")...),
			status: 1, want: []string{"manifest.json"}, unsaved: []int{2, 4}, left: calibrated, again: "it begins again"},
		{name: "only the checkpoints do not fit", room: fits(ended...),
			unsaved: []int{2, 4}, left: ended, again: "has ended"},
		{name: "only the second checkpoint does not fit", room: fits(with(ended, step(2))...),
			unsaved: []int{4}, left: with(ended, "checkpoints"), steps: []int{2}, again: "has ended"},
		{name: "the second checkpoint and weights do not fit", room: fits(with(epoch, step(2))...),
			status: 1, want: []string{"model.safetensors"}, unsaved: []int{4}, left: with(epoch, "checkpoints"), steps: []int{2}, again: "resuming from"},
		{name: "weights do not fit beside checkpoints", room: fits(with(epoch, "checkpoints")...),
			status: 1, want: []string{"model.safetensors"}, left: with(epoch, "checkpoints"), steps: []int{2, 4}, again: "resuming from"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// Size 0 would be no limit, so there is a page more, and it is taken.
			disk := mount(t, test.room+page)
			if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, page), 0o644); err != nil {
				t.Fatal(err)
			}
			run := filepath.Join(disk, "run")
			args := little(slices.Concat(two, test.set, []string{"--out", run})...)
			got := absa(t, args...)
			// A test that was done is shown, even when it cannot be saved.
			tested := len(test.left) > len(first)
			if shown := strings.Contains(got.stdout, "macro-F1"); shown != tested {
				t.Errorf("the table is shown: %v, want %v", shown, tested)
			}
			if test.status == 0 {
				got.wantStatus(t, 0)
			} else {
				got.stdout = ""
				got.wantError(t, test.status, append(test.want, run, "no space left")...)
			}
			for _, n := range []int{2, 4} {
				note := fmt.Sprintf("the checkpoint of step %d is not saved: save %s", n, checkpoint.StepDir(run, n))
				if told := strings.Count(got.stderr, note); told > 1 || told == 1 != slices.Contains(test.unsaved, n) {
					t.Errorf("it is told %d times that step %d is not saved; not saved are %v:\n%s", told, n, test.unsaved, got.stderr)
				}
			}
			// The metrics and the checkpoint of an interrupted run may both fail.
			if n := strings.Count(got.stderr, "no space left"); n > 2+len(test.unsaved) {
				t.Errorf("the same is said %d times:\n%s", n, got.stderr)
			}
			wantWhole(t, run, whole, test.left, test.steps, test.set == nil)

			grow(t, disk)
			again := absa(t, append(args, "--resume", "auto")...)
			again.wantStatus(t, 0)
			if !strings.Contains(again.stderr, test.again) {
				t.Errorf("resumed: no %q in\n%s", test.again, again.stderr)
			}
			if content(t, filepath.Join(run, "model.safetensors")) != content(t, filepath.Join(whole, "model.safetensors")) {
				t.Error("resumed: it ends with other weights than a run that had room")
			}
			if diff := cmp.Diff(timeless(t, content(t, filepath.Join(whole, "metrics.jsonl"))), timeless(t, content(t, filepath.Join(run, "metrics.jsonl")))); diff != "" {
				t.Errorf("resumed: metrics (-with room +got):\n%s", diff)
			}
			if _, err := checkpoint.Open(run); err != nil {
				t.Errorf("resumed: %v", err)
			}
		})
	}
}

// wantWhole fails unless a run folder has the files and checkpoints that are
// wanted, nothing else, and each as the run with room has it.
func wantWhole(t *testing.T, run, whole string, want []string, steps []int, sameConfig bool) {
	t.Helper()
	left := files(t, run)
	if !slices.Contains(want, "metrics.jsonl") { // it is opened before the line is known not to fit
		left = slices.DeleteFunc(left, func(name string) bool { return name == "metrics.jsonl" })
		if info, err := os.Stat(filepath.Join(run, "metrics.jsonl")); err == nil && info.Size() != 0 {
			t.Errorf("metrics.jsonl holds %d bytes of a line", info.Size())
		}
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var names []string
	for _, n := range steps {
		names = append(names, filepath.Base(checkpoint.StepDir("", n)))
		if _, err := checkpoint.Open(checkpoint.StepDir(run, n)); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(names, files(t, filepath.Join(run, checkpoint.Folder))); diff != "" {
		t.Errorf("checkpoints (-want +got):\n%s", diff)
	}
	for _, name := range left {
		switch name {
		case checkpoint.Folder:
			continue
		case checkpoint.ManifestFile:
			if _, err := checkpoint.Open(run); err != nil {
				t.Error(err)
			}
			continue
		case "metrics.csv": // metrics.jsonl as a table, times and all
			continue
		case "config.yaml":
			if !sameConfig {
				continue
			}
		}
		got, want := content(t, filepath.Join(run, name)), content(t, filepath.Join(whole, name))
		if name == "metrics.jsonl" || name == "result.json" {
			got, want = timeless(t, got), timeless(t, want)
		}
		if got != want {
			t.Errorf("%s is not what a run with room has: %d of %d bytes", name, len(got), len(want))
		}
	}
}

// TestReadOnlyFolder holds what is said where the run folder cannot be made.
func TestReadOnlyFolder(t *testing.T) {
	t.Run("by permission", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		for _, run := range []string{filepath.Join(dir, "run"), dir} {
			c := unprivileged(t, command(t, little("--out", run)...))
			finish(t, c).wantError(t, 1, run, "permission denied")
			if left := files(t, dir); left != nil {
				t.Errorf("the folder now holds %q", left)
			}
		}
	})
	t.Run("by file system", func(t *testing.T) {
		dir := mount(t, 64*page)
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		run := filepath.Join(dir, "run")
		absa(t, little("--out", run)...).wantError(t, 1, run, "read-only file system")
	})
}

// unprivileged makes a command run without root's power to write anywhere.
func unprivileged(t *testing.T, c *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		return c
	}
	const powers = "-dac_override,-dac_read_search,-fowner"
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("root may write everywhere, and there is no setpriv to give that up: run the test as an ordinary user")
	}
	flags := []string{"--bounding-set", powers, "--inh-caps", powers}
	if out, err := exec.Command(setpriv, append(flags, "true")...).CombinedOutput(); err != nil {
		t.Skipf("root may write everywhere, and may not give that up here: %v: %s", err, out)
	}
	wrapped := exec.Command(setpriv, append(append(flags, c.Path), c.Args[1:]...)...)
	wrapped.Dir, wrapped.Env = c.Dir, c.Env
	return wrapped
}
