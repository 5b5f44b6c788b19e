package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"absa/configs"
	"absa/internal/torch"
)

// trained is what a training step says and finds.
type trained struct {
	logits, presence []float32
	loss             float64
	correct          int
	gradients        map[string][]float32
}

// train runs a step of a new model up to the gradients, on all pairs or on those
// alone that the loss reads.
func train(t *testing.T, config configs.Model, labels Labels, sentences [][]int64, given []int64, every bool) trained {
	t.Helper()
	s := torch.NewScope(torch.CPU)
	defer s.Close()
	m, err := New(config, labels, testVectors(), torch.CPU, 1)
	noErr(t, err)
	defer m.Close()
	lossConfig := configs.Loss{Reduction: "aspect", LabelSmoothing: 0.1}
	if config.Head.Presence {
		lossConfig.PresenceWeight = 0.5
	}
	loss, err := NewLoss(lossConfig, labels)
	noErr(t, err)
	noErr(t, torch.Seed(5))

	targets := loss.Targets(given)
	in := feed(s, sentences...)
	if !every {
		in.Pairs = loss.Reads(targets)
	}
	out := m.Forward(s, in)
	value := loss.Forward(s, out, targets)
	s.Backward(value)
	r := trained{logits: s.Float32s(out.Logits), loss: s.Item(value), gradients: map[string][]float32{}}
	r.correct = targets.Correct(out.Pairs, s.Read(nil, out.Logits))
	if out.Presence.Defined() {
		r.presence = s.Float32s(out.Presence)
	}
	for _, q := range m.Parameters.All() {
		if g := s.Grad(q.Tensor); g.Defined() {
			r.gradients[q.Name] = s.Float32s(g)
		}
	}
	if every || targets.Pairs == 0 || config.Head.Presence {
		if d := len(r.logits) - len(given)*len(labels.Classes()); d != 0 {
			t.Errorf("%d logits more than those of all pairs", d)
		}
	} else if shape := out.Logits.Shape(); !slices.Equal(shape, []int64{int64(targets.Pairs), int64(len(labels.Classes()))}) {
		t.Errorf("the logits of %d pairs have shape %v", targets.Pairs, shape)
	}
	noErr(t, s.Err())
	return r
}

// sameGradients compares each gradient, relative to its norm or a thousandth of
// that of all: what is much smaller has the rounding of what it comes from. That
// of a key's bias is nothing else (TestGoldens).
func sameGradients(t *testing.T, got, want map[string][]float32) {
	t.Helper()
	var all []float32
	for _, g := range want {
		all = append(all, g...)
	}
	for name, g := range want {
		scale := max(norm(g), norm(all)/1000)
		if strings.HasSuffix(name, ".attention.key.bias") {
			scale = norm(all)
		}
		near(t, "gradient of "+name, got[name], g, 1e-5, scale)
	}
	if len(got) != len(want) {
		t.Errorf("%d parameters have a gradient, want %d", len(got), len(want))
	}
}

// TestKernels compares the operations of torch's own with the compositions of
// LibTorch's, with dropout everywhere.
func TestKernels(t *testing.T) {
	newScope(t)
	labels := Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "negative"}}
	sentences := [][]int64{{3, 1, 4, 1, 5}, {2, 7, 1, 8, 2}, {9, 2, 6}, {5}}
	given := []int64{0, 1, -1, -1, -1, -1, 1, 0, -1, -1, 0, -1}
	for _, config := range architectures() {
		config.EmbeddingDropout, config.LayerDropout, config.OutputDropout, config.Head.Dropout = 0.2, 0.3, 0.2, 0.2
		for _, presence := range []bool{true, false} {
			config.Head.Presence = presence
			a := config.Attention
			t.Run(fmt.Sprintf("%s %s masked %v presence %v", a.Kind, a.Pool, a.Masked, presence), func(t *testing.T) {
				config.Kernels = "aten"
				want := train(t, config, labels, sentences, given, false)
				config.Kernels = "fused"
				got := train(t, config, labels, sentences, given, false)
				near(t, "logits", got.logits, want.logits, 1e-5, 0)
				near(t, "presence", got.presence, want.presence, 1e-5, 0)
				near(t, "loss", []float32{float32(got.loss)}, []float32{float32(want.loss)}, 1e-5, 0)
				sameGradients(t, got.gradients, want.gradients)
			})
		}
	}
}

// TestLabelledPairs holds that leaving out the pairs that the loss does not read
// changes nothing.
func TestLabelledPairs(t *testing.T) {
	newScope(t)
	labels := Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "negative"}, AbsentClass: true}
	sentences := [][]int64{{3, 1, 4, 1, 5}, {2, 7, 1, 8, 2}, {9, 2, 6}, {5}}
	const none = -1
	for _, c := range []struct {
		name  string
		given []int64 // [B,A]
	}{
		{"some", []int64{0, 1, none, none, none, 1, 1, none, 0, none, 0, none}},
		{"an aspect without a label", []int64{0, none, 0, 1, none, none, none, none, none, none, none, 1}},
		{"all", []int64{0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1}},
		{"one", []int64{none, none, none, none, none, none, none, 1, none, none, none, none}},
		{"none", slices.Repeat([]int64{none}, 12)},
	} {
		for _, config := range architectures() {
			config.Head.Presence = false
			for _, config.Kernels = range []string{"fused", "aten"} {
				a := config.Attention
				t.Run(fmt.Sprintf("%s, %s, %s %s masked %v", c.name, config.Kernels, a.Kind, a.Pool, a.Masked), func(t *testing.T) {
					want := train(t, config, labels, sentences, c.given, true)
					got := train(t, config, labels, sentences, c.given, false)
					classes := len(labels.Classes())
					var logits []float32
					for a := range labels.Aspects {
						for i := a; i < len(c.given); i += len(labels.Aspects) {
							if c.given[i] != none {
								logits = append(logits, want.logits[i*classes:(i+1)*classes]...)
							}
						}
					}
					if len(logits) > 0 {
						near(t, "logits", got.logits, logits, 1e-5, 0)
					}
					near(t, "loss", []float32{float32(got.loss)}, []float32{float32(want.loss)}, 1e-6, 0)
					if got.correct != want.correct {
						t.Errorf("%d correct, want %d", got.correct, want.correct)
					}
					sameGradients(t, got.gradients, want.gradients)
				})
			}
		}
	}
}
