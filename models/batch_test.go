package models

import (
	"fmt"
	"testing"

	"absa/configs"
	"absa/internal/torch"
)

// architectures returns every way of pooling that a configuration can ask for.
func architectures() []configs.Model {
	base := configs.Model{Hidden: 8, Layers: 2, Head: configs.Head{Hidden: 4, Presence: true}}
	var out []configs.Model
	add := func(a configs.Attention) {
		m := base
		a.Heads = 2
		m.Attention = a
		out = append(out, m)
	}
	for _, pool := range []string{"last_padded", "last", "mean", "max", "query"} {
		for _, masked := range []bool{true, false} {
			add(configs.Attention{Kind: "self", Pool: pool, Masked: masked})
		}
	}
	add(configs.Attention{Kind: "additive", Pool: "query"})
	for _, pool := range []string{"last", "mean", "max"} {
		add(configs.Attention{Kind: "none", Pool: pool})
	}
	return out
}

// TestBatchDependence puts a sentence into different batches. What a model says
// of it changes with the batch if and only if the configuration is marked so.
func TestBatchDependence(t *testing.T) {
	const limit = 1e-6 // of the logits' norm
	sentence := []int64{3, 14, 15, 9}
	long := []int64{2, 6, 5, 3, 5, 8, 9, 7, 9}
	same, short := []int64{1, 2, 3, 4}, []int64{7, 1}
	batches := []struct {
		name      string
		sentences [][]int64
		at        int  // of the sentence
		padded    bool // it is shorter than the batch
	}{
		{"alone", [][]int64{sentence}, 0, false},
		{"before a shorter one", [][]int64{sentence, short}, 0, false},
		{"twice", [][]int64{sentence, sentence}, 1, false},
		{"after one of its length", [][]int64{same, sentence, short}, 1, false},
		{"after a longer one", [][]int64{long, sentence}, 1, true},
		{"after several longer ones", [][]int64{long, long[:7], long[:5], same, sentence, short}, 4, true},
	}
	for _, config := range architectures() {
		a := config.Attention
		dependent := (&configs.Config{Model: config}).BatchDependent()
		t.Run(fmt.Sprintf("%s %s masked %v", a.Kind, a.Pool, a.Masked), func(t *testing.T) {
			s := newScope(t)
			m := newModel(t, config, Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "negative"}})
			var want []float32
			for _, b := range batches {
				s.Reset()
				got := saidOf(s, m, b.sentences, int64(b.at))
				noErr(t, s.Err())
				if want == nil { // alone
					want = got
					continue
				}
				differs := distance(got, want) > limit*norm(want)
				if expected := dependent && b.padded; differs != expected {
					t.Errorf("%s: the logits differ by %.2g of %.2g from those alone (%v), want %v as BatchDependent is %v",
						b.name, distance(got, want), norm(want), differs, expected, dependent)
				}
			}
		})
	}
}

// saidOf returns logits and presence logits of the sentence at a place of a
// batch.
func saidOf(s *torch.Scope, m *Model, sentences [][]int64, at int64) []float32 {
	out := m.Forward(s, feed(s, sentences...))
	return append(s.Float32s(s.Select(out.Logits, 0, at)), s.Float32s(s.Select(out.Presence, 0, at))...)
}

// TestDropout holds that each rate alone drops something in training, and
// nothing in inference.
func TestDropout(t *testing.T) {
	labels := Labels{Aspects: []string{"food"}, Polarities: []string{"positive", "negative"}}
	batch := [][]int64{{3, 14, 15, 9}, {2, 6, 5}, {1, 1}}
	rates := []struct {
		name string
		set  func(m *configs.Model)
	}{
		{"embedding", func(m *configs.Model) { m.EmbeddingDropout = 0.5 }},
		{"layer", func(m *configs.Model) { m.LayerDropout = 0.5 }},
		{"output", func(m *configs.Model) { m.OutputDropout = 0.5 }},
		{"head", func(m *configs.Model) { m.Head.Dropout = 0.5 }},
	}
	said := func(t *testing.T, s *torch.Scope, m *Model) (logits, presence []float32) {
		noErr(t, torch.Seed(1))
		out := m.Forward(s, feed(s, batch...))
		logits, presence = s.Float32s(out.Logits), s.Float32s(out.Presence)
		noErr(t, s.Err())
		return logits, presence
	}
	for _, plain := range architectures() {
		for _, rate := range rates {
			a := plain.Attention
			t.Run(fmt.Sprintf("%s %s masked %v %s", a.Kind, a.Pool, a.Masked, rate.name), func(t *testing.T) {
				s := newScope(t)
				logits, presence := said(t, s, newModel(t, plain, labels))
				dropping := plain
				rate.set(&dropping)
				m := newModel(t, dropping, labels)
				trainedLogits, trainedPresence := said(t, s, m)
				if distance(trainedLogits, logits) == 0 || distance(trainedPresence, presence) == 0 {
					t.Error("in training nothing is dropped")
				}
				s.Close()

				inference := torch.NewInferenceScope(torch.CPU)
				defer inference.Close()
				gotLogits, gotPresence := said(t, inference, m)
				near(t, "logits in inference", gotLogits, logits, 1e-6, 0)
				near(t, "presence in inference", gotPresence, presence, 1e-6, 0)
			})
		}
	}
}
