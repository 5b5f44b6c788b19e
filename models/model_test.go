package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/torch"
)

func TestHeadNames(t *testing.T) {
	// Every pair that escaping could confuse.
	aspects := []string{"food", "v1.0 50%", "anecdotes/miscellaneous", "a.b", "a%2Eb", "a%252Eb", "a b", "ambiance é"}
	want := []string{"food", "v1%2E0 50%25", "anecdotes/miscellaneous", "a%2Eb", "a%252Eb", "a%25252Eb", "a b", "ambiance é"}
	newScope(t)
	config := configs.Model{Hidden: 4, Layers: 1, Attention: configs.Attention{Kind: "additive"}, Head: configs.Head{Hidden: 2}}
	m := newModel(t, config, Labels{Aspects: aspects, Polarities: []string{"positive", "negative"}})
	var got []string
	for _, q := range m.Parameters.All() {
		if name, ok := strings.CutSuffix(q.Name, ".classifier.weight"); ok {
			got = append(got, strings.TrimPrefix(name, "heads."))
		}
		if module, ok := strings.CutPrefix(q.Name, "heads."); ok {
			if parts := strings.Split(module, "."); !slices.Contains(want, parts[0]) {
				t.Errorf("%s: the part after heads is %q, which is no aspect", q.Name, parts[0])
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("names (-want +got)\n%s", d)
	}
}

// TestHeadsAreTheirOwn sets the biases so that each head says which aspect and
// class a logit is for, with numbers of aspects and classes that differ.
func TestHeadsAreTheirOwn(t *testing.T) {
	labels := Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "neutral", "negative", "conflict"}, AbsentClass: true}
	s := newScope(t)
	m := newModel(t, configs.Model{Hidden: 4, Layers: 1, Attention: configs.Attention{Kind: "none", Pool: "mean"}, Head: configs.Head{Presence: true}}, labels)
	set := func(name string, value func(i int) float32) {
		q, ok := m.Parameters.Lookup(name)
		if !ok {
			t.Fatalf("no parameter %s", name)
		}
		values := make([]float32, q.Tensor.Elements())
		for i := range values {
			values[i] = value(i)
		}
		noErr(t, q.SetFloat32s(values))
	}
	zero := func(int) float32 { return 0 }
	for a, aspect := range labels.Aspects {
		set("heads."+aspect+".classifier.weight", zero)
		set("heads."+aspect+".classifier.bias", func(i int) float32 { return float32(10*a + i) })
		set("heads."+aspect+".presence.weight", zero)
		set("heads."+aspect+".presence.bias", func(int) float32 { return float32(-a) })
	}
	out := m.Forward(s, feed(s, []int64{1, 2, 3}, []int64{4}))
	sentence := []float32{0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24}
	near(t, "logits", s.Float32s(out.Logits), slices.Repeat(sentence, 2), 0, 1)
	near(t, "presence", s.Float32s(out.Presence), []float32{0, -1, -2, 0, -1, -2}, 0, 1)
	noErr(t, s.Err())
	if d := cmp.Diff([]string{Absent, "positive", "neutral", "negative", "conflict"}, labels.Classes()); d != "" {
		t.Errorf("classes (-want +got)\n%s", d)
	}
}

// TestAnotherAspectLeavesTheOthers holds that the initial weights of a head do
// not depend on which others there are.
func TestAnotherAspectLeavesTheOthers(t *testing.T) {
	s := newScope(t)
	config := configs.Model{Hidden: 4, Layers: 1, Attention: configs.Attention{Kind: "additive"}}
	food := func(aspects ...string) []float32 {
		m := newModel(t, config, Labels{Aspects: aspects, Polarities: []string{"positive", "negative"}})
		out := m.Forward(s, feed(s, []int64{1, 2, 3}))
		return s.Float32s(s.Select(out.Logits, 1, int64(slices.Index(aspects, "food"))))
	}
	want := food("food")
	got := food("price", "food", "service")
	noErr(t, s.Err())
	near(t, "logits of food", got, want, 1e-6, 0)
}

func TestNewErrors(t *testing.T) {
	self := func(heads int, pool string) configs.Attention {
		return configs.Attention{Kind: "self", Heads: heads, Pool: pool}
	}
	good := testVectors()
	for _, c := range []struct {
		name      string
		attention configs.Attention
		aspects   []string
		vectors   Vectors
		want      string
	}{
		{"kind", configs.Attention{Kind: "cross"}, nil, good, `attention kind "cross" is not known`},
		{"heads", self(3, "mean"), nil, good, "8 features cannot be divided among 3 attention heads"},
		{"no heads", self(0, "mean"), nil, good, "divided among 0"},
		{"pool", self(2, "first"), nil, good, `pool "first" is not known`},
		{"pool without attention", configs.Attention{Kind: "none", Pool: "query"}, nil, good, `pool "query" needs attention`},
		{"an aspect twice", self(2, "mean"), []string{"food", "food"}, good, "heads.food.attention.query.weight: the name is taken"},
		{"no vectors", self(2, "mean"), nil, Vectors{Dimension: 3}, "0 vector values are no rows of 3"},
		{"half a row", self(2, "mean"), nil, Vectors{Values: make([]float32, 7), Dimension: 3}, "7 vector values are no rows of 3"},
		{"no dimension", self(2, "mean"), nil, Vectors{Values: make([]float32, 7)}, "no rows of 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			newScope(t)
			live := torch.Live()
			if c.aspects == nil {
				c.aspects = []string{"food"}
			}
			m, err := New(configs.Model{Hidden: 4, Layers: 1, Attention: c.attention}, Labels{Aspects: c.aspects, Polarities: []string{"positive"}}, c.vectors, torch.CPU, 1)
			if err == nil {
				m.Close()
				t.Fatal("got no error")
			}
			if !strings.HasPrefix(err.Error(), "model: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want model: ... %q", err, c.want)
			}
			if got := torch.Live(); got != live {
				t.Errorf("%d tensors are left", got-live)
			}
		})
	}
}

// TestForwardErrors holds that a bad batch is an error of the scope for every
// architecture, and no crash.
func TestForwardErrors(t *testing.T) {
	for _, config := range architectures() {
		a := config.Attention
		t.Run(fmt.Sprintf("%s %s masked %v", a.Kind, a.Pool, a.Masked), func(t *testing.T) {
			s := newScope(t)
			m := newModel(t, config, twoAspects)
			l, err := NewLoss(configs.Loss{Reduction: "aspect", PresenceWeight: 1}, twoAspects)
			noErr(t, err)
			out := m.Forward(s, feed(s, []int64{1, testWords})) // no such word
			s.Backward(l.Forward(s, out, l.Targets([]int64{0, 0})))
			if err := s.Err(); err == nil || !strings.HasPrefix(err.Error(), "embedding(") {
				t.Errorf("got error %v, want one of embedding", err)
			}
		})
	}
}
