package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSave(t *testing.T) {
	run := t.TempDir()
	m := example()
	m.Parts = []Part{{Name: "left from another"}}
	dir, err := Save(run, m, little(76))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(run, "checkpoints", "step-00000076"); dir != want {
		t.Errorf("folder: got %s, want %s", dir, want)
	}
	files := tree(t, dir)
	if files["model.safetensors"] != "weights of 76" || files["state.json"] != `{"step": 76}` || files["empty"] != "" || len(files) != 4 {
		t.Errorf("files: %q", files)
	}
	if got := slices.Sorted(maps.Keys(tree(t, run))); len(got) != 6 {
		t.Errorf("the run folder holds %q", got)
	}
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	want.Format, want.Checksum = 1, c.Manifest.Checksum
	want.Parts = nil
	for _, name := range []string{"model.safetensors", "state.json", "empty"} {
		want.Parts = append(want.Parts, Part{name, int64(len(files[name])), sum([]byte(files[name]))})
		if !c.Has(name) || c.Path(name) != filepath.Join(dir, name) {
			t.Errorf("%s: has %v, path %s", name, c.Has(name), c.Path(name))
		}
	}
	if diff := cmp.Diff(want, c.Manifest); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if c.Has("best.safetensors") || c.Has(ManifestFile) {
		t.Error("it has parts that were not saved")
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o500 != 0o500 {
		t.Errorf("mode of the folder: %v (%v)", info.Mode(), err)
	}
}

func TestSaveAgain(t *testing.T) {
	damage := func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(`{"step": 5}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		before func(t *testing.T, run, dir string)
		want   []string // of checkpoints afterwards
	}{
		{"over a complete one", func(t *testing.T, run, dir string) { save(t, run, 4) }, []string{"step-00000004"}},
		{"over a damaged one", func(t *testing.T, run, dir string) { damage(t, save(t, run, 4)) }, []string{"step-00000004", "step-00000004.damaged"}},
		{"over a second damaged one", func(t *testing.T, run, dir string) {
			damage(t, save(t, run, 4))
			damage(t, save(t, run, 4))
		}, []string{"step-00000004", "step-00000004.damaged", "step-00000004.damaged-2"}},
		{"over an empty folder", func(t *testing.T, run, dir string) { os.MkdirAll(dir, 0o777) }, []string{"step-00000004", "step-00000004.damaged"}},
		{"over a file", func(t *testing.T, run, dir string) {
			os.MkdirAll(filepath.Dir(dir), 0o777)
			os.WriteFile(dir, []byte("mine"), 0o666)
		}, []string{"step-00000004", "step-00000004.damaged"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := t.TempDir()
			dir := filepath.Join(run, Folder, "step-00000004")
			test.before(t, run, dir)
			before := tree(t, run)
			if _, err := Save(run, Manifest{Step: 4}, []Content{text("new", "new")}); err != nil {
				t.Fatal(err)
			}
			c, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !c.Has("new") || c.Has("state.json") {
				t.Errorf("it is not the new one: %+v", c.Manifest.Parts)
			}
			var got []string
			entries, _ := os.ReadDir(filepath.Dir(dir))
			for _, e := range entries {
				got = append(got, e.Name())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("folders (-want +got):\n%s", diff)
			}
			// The damaged one is kept as it was.
			after := tree(t, run)
			if aside := test.want[len(test.want)-1]; len(test.want) > 1 {
				for path, text := range before {
					if rest, ok := strings.CutPrefix(path, "checkpoints/step-00000004"); ok && !strings.HasPrefix(rest, ".") {
						if got := after["checkpoints/"+aside+rest]; got != text {
							t.Errorf("%s of the damaged one: got %q, want %q", rest, got, text)
						}
					}
				}
			}
		})
	}
}

func TestSaveRefuses(t *testing.T) {
	broken := errors.New("broken")
	_, missing := os.Open("/nowhere/best.safetensors")
	after := func(c Content) []Content { return append(little(3), c) }
	tests := []struct {
		name     string
		before   func(run string)
		m        Manifest
		contents []Content
		want     []string
	}{
		{"a path as a name", nil, Manifest{Step: 3}, after(text("../x", "")), []string{"step-00000003", `"../x": not a plain file name`}},
		{"a hidden name", nil, Manifest{Step: 3}, after(text(".x", "")), []string{"not a plain file name"}},
		{"the manifest's name", nil, Manifest{Step: 3}, after(text(ManifestFile, "")), []string{"the manifest's own"}},
		{"a name twice", nil, Manifest{Step: 3}, after(text("empty", "x")), []string{"step-00000003/empty", "file exists"}},
		{"a negative step", nil, Manifest{Step: -3}, little(3), []string{"step -3"}},
		{"a negative epoch", nil, Manifest{Epoch: -3}, little(3), []string{"step-00000000/manifest.json", "epoch -3"}},
		{"a writer's error", nil, Manifest{Step: 3}, after(Content{"x", func(w io.Writer) error { w.Write(make([]byte, 5<<20)); return broken }}), []string{"step-00000003/x: broken"}},
		{"a writer's error about another file", nil, Manifest{Step: 3}, after(Content{"x", func(io.Writer) error { return missing }}), []string{"step-00000003/x", "/nowhere/best.safetensors"}},
		{"a damaged one there", func(run string) {
			dir, _ := Save(run, Manifest{Step: 3}, little(1))
			os.Remove(filepath.Join(dir, "empty"))
		}, Manifest{Step: 3}, after(Content{"x", func(io.Writer) error { return broken }}), []string{"broken"}},
		{"no run folder", func(run string) { os.Remove(run) }, Manifest{Step: 3}, little(3), []string{"step-00000003", "no such file or directory"}},
		{"a file for a folder", func(run string) { os.WriteFile(filepath.Join(run, Folder), nil, 0o666) }, Manifest{Step: 3}, little(3), []string{"step-00000003", "not a directory"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			top := t.TempDir()
			run := filepath.Join(top, "run")
			if err := os.Mkdir(run, 0o777); err != nil {
				t.Fatal(err)
			}
			if test.before != nil {
				test.before(run)
			}
			before := tree(t, top)
			dir, err := Save(run, test.m, test.contents)
			wantError(t, err, append(test.want, run)...)
			if dir != "" {
				t.Errorf("it returned %s", dir)
			}
			if diff := cmp.Diff(before, tree(t, top)); diff != "" {
				t.Errorf("something changed (-before +after):\n%s", diff)
			}
		})
	}
}

// TestFullDisk leaves room for more and more of a checkpoint.
func TestFullDisk(t *testing.T) {
	page := os.Getpagesize()
	const pages = 400 // more than what is written at a time
	disk := mount(t, 2*pages*page)
	run := filepath.Join(disk, "run")
	os.Mkdir(run, 0o777)
	save(t, run, 1)
	filler := filepath.Join(disk, "filler")
	fills := 0
	for room := 0; ; room += 8 {
		// All that there is, less the room.
		if err := os.WriteFile(filler, make([]byte, 2*pages*page), 0o666); err == nil {
			t.Fatal("the disk has more than it should")
		}
		info, err := os.Stat(filler)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filler, info.Size()-int64(room*page)); err != nil {
			t.Fatal(err)
		}
		before := tree(t, run)
		dir, err := Save(run, Manifest{Step: 2}, filled(2, pages*page))
		if err == nil {
			if _, err := Open(dir); err != nil {
				t.Error(err)
			}
			break
		}
		fills++
		wantError(t, err, "step-00000002", "no space left on device")
		if diff := cmp.Diff(before, tree(t, run)); diff != "" {
			t.Errorf("room for %d pages: something changed (-before +after):\n%s", room, diff)
		}
		if c, _, err := Newest(run); err != nil || c.Manifest.Step != 1 {
			t.Errorf("room for %d pages: newest is %v (%v), want step 1", room, c, err)
		}
	}
	if fills < pages/8 {
		t.Errorf("the disk was full %d times, want %d at least", fills, pages/8)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	t.Run("by permission", func(t *testing.T) {
		run := t.TempDir()
		save(t, run, 1)
		if err := os.Chmod(filepath.Join(run, Folder), 0o555); err != nil {
			t.Fatal(err)
		}
		got := unprivileged(t, "save", run)
		wantError(t, errors.New(got), filepath.Join(run, Folder, "step-00000002"), "permission denied")
	})
	t.Run("by file system", func(t *testing.T) {
		disk := mount(t, 64*os.Getpagesize())
		save(t, disk, 1)
		before := tree(t, disk)
		remount(t, disk)
		_, err := Save(disk, Manifest{Step: 2}, little(2))
		wantError(t, err, filepath.Join(disk, Folder, "step-00000002"), "read-only file system")
		_, err = Prune(disk, Policy{KeepLast: 1})
		if err != nil {
			t.Errorf("there is nothing to prune: %v", err)
		}
		if _, err := Lock(disk); err == nil || !errors.Is(err, fs.ErrPermission) && !strings.Contains(err.Error(), "read-only file system") {
			t.Errorf("lock: %v", err)
		}
		if diff := cmp.Diff(before, tree(t, disk)); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
		if c, _, err := Newest(disk); err != nil || c.Manifest.Step != 1 {
			t.Errorf("newest is %v (%v), want step 1", c, err)
		}
	})
}

func TestSeal(t *testing.T) {
	run := t.TempDir()
	for _, name := range []string{"config.yaml", "result.json", "other"} {
		if err := os.WriteFile(filepath.Join(run, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	save(t, run, 7)
	if _, err := Inspect(run); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before: %v, want %v", err, fs.ErrNotExist)
	}
	names := []string{"config.yaml", "result.json"}
	if err := Seal(run, example(), append(names, "absent")); err == nil || !strings.Contains(err.Error(), filepath.Join(run, "absent")) {
		t.Errorf("an absent part: %v", err)
	}
	if err := Seal(run, example(), append(names, "../x")); err == nil || !strings.Contains(err.Error(), "not a plain file name") {
		t.Errorf("a path: %v", err)
	}
	if err := Seal(run, example(), append(names, Folder)); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(run, ManifestFile)); err == nil {
		t.Fatal("there is a manifest in spite of the errors")
	}
	for range 2 { // the second replaces the first
		if err := Seal(run, example(), names); err != nil {
			t.Fatal(err)
		}
		c, err := Open(run)
		if err != nil {
			t.Fatal(err)
		}
		if c.Manifest.Kind != KindRun || len(c.Manifest.Parts) != 2 || !c.Has("result.json") || c.Has("other") {
			t.Errorf("manifest: %+v", c.Manifest)
		}
	}
	if err := os.WriteFile(filepath.Join(run, "result.json"), []byte("result.jsom"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(run)
	wantError(t, err, filepath.Join(run, "result.json"), "its SHA-256 is")
}
