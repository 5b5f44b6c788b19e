package checkpoint

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// broken fails unless the newest checkpoint of run, dir, is known to be damaged
// at path, and step 1 is taken for it.
func broken(t *testing.T, run, dir, path string, parts ...string) {
	t.Helper()
	c, err := Open(dir)
	wantError(t, err, append(parts, path)...)
	if c != nil {
		t.Error("it was opened")
	}
	var d *Damaged
	if !errors.As(err, &d) || d.Path != path || d.Reason == "" {
		t.Errorf("%#v does not say that %s is damaged", err, path)
	}
	newest, skipped, err := Newest(run)
	if err != nil || newest.Manifest.Step != 1 || len(skipped) != 1 || !strings.Contains(skipped[0].Error(), path) {
		t.Errorf("newest: %v, past %v (%v), want step 1 past %s", newest, skipped, err, path)
	}
}

// TestDamage does to each file what disks and people do.
func TestDamage(t *testing.T) {
	tests := []struct {
		name string
		do   func(path string) error
		want string
	}{
		{"removed", os.Remove, "it is not there"},
		{"emptied", func(p string) error { return os.Truncate(p, 0) }, ""},
		{"longer", func(p string) error {
			text, err := os.ReadFile(p)
			return errors.Join(err, os.WriteFile(p, append(text, 'x'), 0o666))
		}, ""},
		{"a folder", func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o777)) }, "it is not a regular file"},
		{"a pipe", func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o666)) }, "it is not a regular file"},
		{"a link to itself", func(p string) error { return errors.Join(os.Remove(p), os.Symlink(p, p)) }, "too many levels of symbolic links"},
		{"a link to nothing", func(p string) error { return errors.Join(os.Remove(p), os.Symlink("absent", p)) }, "it is not there"},
		{"another step's", func(p string) error {
			old := filepath.Join(filepath.Dir(filepath.Dir(p)), "step-00000001", filepath.Base(p))
			text, err := os.ReadFile(old)
			return errors.Join(err, os.WriteFile(p, text, 0o666))
		}, ""},
	}
	for _, test := range tests {
		for _, name := range []string{"model.safetensors", "state.json", ManifestFile} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				run := t.TempDir()
				save(t, run, 1)
				dir := save(t, run, 2)
				path := filepath.Join(dir, name)
				if err := test.do(path); err != nil {
					t.Fatal(err)
				}
				broken(t, run, dir, path, test.want)
				_, err := Inspect(dir)
				if absent := name == ManifestFile && test.name == "removed"; errors.Is(err, fs.ErrNotExist) != absent {
					t.Errorf("%v is %v: want %v", err, fs.ErrNotExist, absent)
				}
			})
		}
	}
}

func TestOpenWhatIsNoCheckpoint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o666)
	loop := filepath.Join(dir, "loop")
	os.Symlink(loop, loop)
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"): "it is not there",
		dir:                          "it is not there, so the folder was never completed",
		file:                         "it is not a folder",
		filepath.Join(file, "x"):     "not a directory",
		loop:                         "too many levels of symbolic links",
	} {
		_, err := Open(path)
		wantError(t, err, path, want)
		if IsStep(path) {
			t.Errorf("%s is taken for a step folder", path)
		}
	}
}

// TestNoPermission opens as somebody who may not.
func TestNoPermission(t *testing.T) {
	run := t.TempDir()
	for _, name := range []string{"state.json", ManifestFile, "."} {
		path := filepath.Join(save(t, run, 1), name)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		wantError(t, errors.New(unprivileged(t, "open", filepath.Join(run, Folder, "step-00000001"))), path, "permission denied")
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// Files that somebody put beside the parts are no damage.
func TestExtraFiles(t *testing.T) {
	dir := save(t, t.TempDir(), 2)
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(dir); err != nil || c.Has("notes.txt") {
		t.Errorf("%v, %v", c, err)
	}
}

// A checkpoint can be renamed and carried away; under the name of another step
// it is not taken for that one.
func TestMovedCheckpoint(t *testing.T) {
	run := t.TempDir()
	dir := save(t, run, 2)
	for name, want := range map[string]string{"step-00000003": "at step 2, not of this folder", "good": "", "step-2": ""} {
		moved := filepath.Join(filepath.Dir(dir), name)
		if err := os.Rename(dir, moved); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(moved); want != "" {
			wantError(t, err, moved, want)
		} else if err != nil {
			t.Error(err)
		}
		if !IsStep(moved) || RunOf(moved) != run {
			t.Errorf("%s: a step folder: %v, of run %q", moved, IsStep(moved), RunOf(moved))
		}
		dir = moved
	}
	away := filepath.Join(t.TempDir(), "good")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	if !IsStep(away) || RunOf(away) != "" {
		t.Errorf("%s: a step folder: %v, of run %q", away, IsStep(away), RunOf(away))
	}
}

// TestSoakDamage flips and cuts each file of a checkpoint in turn.
func TestSoakDamage(t *testing.T) {
	size, cases := 300_000, 25
	if soak() {
		size, cases = 20_000_000, 200
	}
	run := t.TempDir()
	save(t, run, 1)
	dir, err := Save(run, Manifest{Step: 2, Program: "0.1.0"}, filled(2, size))
	if err != nil {
		t.Fatal(err)
	}
	// Damage that stays the same from run to run.
	random := rand.New(rand.NewPCG(1, 2))
	done := 0
	for _, name := range []string{"model.safetensors", "state.json", ManifestFile} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			// One place in each of as many regions.
			at := (i*len(whole) + random.IntN(len(whole))) / cases
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << random.IntN(8)
			for what, damaged := range map[string][]byte{"flipped": flipped, "cut": whole[:at]} {
				if err := os.WriteFile(path, damaged, 0o666); err != nil {
					t.Fatal(err)
				}
				broken(t, run, dir, path)
				if t.Failed() {
					t.Fatalf("%s at byte %d of %s", what, at, name)
				}
				done++
			}
		}
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir); err != nil {
		t.Errorf("whole again: %v", err)
	}
	if done != 6*cases || soak() && done < 500 {
		t.Errorf("only %d cases were tried", done)
	}
}

// TestBoundedMemory opens what claims to be large, and what is.
func TestBoundedMemory(t *testing.T) {
	run := t.TempDir()
	dir := save(t, run, 2)
	var m Manifest
	claim := func(size int64) {
		t.Helper()
		var err error
		if m, err = readManifest(dir); err != nil {
			t.Fatal(err)
		}
		m.Parts[0].Size = size
		if err := os.WriteFile(filepath.Join(dir, ManifestFile), encoded(t, m), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	measure := func(name, want string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(dir)
		runtime.ReadMemStats(&after)
		wantError(t, err, dir, want)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%s: %d bytes of memory were used", name, used)
		}
	}
	claim(10 << 30)
	measure("10 GB claimed", "it has 12 bytes, the manifest says 10737418240")
	const large = 200 << 20
	if err := os.Truncate(filepath.Join(dir, "model.safetensors"), large); err != nil { // with a hole
		t.Fatal(err)
	}
	claim(large)
	measure("200 MB there", "its SHA-256 is")
	if err := os.Truncate(filepath.Join(dir, ManifestFile), 10<<30); err != nil {
		t.Fatal(err)
	}
	measure("a manifest of 10 GB", "more than the 1048576 bytes allowed")
}

func TestNewest(t *testing.T) {
	run := t.TempDir()
	if _, _, err := Newest(filepath.Join(run, "absent")); !errors.Is(err, ErrNone) {
		t.Errorf("no run: %v, want %v", err, ErrNone)
	}
	if _, err := List(filepath.Join(run, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list of no run: %v, want %v", err, fs.ErrNotExist)
	}
	if list, err := List(run); list != nil || err != nil {
		t.Errorf("list of an empty run: %v (%v)", list, err)
	}
	if _, skipped, err := Newest(run); !errors.Is(err, ErrNone) || skipped != nil || !strings.Contains(err.Error(), run) {
		t.Errorf("no checkpoint: %v, past %v, want %v", err, skipped, ErrNone)
	}
	for _, step := range []int{100_000_000, 9, 10, 0} {
		save(t, run, step)
	}
	for _, other := range []string{"step-9", "step-00000009.damaged", ".step-00000011.x.tmp", "step-+0000001", "step--0000001", "other"} {
		if err := os.Mkdir(filepath.Join(run, Folder, other), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(run, Folder, "step-100000000", ManifestFile)); err != nil {
		t.Fatal(err)
	}
	// A part that is damaged without being shorter shows when it is read.
	if err := os.WriteFile(filepath.Join(run, Folder, "step-00000010", "state.json"), []byte(`{"step": 11}`), 0o666); err != nil {
		t.Fatal(err)
	}
	list, err := List(run)
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	for _, e := range list {
		steps = append(steps, e.Step)
		if (e.Err != nil) != (e.Step == 100_000_000) || (e.Checkpoint == nil) != (e.Err != nil) {
			t.Errorf("step %d: %v (%v)", e.Step, e.Checkpoint, e.Err)
		}
	}
	if diff := cmp.Diff([]int{0, 9, 10, 100_000_000}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	c, skipped, err := Newest(run)
	if err != nil || c.Manifest.Step != 9 || len(skipped) != 2 {
		t.Fatalf("newest: %v, past %v (%v), want step 9 past two", c, skipped, err)
	}
	for i, want := range []string{"step-100000000/manifest.json: it is not there", "step-00000010/state.json: its SHA-256 is"} {
		wantError(t, skipped[i], want)
	}
}

func TestRunOf(t *testing.T) {
	run := t.TempDir()
	step := save(t, run, 76)
	for _, test := range []struct{ dir, want string }{
		{run, run},
		{step, run},
		{step + "/", run},
		{filepath.Join(run, Folder, "step-00000005"), run}, // need not be there
		{filepath.Join(run, Folder), filepath.Join(run, Folder)},
		{filepath.Join(run, "step-00000005"), ""},
	} {
		if got := RunOf(test.dir); got != test.want {
			t.Errorf("%s: got %q, want %q", test.dir, got, test.want)
		}
	}
	if got := StepDir(run, 76); got != step {
		t.Errorf("StepDir: got %s, want %s", got, step)
	}
	t.Chdir(step)
	if got := RunOf("."); !IsStep(".") || got != filepath.Join("..", "..") {
		t.Errorf("RunOf(.) = %q", got)
	}
}
