package torch

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// moments returns mean and standard deviation.
func moments(values []float32) (mean, deviation float64) {
	for _, v := range values {
		mean += float64(v)
	}
	mean /= float64(len(values))
	for _, v := range values {
		deviation += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)))
}

// TestInitialisation compares with the distributions of PyTorch's modules. The
// limits are four standard errors.
func TestInitialisation(t *testing.T) {
	const in, hidden, out = 50, 64, 80
	lock(t)
	p := newParameters(t, 3)
	p.LSTM("lstm", in, hidden, 2, 0)
	p.Linear("linear", in, out)
	p.LinearWithoutBias("score", in, out)
	p.Normal("normal", 1, out, in)
	noErr(t, p.Err())

	for _, q := range p.All() {
		values := float32s(t, q.Tensor)
		n := float64(len(values))
		mean, deviation := moments(values)
		if q.Name == "normal" {
			if math.Abs(mean) > 4/math.Sqrt(n) || math.Abs(deviation-1) > 4/math.Sqrt(2*n) {
				t.Errorf("%s: mean %.3f and deviation %.3f, want 0 and 1", q.Name, mean, deviation)
			}
			continue
		}
		bound := 1 / math.Sqrt(in)
		if q.Name[:4] == "lstm" {
			bound = 1 / math.Sqrt(hidden)
		}
		low, high := float64(slices.Min(values)), float64(slices.Max(values))
		if low < -bound || high > bound || low > -0.9*bound || high < 0.9*bound {
			t.Errorf("%s: values from %.4f to %.4f, want them to fill ±%.4f", q.Name, low, high, bound)
		}
		want := bound / math.Sqrt(3)
		if math.Abs(mean) > 4*want/math.Sqrt(n) || math.Abs(deviation/want-1) > 4*math.Sqrt(0.2/n) {
			t.Errorf("%s: mean %.4f and deviation %.4f, want 0 and %.4f", q.Name, mean, deviation, want)
		}
	}
}

// TestParameterNames holds the names and shapes that a PyTorch module has.
func TestParameterNames(t *testing.T) {
	lock(t)
	p := newParameters(t, 1)
	l := p.LSTM("b", 3, 4, 2, 0)
	p.Linear("c", 8, 5)
	p.LinearWithoutBias("d", 8, 1)
	noErr(t, p.Err())
	type named struct {
		Name  string
		Shape []int64
	}
	var got []named
	for _, q := range p.All() {
		got = append(got, named{q.Name, q.Tensor.Shape()})
	}
	want := []named{
		{"b.weight_ih_l0", []int64{16, 3}}, {"b.weight_hh_l0", []int64{16, 4}}, {"b.bias_ih_l0", []int64{16}}, {"b.bias_hh_l0", []int64{16}},
		{"b.weight_ih_l0_reverse", []int64{16, 3}}, {"b.weight_hh_l0_reverse", []int64{16, 4}}, {"b.bias_ih_l0_reverse", []int64{16}}, {"b.bias_hh_l0_reverse", []int64{16}},
		{"b.weight_ih_l1", []int64{16, 8}}, {"b.weight_hh_l1", []int64{16, 4}}, {"b.bias_ih_l1", []int64{16}}, {"b.bias_hh_l1", []int64{16}},
		{"b.weight_ih_l1_reverse", []int64{16, 8}}, {"b.weight_hh_l1_reverse", []int64{16, 4}}, {"b.bias_ih_l1_reverse", []int64{16}}, {"b.bias_hh_l1_reverse", []int64{16}},
		{"c.weight", []int64{5, 8}}, {"c.bias", []int64{5}}, {"d.weight", []int64{1, 8}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("parameters (-want +got)\n%s", d)
	}
	if len(l.Weights) != 16 {
		t.Errorf("the LSTM has %d weights, want 16", len(l.Weights))
	}
}

// TestInitialValuesDependOnSeedAndName holds that nothing else matters: what was
// made before, or what the generator's state is.
func TestInitialValuesDependOnSeedAndName(t *testing.T) {
	lock(t)
	values := func(seed uint64, name string, before ...string) []float32 {
		p := NewParameters(CPU, seed)
		defer p.Close()
		for _, other := range before {
			p.Normal(other, 1, 7)
		}
		x := p.Uniform(name, 1, 100)
		noErr(t, p.Err())
		return float32s(t, x)
	}
	want := values(5, "heads.food.dense.weight")
	for _, c := range []struct {
		name string
		got  []float32
		same bool
	}{
		{"again", values(5, "heads.food.dense.weight"), true},
		{"after others", values(5, "heads.food.dense.weight", "a", "b"), true},
		{"another seed", values(6, "heads.food.dense.weight"), false},
		{"another name", values(5, "heads.price.dense.weight"), false},
	} {
		if got := slices.Equal(c.got, want); got != c.same {
			t.Errorf("%s: equal %v, want %v", c.name, got, c.same)
		}
	}
}

func TestParameters(t *testing.T) {
	lock(t)
	p := newParameters(t, 1)
	p.Values("frozen", false, []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	p.Values("trained", true, []float32{7, 8}, 2)
	noErr(t, p.Err())

	if trainable, all := p.Elements(); trainable != 2 || all != 8 {
		t.Errorf("elements: got %d of %d trainable, want 2 of 8", trainable, all)
	}
	if list := p.Trainable(); len(list) != 1 || list[0].Name != "trained" {
		t.Errorf("trainable: got %v, want trained alone", list)
	}
	if p.Device() != CPU {
		t.Errorf("device: got %v, want %v", p.Device(), CPU)
	}
	q, ok := p.Lookup("frozen")
	if !ok {
		t.Fatal("frozen is not found")
	}
	noErr(t, q.SetFloat32s([]float32{6, 5, 4, 3, 2, 1}))
	got, err := q.Float32s()
	noErr(t, err)
	near(t, "frozen", got, []float32{6, 5, 4, 3, 2, 1}, 0)
	if _, ok := p.Lookup("missing"); ok {
		t.Error("a parameter that was never made is found")
	}

	plain(t, q.SetFloat32s([]float32{1}), "parameter frozen", "got 1 values", "want 6", "float32[2,3]")
	plain(t, q.SetFloat32s(nil), "parameter frozen", "got 0 values", "want 6")
	near(t, "frozen after refused writes", float32s(t, q.Tensor), []float32{6, 5, 4, 3, 2, 1}, 0)
}

func TestParametersErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(p *Parameters)
		want []string
	}{
		{"name taken", func(p *Parameters) { p.Linear("a", 2, 2); p.Linear("a", 2, 2) }, []string{"parameter a.weight", "taken"}},
		{"too few values", func(p *Parameters) { p.Values("a", true, []float32{1, 2}, 3) }, []string{"parameter a", "got 2 values", "want 3"}},
		{"no values", func(p *Parameters) { p.Values("a", true, nil, 3) }, []string{"parameter a", "got 0 values", "want 3"}},
		{"no shape", func(p *Parameters) { p.Values("a", true, []float32{1}) }, []string{"parameter a", "zeros"}},
		{"negative size", func(p *Parameters) { p.Uniform("a", 1, -2, 3) }, []string{"parameter a", "zeros"}},
		{"negative bound", func(p *Parameters) { p.Uniform("a", -1, 2) }, []string{"parameter a", "fill(float32[2])"}},
		{"the first stays", func(p *Parameters) { p.Uniform("a", 1, -2); p.Uniform("b", 1, -2) }, []string{"parameter a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lock(t)
			p := newParameters(t, 1)
			c.make(p)
			plain(t, p.Err(), c.want...)
			if x := p.Uniform("later", 1, 2); x.Defined() {
				t.Error("a failed set makes another parameter")
			}
		})
	}
}
