package trainer

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// compare opens two folders and compares them.
func compare(t testing.TB, a, b string) *Comparison {
	t.Helper()
	opened := make([]*checkpoint.Checkpoint, 2)
	for i, dir := range []string{a, b} {
		var err error
		if opened[i], err = checkpoint.Open(dir); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Compare(opened[0], opened[1])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keys lists what differs, as "config.yaml train.seed".
func (c *Comparison) keys() []string {
	var list []string
	for _, d := range c.Differences {
		list = append(list, d.Part+" "+d.Key)
	}
	return list
}

func TestCompare(t *testing.T) {
	a, same := train(t, kept(t, "train.epochs=1")), train(t, kept(t, "train.epochs=1"))
	seed := train(t, kept(t, "train.epochs=1", "train.seed=2"))
	aspect := train(t, kept(t, "train.max_steps=5", "data.aspects=[service, food, anecdotes/miscellaneous, price, ambience, drinks]"))
	words := train(t, kept(t, "train.max_steps=5", "vectors.min_count=2"))
	first := train(t, kept(t, "train.max_steps=5"))
	tests := []struct {
		name   string
		a, b   string
		same   bool
		keys   []string // all of these among others
		absent []string // no key holds one of these
	}{
		{"itself", a.dir, a.dir, true, nil, nil},
		{"an equal run", a.dir, same.dir, true, nil, nil},
		{"a checkpoint of an equal run", a.step(5), same.step(5), true, nil, nil},
		{"another seed", a.dir, seed.dir, false, []string{"config.yaml train.seed", "result.json seed", "result.json epochs.0.train_loss", "result.json epochs.0.valid_loss"}, []string{"vocab.txt", "labels.json", "seconds"}},
		{"another seed at a step", a.step(5), seed.step(5), false, []string{"config.yaml train.seed", "state.json epoch_under_way.loss"}, []string{"position", "manifest", "seconds", "vocab.txt"}},
		{"another step", a.step(5), a.step(8), false, []string{"manifest.json step", "manifest.json epoch", "manifest.json value", "state.json position.step", "state.json position.batch", "state.json ema_updates", "state.json history.0.train_loss", "state.json best"}, []string{"config.yaml", "labels.json", "vocab.txt"}},
		{"another aspect", first.step(5), aspect.step(5), false, []string{"config.yaml data.aspects", "labels.json aspects", "labels.json majority"}, nil},
		{"another vocabulary", first.step(5), words.step(5), false, []string{"config.yaml vectors.min_count", "vocab.txt number of words", "vocab.txt words that the other lacks"}, []string{"labels.json"}},
		{"a run and a checkpoint", first.dir, first.step(5), false, []string{"manifest.json kind", "result.json the file", "optimizer.safetensors the file", "state.json the file"}, []string{"config.yaml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := compare(t, test.a, test.b)
			if c.Same() != test.same {
				t.Errorf("same: got %v, want %v; %v", c.Same(), test.same, c.keys())
			}
			for _, want := range test.keys {
				if !slices.Contains(c.keys(), want) {
					t.Errorf("no %q among %q", want, c.keys())
				}
			}
			for _, key := range c.keys() {
				for _, absent := range test.absent {
					if strings.Contains(key, absent) {
						t.Errorf("%q is among the differences", key)
					}
				}
			}
			back := compare(t, test.b, test.a)
			if len(back.Differences) != len(c.Differences) || len(back.Tensors) != len(c.Tensors) || back.Equal != c.Equal {
				t.Errorf("%d, %d, %d differences, the other way round %d, %d, %d",
					len(c.Differences), len(c.Tensors), c.Equal, len(back.Differences), len(back.Tensors), back.Equal)
			}
		})
	}
	t.Run("values", func(t *testing.T) {
		for _, d := range compare(t, a.step(5), a.step(8)).Differences {
			if d.Key == "position.step" && (d.A != "5" || d.B != "8") || d.Key == "position.batch" && (d.A != "5" || d.B != "0") {
				t.Errorf("%+v", d)
			}
		}
		d := compare(t, first.step(5), aspect.step(5))
		i := slices.Index(d.keys(), "labels.json aspects")
		if got := d.Differences[i].B; got != "[service food anecdotes/miscellaneous price ambience drinks]" {
			t.Errorf("aspects %q", got)
		}
	})
	t.Run("tensors of an aspect", func(t *testing.T) {
		var only []string
		for _, x := range compare(t, first.step(5), aspect.step(5)).Tensors {
			if x.Part == WeightsFile && x.A == nothing {
				only = append(only, x.Name)
			}
		}
		if len(only) == 0 || slices.ContainsFunc(only, func(name string) bool { return !strings.HasPrefix(name, "heads.drinks.") }) {
			t.Errorf("only in the second: %q", only)
		}
	})
}

// TestCompareTensors holds what is counted, on values that can be checked by
// hand.
func TestCompareTensors(t *testing.T) {
	inf := float32(math.Inf(1))
	minus := float32(math.Copysign(0, -1)) // -0 as a constant is 0
	file := func(name string, list ...safetensors.Tensor) string {
		path := filepath.Join(t.TempDir(), name)
		if err := safetensors.WriteFile(path, list, nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	floats := func(name string, values ...float32) safetensors.Tensor {
		x, err := safetensors.NewFloat32(name, []int64{int64(len(values))}, values)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	whole, err := safetensors.NewInt64("whole", []int64{3}, []int64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	other, err := safetensors.NewInt64("whole", []int64{3}, []int64{1, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	a := file("a.safetensors", whole, floats("equal", 1, 2), floats("apart", 1, -2, 8, 3), floats("zero", 0, 1), floats("infinite", inf, 1), floats("shape", 1, 2), floats("only a", 1))
	b := file("b.safetensors", other, floats("only b", 1, 2), floats("equal", 1, 2), floats("apart", 1, -1, 6, 3), floats("zero", minus, 1), floats("infinite", 1, 2), floats("shape", 1))
	c := &Comparison{}
	if err := c.tensors("x", a, b); err != nil {
		t.Fatal(err)
	}
	want := []TensorDifference{
		{Part: "x", Name: "whole", A: "I64 [3]", B: "I64 [3]", Values: 3, Differ: 2},
		{Part: "x", Name: "apart", A: "F32 [4]", B: "F32 [4]", Values: 4, Differ: 2, Absolute: 2, Relative: 0.5},
		{Part: "x", Name: "zero", A: "F32 [2]", B: "F32 [2]", Values: 2, Differ: 1},
		{Part: "x", Name: "infinite", A: "F32 [2]", B: "F32 [2]", Values: 2, Differ: 2, Absolute: 1, Relative: 0.5, Infinite: 1},
		{Part: "x", Name: "shape", A: "F32 [2]", B: "F32 [1]"},
		{Part: "x", Name: "only a", A: "F32 [1]", B: "none"},
		{Part: "x", Name: "only b", A: "none", B: "F32 [2]"},
	}
	if diff := cmp.Diff(want, c.Tensors); diff != "" || c.Equal != 1 {
		t.Errorf("%d equal, want 1; differences (-want +got):\n%s", c.Equal, diff)
	}
}

func TestCompareWords(t *testing.T) {
	tests := []struct {
		name string
		a, b []string
		want []Difference
	}{
		{"equal", []string{"x", "y"}, []string{"x", "y"}, nil},
		{"order", []string{"x", "y", "z"}, []string{"x", "z", "y"}, []Difference{{VocabFile, "word 1", "y", "z"}}},
		{"more", []string{"x"}, []string{"x", "a", "b", "c", "d", "e", "f"}, []Difference{
			{VocabFile, "number of words", "1", "7"}, {VocabFile, "words that the other lacks", "none", "6: a, b, c, d, e, ..."},
		}},
		{"others", []string{"x", "y"}, []string{"x", "z"}, []Difference{{VocabFile, "words that the other lacks", "1: y", "1: z"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &Comparison{}
			c.words(test.a, test.b)
			if diff := cmp.Diff(test.want, c.Differences); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJSONFields(t *testing.T) {
	got, err := jsonFields([]byte(`{"b": {"x": 0.1, "seconds": 3}, "a": [1, "two"], "list": [{"y": null}, {"y": 12345678901234567890}], "long": "` + strings.Repeat("A", 300) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []field{
		{"a", "[1 two]"}, {"b.x", "0.1"}, {"list.0.y", "null"}, {"list.1.y", "12345678901234567890"},
		{"long", "300 characters, SHA-256 " + got[len(got)-1].value[len("300 characters, SHA-256 "):]},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(field{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := jsonFields([]byte(`{"a": `)); err == nil {
		t.Error("half a file: no error")
	}
}

// TestPolicyOf holds that a run's own configuration says what it keeps.
func TestPolicyOf(t *testing.T) {
	run := t.TempDir()
	if err := os.WriteFile(filepath.Join(run, ConfigFile), []byte("version: 1\ncheckpoint:\n  keep_last: 5\n  keep_best: 3\ntrain:\n  metric: loss\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := PolicyOf(run)
	if err != nil {
		t.Fatal(err)
	}
	if want := (checkpoint.Policy{KeepLast: 5, KeepBest: 3, Lower: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := PolicyOf(t.TempDir()); err == nil {
		t.Error("a folder without configuration: no error")
	}
}

// TestRanked holds what the best checkpoint is.
func TestRanked(t *testing.T) {
	entry := func(step int, metric string, value float64) checkpoint.Entry {
		return checkpoint.Entry{Step: step, Checkpoint: &checkpoint.Checkpoint{Manifest: checkpoint.Manifest{Step: step, Metric: metric, Value: &value}}}
	}
	unvalidated := checkpoint.Entry{Step: 2, Checkpoint: &checkpoint.Checkpoint{}}
	damaged := checkpoint.Entry{Step: 3, Err: os.ErrNotExist}
	for _, test := range []struct {
		metric string
		want   []int
	}{{"accuracy", []int{4, 5, 1}}, {"loss", []int{1, 4, 5}}} {
		t.Run(test.metric, func(t *testing.T) {
			var got []int
			for _, e := range Ranked([]checkpoint.Entry{entry(1, test.metric, 0.5), unvalidated, damaged, entry(4, test.metric, 0.75), entry(5, test.metric, 0.75)}) {
				got = append(got, e.Step)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
