package checkpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPoints stops a save at each of its points, as seen from a copy of the run
// folder, and takes up the copy.
func TestPoints(t *testing.T) {
	value := 0.5
	part := slices.Repeat([]Point{PartWritten}, 3)
	tests := []struct {
		name   string
		step   int // saved over 1, 2 and 3
		rot    bool
		points []Point
		newest []string // at each of the points: the state of the newest one
		count  []int    // of the checkpoints
	}{
		{"a new step", 4, false, append(slices.Clone(part), BeforeName, BeforePrune, AfterPrune),
			[]string{"3", "3", "3", "3", "new", "new"}, []int{3, 3, 3, 3, 4, 2}},
		{"a step again", 3, false, append(slices.Clone(part), BeforeName, SetAside, BeforePrune, AfterPrune),
			[]string{"3", "3", "3", "3", "3", "new", "new"}, []int{3, 3, 3, 3, 3, 3, 2}},
		{"over a damaged one", 3, true, append(slices.Clone(part), BeforeName, SetAside, BeforePrune, AfterPrune),
			[]string{"2", "2", "2", "2", "2", "new", "new"}, []int{3, 3, 3, 3, 2, 3, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := t.TempDir()
			for step := 1; step <= 3; step++ {
				if _, err := Save(run, Manifest{Step: step}, []Content{text("a", fmt.Sprint(step)), text("b", "b"), text("c", "c")}); err != nil {
					t.Fatal(err)
				}
			}
			if test.rot {
				os.WriteFile(filepath.Join(StepDir(run, 3), "a"), []byte("X"), 0o666)
			}
			var points []Point
			saver := Saver{Run: run, Policy: Policy{KeepLast: 2}, Reached: func(p Point) {
				at := len(points)
				points = append(points, p)
				if at >= len(test.newest) {
					return
				}
				killed := t.TempDir()
				if err := os.CopyFS(killed, os.DirFS(run)); err != nil {
					t.Error(err)
					return
				}
				swept, err := Sweep(killed)
				if leftover := p == PartWritten || p == BeforeName || p == SetAside; err != nil || (len(swept) > 0) != leftover {
					t.Errorf("%s: swept %q (%v)", p, swept, err)
				}
				c, _, err := Newest(killed)
				if err != nil {
					t.Errorf("%s: %v", p, err)
					return
				}
				if state, _ := os.ReadFile(c.Path("a")); string(state) != test.newest[at] {
					t.Errorf("%s: newest is of %q, want %q", p, state, test.newest[at])
				}
				list, err := List(killed)
				if err != nil || len(list) != test.count[at] {
					t.Errorf("%s: %d checkpoints (%v), want %d", p, len(list), err, test.count[at])
				}
				for path := range tree(t, killed) {
					if strings.Contains(path, "/.") {
						t.Errorf("%s: left behind: %s", p, path)
					}
				}
			}}
			if _, err := saver.Save(Manifest{Step: test.step, Value: &value}, []Content{text("a", "new"), text("b", "b"), text("c", "c")}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.points, points); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	run := t.TempDir()
	folder := filepath.Join(run, Folder)
	for step := 1; step <= 4; step++ {
		save(t, run, step)
	}
	damage := func(dir string) {
		if err := os.Remove(filepath.Join(dir, "empty")); err != nil {
			t.Fatal(err)
		}
	}
	move := func(step int, name string) string {
		to := filepath.Join(folder, name)
		if err := os.Rename(StepDir(run, step), to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	move(1, ".step-00000001.abc234.old")         // put back: nothing took its place
	damage(move(2, ".step-00000002.abc234.old")) // was being removed
	move(3, ".step-00000003.abc234.old")         // put back: what took its place is damaged
	damage(save(t, run, 3))
	move(4, ".step-00000004.abc234.old") // replaced
	if _, err := Save(run, Manifest{Step: 4}, []Content{text("new", "new")}); err != nil {
		t.Fatal(err)
	}
	write := func(path string) {
		os.MkdirAll(filepath.Dir(path), 0o777)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	gone := []string{
		filepath.Join(run, ".model.safetensors.123456.tmp"),
		filepath.Join(folder, ".manifest.json.1.tmp"),
		filepath.Join(folder, ".step-00000009.abc234.tmp/model.safetensors"),
		filepath.Join(folder, ".step-123456789.abc234.tmp/deep/er"),
	}
	stay := []string{
		filepath.Join(run, ".lock"), filepath.Join(run, ".important.1.tmp"), filepath.Join(run, "x.1.tmp"), filepath.Join(run, ".mine.tmp"), filepath.Join(run, ".1.tmp"),
		filepath.Join(run, ".step-00000009.abc234.tmp/of/the/user"), filepath.Join(run, "config.yaml"),
		filepath.Join(folder, ".git/config"), filepath.Join(folder, "step-00000005.damaged/x"), filepath.Join(folder, ".file.1.tmp.d/x"),
	}
	for _, path := range append(gone, stay...) {
		write(path)
	}
	os.MkdirAll(filepath.Join(folder, ".dir.1.tmp"), 0o777) // atomicfile leaves files alone

	swept, err := Sweep(run)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".model.safetensors.123456.tmp",
		"checkpoints/.manifest.json.1.tmp",
		"checkpoints/.step-00000001.abc234.old", "checkpoints/.step-00000002.abc234.old",
		"checkpoints/.step-00000003.abc234.old", "checkpoints/.step-00000004.abc234.old",
		"checkpoints/.step-00000009.abc234.tmp", "checkpoints/.step-123456789.abc234.tmp",
	}
	for i, path := range swept {
		swept[i], _ = filepath.Rel(run, path)
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if diff := cmp.Diff(want, swept); diff != "" {
		t.Errorf("swept (-want +got):\n%s", diff)
	}
	for _, path := range append(stay, filepath.Join(folder, ".dir.1.tmp"), filepath.Join(folder, "step-00000003.damaged")) {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	for step, part := range map[int]string{1: "empty", 3: "empty", 4: "new"} {
		if c, err := Open(StepDir(run, step)); err != nil || !c.Has(part) {
			t.Errorf("step %d: %v (%v)", step, c, err)
		}
	}
	if _, err := os.Lstat(StepDir(run, 2)); err == nil {
		t.Error("step 2, which was being removed, is there")
	}
	if again, err := Sweep(run); again != nil || err != nil {
		t.Errorf("a second time: %q (%v)", again, err)
	}
	if swept, err := Sweep(filepath.Join(run, "absent")); swept != nil || err != nil {
		t.Errorf("no run: %q (%v)", swept, err)
	}
}
