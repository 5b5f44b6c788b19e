package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlan(t *testing.T) {
	const none, damaged = -1.0, -2.0
	tests := []struct {
		name   string
		values []float64 // of steps 1, 2, …
		policy Policy
		want   []int // steps removed
	}{
		{"nothing there", nil, Policy{KeepLast: 1}, nil},
		{"one", []float64{0.5}, Policy{KeepLast: 1}, nil},
		{"fewer than are kept", []float64{0.5, 0.6}, Policy{KeepLast: 3}, nil},
		{"all are kept", []float64{0.1, 0.2, 0.3}, Policy{}, nil},
		{"all are kept whatever is best", []float64{0.1, 0.2, 0.3}, Policy{KeepBest: 1}, nil},
		{"a negative number keeps all", []float64{0.1, 0.2, 0.3}, Policy{KeepLast: -1}, nil},
		{"the last", []float64{0.9, 0.2, 0.3}, Policy{KeepLast: 2}, []int{1}},
		{"the last and the best", []float64{0.2, 0.9, 0.3, 0.4}, Policy{KeepLast: 1, KeepBest: 1}, []int{1, 3}},
		{"the best is among the last", []float64{0.2, 0.3, 0.9}, Policy{KeepLast: 2, KeepBest: 1}, []int{1}},
		{"the two best", []float64{0.7, 0.9, 0.8, 0.1}, Policy{KeepLast: 1, KeepBest: 2}, []int{1}},
		{"lower is better", []float64{0.2, 0.9, 0.3, 0.4}, Policy{KeepLast: 1, KeepBest: 1, Lower: true}, []int{2, 3}},
		{"of equals the earlier", []float64{0.1, 0.9, 0.9, 0.9, 0.2}, Policy{KeepLast: 1, KeepBest: 1}, []int{1, 3, 4}},
		{"of equals the earlier, lower", []float64{0.5, 0.2, 0.2, 0.2, 0.3}, Policy{KeepLast: 1, KeepBest: 1, Lower: true}, []int{1, 3, 4}},
		{"those without a value are not best", []float64{none, 0.1, none, none}, Policy{KeepLast: 1, KeepBest: 3}, []int{1, 3}},
		{"damaged ones stay and do not count", []float64{0.1, damaged, 0.3, damaged}, Policy{KeepLast: 1}, []int{1}},
		{"the newest complete one is before a damaged one", []float64{0.9, 0.3, damaged}, Policy{KeepLast: 1}, []int{1}},
		{"all damaged", []float64{damaged, damaged}, Policy{KeepLast: 1}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var entries []Entry
			for i, v := range test.values {
				e := Entry{Dir: stepName(i + 1), Step: i + 1, Checkpoint: &Checkpoint{}}
				switch v {
				case damaged:
					e.Checkpoint, e.Err = nil, errors.New("damaged")
				case none:
				default:
					e.Checkpoint.Manifest.Value = &v
				}
				entries = append(entries, e)
			}
			var before, got []int
			for _, e := range entries {
				before = append(before, e.Step)
			}
			for _, e := range Plan(entries, test.policy) {
				got = append(got, e.Step)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			var after []int
			for _, e := range entries {
				after = append(after, e.Step)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the entries were changed (-before +after):\n%s", diff)
			}
		})
	}
}

// kept lists the steps that are there, and fails on anything else.
func kept(t *testing.T, run string) []int {
	t.Helper()
	names, err := os.ReadDir(filepath.Join(run, Folder))
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	for _, n := range names {
		step, ok := parseStep(n.Name())
		if !ok {
			t.Errorf("left behind: %s", n.Name())
		}
		steps = append(steps, step)
	}
	return steps
}

func TestPrune(t *testing.T) {
	rot := func(t *testing.T, run string, step int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(StepDir(run, step), "model.safetensors"), []byte("weights of X"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		rot  []int
		want []int
	}{
		{"whole", nil, []int{4}},
		{"the newest is damaged", []int{4}, []int{3, 4}},
		{"the two newest are damaged", []int{3, 4}, []int{2, 3, 4}},
		{"all are damaged", []int{1, 2, 3, 4}, []int{1, 2, 3, 4}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := t.TempDir()
			for step := 1; step <= 4; step++ {
				save(t, run, step)
			}
			for _, step := range test.rot {
				rot(t, run, step)
			}
			removable, err := Removable(run, Policy{KeepLast: 1})
			if err != nil {
				t.Error(err)
			}
			removed, err := Prune(run, Policy{KeepLast: 1})
			if err != nil {
				t.Error(err)
			}
			got := kept(t, run)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if len(removable) != len(removed) || len(removed)+len(got) != 4 || len(removed) > 0 && removed[0] != StepDir(run, 1) {
				t.Errorf("removed: %q", removed)
			}
		})
	}
	if _, err := Prune(filepath.Join(t.TempDir(), "absent"), Policy{KeepLast: 1}); err == nil {
		t.Error("Prune of no run returned no error")
	}
}

func TestSaverKeepsByPolicy(t *testing.T) {
	run := t.TempDir()
	saver := Saver{Run: run, Policy: Policy{KeepLast: 2, KeepBest: 1, Lower: true}}
	values := map[int]float64{1: 0.9, 2: 0.1, 3: 0.5, 4: 0.2, 5: 0.4, 6: 0.05, 7: 0.3, 8: 0.6}
	want := map[int][]int{1: {1}, 2: {1, 2}, 3: {2, 3}, 4: {2, 3, 4}, 5: {2, 4, 5}, 6: {5, 6}, 7: {6, 7}, 8: {6, 7, 8}}
	for step := 1; step <= 8; step++ {
		value := values[step]
		saved, err := saver.Save(Manifest{Step: step, Value: &value}, little(step))
		if err != nil || saved.Dir != StepDir(run, step) {
			t.Fatal(saved, err)
		}
		if diff := cmp.Diff(want[step], kept(t, run)); diff != "" {
			t.Errorf("kept after step %d (-want +got):\n%s", step, diff)
		}
	}
	// What was just saved stays, even where it is not the newest.
	saved, err := saver.Save(Manifest{Step: 3}, little(3))
	if err != nil || len(saved.Removed) != 0 {
		t.Errorf("removed %q (%v)", saved.Removed, err)
	}
	if diff := cmp.Diff([]int{3, 6, 7, 8}, kept(t, run)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
