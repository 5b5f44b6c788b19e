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

// TestDropoutIsForTrainingAlone compares an inference scope of a model with
// dropout everywhere with the same model without.
func TestDropoutIsForTrainingAlone(t *testing.T) {
	labels := Labels{Aspects: []string{"food"}, Polarities: []string{"positive", "negative"}}
	sentence := []int64{3, 14, 15, 9}
	for _, plain := range architectures() {
		a := plain.Attention
		t.Run(fmt.Sprintf("%s %s masked %v", a.Kind, a.Pool, a.Masked), func(t *testing.T) {
			s := newScope(t)
			want := saidOf(s, newModel(t, plain, labels), [][]int64{sentence}, 0)
			dropping := plain
			dropping.EmbeddingDropout, dropping.LayerDropout, dropping.OutputDropout, dropping.Head.Dropout = 0.5, 0.5, 0.5, 0.5
			m := newModel(t, dropping, labels)
			trained := saidOf(s, m, [][]int64{sentence}, 0)
			noErr(t, s.Err())
			if distance(trained, want) == 0 {
				t.Error("in training nothing is dropped")
			}
			s.Close()

			inference := torch.NewInferenceScope(torch.CPU)
			defer inference.Close()
			got := saidOf(inference, m, [][]int64{sentence}, 0)
			noErr(t, inference.Err())
			near(t, "inference", got, want, 1e-6, 0)
		})
	}
}
