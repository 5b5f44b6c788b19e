package models

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"absa/internal/safetensors"
)

// TestExplainAsPyTorch compares attention and gradient × input of every variant
// with PyTorch's autograd on the same weights and batch.
func TestExplainAsPyTorch(t *testing.T) {
	const limit = 1e-5
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has the packages of reference/requirements.txt")
	}
	path := filepath.Join(t.TempDir(), "explained.safetensors")
	if out, err := exec.Command(python, "../reference/explain.py", path).CombinedOutput(); err != nil {
		t.Fatalf("reference/explain.py: %v\n%s", err, out)
	}
	list, _, err := safetensors.ReadFile(path)
	noErr(t, err)
	want := map[string]safetensors.Tensor{}
	for _, x := range list {
		want[x.Name] = x
	}
	eachGolden(t, func(t *testing.T, g golden) {
		s := newScope(t)
		m := g.model(t)
		class, err := want[g.Name+".class"].Int64()
		noErr(t, err)
		attention, gradient := m.Explain(s, g.feed(t, s), class)
		floats := func(name string) []float32 {
			values, err := want[g.Name+name].Float32()
			noErr(t, err)
			return values
		}
		near(t, "gradient", s.Float32s(gradient), floats(".gradient"), limit, 0)
		if _, ok := want[g.Name+".attention"]; ok != attention.Defined() {
			t.Errorf("attention is there: %v here, %v in PyTorch", attention.Defined(), ok)
		} else if ok {
			near(t, "attention", s.Float32s(attention), floats(".attention"), limit, 0)
		}
		noErr(t, s.Err())
	})
}

// TestExplain holds what an explanation is without looking at PyTorch: the
// attention of each sentence sums to 1, what stands on padding is 0 where padding
// is not read, and neither weights nor answers change.
func TestExplain(t *testing.T) {
	eachGolden(t, func(t *testing.T, g golden) {
		s := newScope(t)
		m := g.model(t)
		in := g.feed(t, s)
		before := s.Float32s(m.Forward(s, in).Logits)
		aspects := len(m.Labels.Aspects)
		class := make([]int64, int(in.B)*aspects)
		attention, gradient := m.Explain(s, in, class)
		near(t, "logits afterwards", s.Float32s(m.Forward(s, in).Logits), before, 0, 1)
		for _, q := range m.Parameters.All() {
			if s.Grad(q.Tensor).Defined() {
				t.Errorf("%s has got a gradient", q.Name)
			}
		}
		lengths := s.Int64s(in.Lengths)
		rows := func(values []float32, use func(b int, row []float32)) {
			for i := range len(values) / int(in.T) {
				use(i/aspects, values[i*int(in.T):(i+1)*int(in.T)])
			}
		}
		some := false
		rows(s.Float32s(gradient), func(b int, row []float32) {
			for i, v := range row {
				some = some || v != 0
				if int64(i) >= lengths[b] && v != 0 {
					t.Errorf("sentence %d: the padding has %v", b, v)
				}
			}
		})
		if !some {
			t.Error("all gradients are 0")
		}
		if !attention.Defined() {
			if k := g.Attention.Kind; k != "none" && g.Attention.Pool != "max" {
				t.Errorf("%s attention has no weights", k)
			}
			return
		}
		rows(s.Float32s(attention), func(b int, row []float32) {
			sum := 0.0
			for i, v := range row {
				sum += float64(v)
				if v < 0 || g.Attention.Masked && int64(i) >= lengths[b] && v != 0 {
					t.Errorf("sentence %d: position %d has %v", b, i, v)
				}
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Errorf("sentence %d: weights add up to %v", b, sum)
			}
		})
		noErr(t, s.Err())
	})
}
