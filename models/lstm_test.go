package models

import (
	"testing"

	"absa/configs"
	"absa/internal/torch"
)

// TestLSTMKinds compares logits and gradients of a model with the fused LSTM
// with those of LibTorch's, with dropout everywhere.
func TestLSTMKinds(t *testing.T) {
	config := configs.Model{
		Hidden: 8, Layers: 2, EmbeddingDropout: 0.2, LayerDropout: 0.3, OutputDropout: 0.2,
		Attention: configs.Attention{Kind: "additive"},
		Head:      configs.Head{Hidden: 4, Dropout: 0.2, Presence: true},
	}
	labels := Labels{Aspects: []string{"food", "price"}, Polarities: []string{"positive", "negative"}}
	run := func(kind string) (logits, gradients []float32) {
		config.LSTM = kind
		m, s := newModel(t, config, labels), newScope(t)
		noErr(t, torch.Seed(5))
		out := m.Forward(s, feed(s, []int64{3, 1, 4, 1, 5}, []int64{9, 2, 6}, []int64{5}))
		s.Backward(s.Add(s.Sum(s.Mul(out.Logits, out.Logits)), s.Sum(out.Presence)))
		for _, p := range m.Parameters.All() {
			gradients = append(gradients, s.Float32s(s.Grad(p.Tensor))...)
		}
		logits = s.Float32s(out.Logits)
		noErr(t, s.Err())
		return logits, gradients
	}
	want, wantGradients := run("aten")
	got, gradients := run("fused")
	near(t, "logits", got, want, 1e-5, 0)
	near(t, "gradients", gradients, wantGradients, 1e-5, 0)
}
