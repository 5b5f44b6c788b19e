package models

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/safetensors"
	"absa/internal/torch"
)

// variant is a model of testdata/article.json, in the words of
// reference/compare.py.
type variant struct {
	Name       string
	Aspects    []string
	Polarities []string
	Dimension  int
	Hidden     int
	Layers     int
	Attention  struct {
		Kind   string
		Heads  int
		Masked bool
		Shared bool
		Pool   string
	}
	Head struct {
		Hidden      int
		AbsentClass bool `json:"absent_class"`
		Presence    bool
	}
	NGrams             *configs.NGrams `json:"ngrams"`
	ClassWeights       []float64       `json:"class_weights"`
	Reduction          string
	PresenceWeight     float64 `json:"presence_weight"`
	LabelSmoothing     float64 `json:"label_smoothing"`
	TrainableEmbedding bool    `json:"trainable_embedding"`
}

func (v variant) labels() Labels {
	return Labels{Aspects: v.Aspects, Polarities: v.Polarities, AbsentClass: v.Head.AbsentClass}
}

func (v variant) model() configs.Model {
	m := configs.Model{
		Hidden: v.Hidden, Layers: v.Layers,
		Attention: configs.Attention{Kind: v.Attention.Kind, Heads: v.Attention.Heads, Masked: v.Attention.Masked, Shared: v.Attention.Shared, Pool: v.Attention.Pool},
		Head:      configs.Head{Hidden: v.Head.Hidden, AbsentClass: v.Head.AbsentClass, Presence: v.Head.Presence},
	}
	if v.NGrams != nil {
		m.NGrams = *v.NGrams
	}
	return m
}

func (v variant) loss() configs.Loss {
	l := configs.Loss{Reduction: v.Reduction, PresenceWeight: v.PresenceWeight, LabelSmoothing: v.LabelSmoothing}
	for i, class := range v.labels().Classes() {
		l.ClassWeights = append(l.ClassWeights, configs.ClassWeight{Label: class, Weight: v.ClassWeights[i]})
	}
	return l
}

// TestGoldens compares each variant with PyTorch (reference/golden_models.py) on
// one batch: outputs, loss and the gradient of every parameter, relative in norm.
//
// The gradient of attention.key.bias is zero in theory: it adds the same to all
// scores of a query, which softmax cancels. PyTorch has rounding noise there,
// and so has this package where it projects every key; where it folds the key
// into the query the bias takes no part. Relative to itself noise compares with
// nothing, so its scale is the norm of all gradients.
func TestGoldens(t *testing.T) {
	const limit = 1e-5
	eachGolden(t, func(t *testing.T, g golden) {
		s := newScope(t)
		m := g.model(t)
		loss, err := NewLoss(g.loss(), g.labels())
		noErr(t, err)
		out := m.Forward(s, g.feed(t, s))
		value := loss.Forward(s, out, loss.Targets(g.ints(t, "labels")))
		s.Backward(value)
		noErr(t, s.Err())

		if d := cmp.Diff(g.tensors[g.Name+".logits"].Shape, out.Logits.Shape()); d != "" {
			t.Errorf("shape of the logits (-want +got)\n%s", d)
		}
		near(t, "logits", s.Float32s(out.Logits), g.floats(t, "logits"), limit, 0)
		near(t, "loss", s.Float32s(value), g.floats(t, "loss"), limit, 0)
		if out.Presence.Defined() != g.Head.Presence {
			t.Errorf("presence logits: got %v, want %v", out.Presence.Defined(), g.Head.Presence)
		}
		if g.Head.Presence {
			near(t, "presence", s.Float32s(out.Presence), g.floats(t, "presence"), limit, 0)
		}
		noErr(t, s.Err())

		var all []float32
		for name := range g.tensors {
			if strings.HasPrefix(name, g.Name+".grad.") {
				all = append(all, g.floats(t, strings.TrimPrefix(name, g.Name+"."))...)
			}
		}
		for _, q := range m.Parameters.All() {
			got := gradient(t, s, q)
			if _, ok := g.tensors[g.Name+".grad."+q.Name]; !ok {
				near(t, q.Name+" has no gradient in PyTorch", got, make([]float32, len(got)), 0, 1)
				continue
			}
			limit, scale := float64(limit), 0.0
			switch {
			case strings.HasSuffix(q.Name, ".attention.key.bias"):
				scale = norm(all)
			case strings.HasSuffix(q.Name, "attention.projection.bias"):
				// Its terms nearly cancel, so that float32 leaves it fewer digits.
				limit = 1e-4
			}
			near(t, "gradient of "+q.Name, got, g.floats(t, "grad."+q.Name), limit, scale)
		}
	})
}

// goldens reads the variants of testdata and their tensors, by name.
func goldens(t *testing.T) ([]variant, map[string]safetensors.Tensor) {
	t.Helper()
	text, err := os.ReadFile("testdata/article.json")
	noErr(t, err)
	var variants []variant
	noErr(t, json.Unmarshal(text, &variants))
	if len(variants) < 15 {
		t.Fatalf("got %d variants, want 15 at least", len(variants))
	}
	list, _, err := safetensors.ReadFile("testdata/article.safetensors")
	noErr(t, err)
	tensors := map[string]safetensors.Tensor{}
	for _, x := range list {
		tensors[x.Name] = x
	}
	return variants, tensors
}

// golden is a variant with its tensors and the kernels to run it with.
type golden struct {
	variant
	kernels string
	tensors map[string]safetensors.Tensor
}

// eachGolden runs a test for each variant of testdata with both kernels.
func eachGolden(t *testing.T, test func(*testing.T, golden)) {
	variants, tensors := goldens(t)
	for _, v := range variants {
		for _, kernels := range []string{"fused", "aten"} {
			t.Run(v.Name+"/"+kernels, func(t *testing.T) { test(t, golden{v, kernels, tensors}) })
		}
	}
}

func (g golden) floats(t *testing.T, name string) []float32 {
	t.Helper()
	values, err := g.tensors[g.Name+"."+name].Float32()
	noErr(t, err)
	return values
}

func (g golden) ints(t *testing.T, name string) []int64 {
	t.Helper()
	values, err := g.tensors[g.Name+"."+name].Int64()
	noErr(t, err)
	return values
}

// model has the golden weights; the end of the test closes it.
func (g golden) model(t *testing.T) *Model {
	t.Helper()
	config := g.variant.model()
	config.Kernels = g.kernels
	vectors := Vectors{Values: g.floats(t, "weight.embedding.weight"), Dimension: g.Dimension, Trainable: g.TrainableEmbedding}
	m, err := New(config, g.labels(), vectors, torch.CPU, 1)
	noErr(t, err)
	t.Cleanup(m.Close)
	setWeights(t, m, g.tensors, g.Name+".weight.")
	return m
}

// feed is the golden batch.
func (g golden) feed(t *testing.T, s *torch.Scope) Input {
	t.Helper()
	tokens, lengths := g.ints(t, "tokens"), g.ints(t, "lengths")
	sentences := make([][]int64, len(lengths))
	for i, n := range lengths {
		at := i * int(lengths[0])
		sentences[i] = tokens[at : at+int(n)]
	}
	in := feed(s, sentences...)
	if g.NGrams != nil {
		rows := g.ints(t, "ngrams")
		bounds := g.ints(t, "ngram_bounds")
		scale := make([]float32, in.B)
		for i := range scale {
			scale[i] = float32(1 / math.Sqrt(float64(max(1, bounds[i+1]-bounds[i]))))
		}
		in.NGrams, in.NGramBounds = torch.New(s, rows, int64(len(rows))), torch.New(s, bounds, in.B+1)
		in.NGramScale = torch.New(s, scale, in.B, 1)
	}
	return in
}

// setWeights gives a model the weights <prefix><parameter>, which must be those
// it has, in name and shape.
func setWeights(t *testing.T, m *Model, tensors map[string]safetensors.Tensor, prefix string) {
	t.Helper()
	want, got := map[string][]int64{}, map[string][]int64{}
	for name, x := range tensors {
		if parameter, ok := strings.CutPrefix(name, prefix); ok {
			want[parameter] = x.Shape
		}
	}
	for _, q := range m.Parameters.All() {
		got[q.Name] = q.Tensor.Shape()
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("parameters (-PyTorch +here)\n%s", d)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		q, _ := m.Parameters.Lookup(name)
		values, err := tensors[prefix+name].Float32()
		noErr(t, err)
		noErr(t, q.SetFloat32s(values))
	}
}

// gradient returns the gradient of a parameter, zeros where it took no part.
func gradient(t *testing.T, s *torch.Scope, q torch.Parameter) []float32 {
	t.Helper()
	g := s.Grad(q.Tensor)
	if !g.Defined() {
		return make([]float32, q.Tensor.Elements())
	}
	values := s.Float32s(g)
	noErr(t, s.Err())
	return values
}
