package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"absa/configs"
)

// TestBranch holds that auxiliary heads answer as those of a model of their labels do,
// and leave the model's own answers as they were.
func TestBranch(t *testing.T) {
	labels := Labels{Aspects: []string{"food", "price"}, Polarities: []string{"positive", "negative"}}
	others := Labels{Aspects: []string{"food", "v1.2", "room"}, Polarities: []string{"good", "bad", "so-so"}}
	configsOf := map[string]configs.Model{
		"additive": {Hidden: 4, Layers: 1, Kernels: "fused", Attention: configs.Attention{Kind: "additive", Masked: true}, Head: configs.Head{Presence: true}},
		"self":     {Hidden: 4, Layers: 1, Kernels: "fused", Attention: configs.Attention{Kind: "self", Heads: 2, Masked: true, Pool: "query"}, Head: configs.Head{Hidden: 3}},
		"none":     {Hidden: 4, Layers: 2, Kernels: "aten", Attention: configs.Attention{Kind: "none", Pool: "max"}},
	}
	for name, config := range configsOf {
		t.Run(name, func(t *testing.T) {
			s := newScope(t)
			m, alone, of := newModel(t, config, labels), newModel(t, config, labels), newModel(t, config, others)
			b, err := m.AddBranch(2, others)
			noErr(t, err)
			for _, q := range of.Parameters.All() {
				from := q.Name
				if strings.HasPrefix(from, "heads.") {
					from = "auxiliary.2." + from
				}
				p, ok := m.Parameters.Lookup(from)
				if !ok || IsAuxiliary(p.Name) != (p.Name != q.Name) {
					t.Fatalf("no parameter %s", from)
				}
				values, err := p.Float32s()
				noErr(t, err)
				noErr(t, q.SetFloat32s(values))
			}
			if got, want := len(m.Parameters.All())-len(alone.Parameters.All()), strings.Count(fmt.Sprint(headNames(of)), "heads."); got != want {
				t.Errorf("%d parameters more, want %d", got, want)
			}
			in := feed(s, []int64{3, 4, 5}, []int64{6, 7}, []int64{8})
			for _, pairs := range []Pairs{{}, {Sentences: []int64{0, 2, 1}, Ends: []int64{1, 2, 3}}} {
				in.Pairs = pairs
				got, want := m.ForwardBranch(s, b, in), of.Forward(s, in)
				if a, b := s.Float32s(got.Logits), s.Float32s(want.Logits); !slices.Equal(a, b) || len(a) == 0 {
					t.Errorf("logits %v, want %v", a, b)
				}
				if config.Head.Presence && !slices.Equal(s.Float32s(got.Presence), s.Float32s(want.Presence)) {
					t.Error("presence is another")
				}
			}
			in.Pairs = Pairs{}
			if a, b := s.Float32s(m.Forward(s, in).Logits), s.Float32s(alone.Forward(s, in).Logits); !slices.Equal(a, b) {
				t.Errorf("the model's own logits %v, want %v", a, b)
			}
			noErr(t, s.Err())
			if _, err := m.AddBranch(2, others); err == nil {
				t.Error("a number is taken twice")
			}
		})
	}
}

func headNames(m *Model) (names []string) {
	for _, q := range m.Parameters.All() {
		if strings.HasPrefix(q.Name, "heads.") {
			names = append(names, q.Name)
		}
	}
	return names
}
