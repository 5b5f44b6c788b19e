package cmd

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// pages returns the bytes that files take on a file system in memory.
func pages(t *testing.T, dir string, names ...string) int64 {
	t.Helper()
	var size int64
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		size += (info.Size() + page - 1) / page * page
	}
	return size
}

// TestFullDisk fills the disk at each point of a run. Whatever fits stays whole,
// whatever does not is not there, and the status is 1.
func TestFullDisk(t *testing.T) {
	// A run with room, to know what each file takes.
	c := command(t, little()...)
	finish(t, c).wantStatus(t, 0)
	whole := filepath.Join(c.Dir, "run")
	first := []string{"config.yaml", "labels.json", "split.json", "vocab.txt"}
	slices.Sort(first)
	tests := []struct {
		name string
		room []string // files that there is room for
		want []string // in the message
		left []string // in the run folder; nil when there is none
	}{
		{"nothing fits", nil, []string{"config.yaml", "no space left"}, nil},
		{"not all of what comes first fits", []string{"config.yaml"}, []string{"no space left"}, nil},
		{"metrics do not fit", first, []string{"metrics", "no space left", "last.safetensors"}, first},
		{"weights do not fit", append([]string{"metrics.jsonl"}, first...), []string{"model.safetensors", "no space left"}, append([]string{"metrics.jsonl"}, first...)},
		{"the result does not fit", append([]string{"metrics.jsonl", "model.safetensors"}, first...), []string{"result.json", "no space left"},
			append([]string{"metrics.jsonl", "model.safetensors"}, first...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			room := pages(t, whole, test.room...)
			disk := mount(t, room+page)
			// Size 0 would be no limit, so there is a page more, and it is taken.
			if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, page), 0o644); err != nil {
				t.Fatal(err)
			}
			run := filepath.Join(disk, "run")
			got := absa(t, little("--out", run)...)
			// A test that was done is shown, even when it cannot be saved.
			tested := len(test.left) > len(first)
			if shown := strings.Contains(got.stdout, "macro-F1"); shown != tested {
				t.Errorf("the table is shown: %v, want %v", shown, tested)
			}
			got.stdout = ""
			got.wantError(t, 1, append(test.want, run)...)
			if n := strings.Count(got.stderr, "no space left"); n > 2 {
				t.Errorf("the same is said %d times:\n%s", n, got.stderr)
			}
			left := files(t, run)
			if test.name == "metrics do not fit" { // the log is opened for the line
				left = slices.DeleteFunc(left, func(name string) bool { return name == "metrics.jsonl" })
				if info, err := os.Stat(filepath.Join(run, "metrics.jsonl")); err == nil && info.Size() != 0 {
					t.Errorf("metrics.jsonl holds %d bytes of a line", info.Size())
				}
			}
			slices.Sort(test.left)
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for _, name := range left {
				want, err := os.ReadFile(filepath.Join(whole, name))
				if err != nil {
					t.Fatal(err)
				}
				text, err := os.ReadFile(filepath.Join(run, name))
				if err != nil {
					t.Fatal(err)
				}
				if len(text) == 0 || name != "metrics.jsonl" && string(text) != string(want) {
					t.Errorf("%s is not whole: %d of %d bytes", name, len(text), len(want))
				}
			}
		})
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
