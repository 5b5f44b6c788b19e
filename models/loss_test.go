package models

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"absa/configs"
	"absa/internal/torch"
)

var (
	twoAspects = Labels{Aspects: []string{"food", "price"}, Polarities: []string{"positive", "neutral", "negative"}}
	weights    = []configs.ClassWeight{{Label: "negative", Weight: 3}, {Label: "neutral", Weight: 0.5}}
)

func withAbsent(l Labels) Labels {
	l.AbsentClass = true
	return l
}

func TestTargets(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		name   string
		labels Labels
		config configs.Loss
		given  []int64
		want   Targets
	}{
		{
			// food: weights 1 and 3 over their sum 4; price: 1 label alone.
			name: "per aspect", labels: twoAspects, config: configs.Loss{Reduction: "aspect", ClassWeights: weights},
			given: []int64{0, none, 2, 1, none, none},
			want: Targets{
				Class: []int64{0, 0, 2, 1, 0, 0}, Weight: []float32{0.25, 0, 0.75, 1, 0, 0},
				Present: []float32{1, 0, 1, 1, 0, 0}, Share: 1, Pairs: 3,
			},
		},
		{
			name: "over all pairs", labels: twoAspects, config: configs.Loss{Reduction: "pairs", ClassWeights: weights},
			given: []int64{0, none, 2, 1, none, none},
			want: Targets{
				Class: []int64{0, 0, 2, 1, 0, 0}, Weight: []float32{1 / 4.5, 0, 3 / 4.5, 0.5 / 4.5, 0, 0},
				Present: []float32{1, 0, 1, 1, 0, 0}, Share: 1, Pairs: 3,
			},
		},
		{
			name: "class 0 is absent", labels: withAbsent(twoAspects), config: configs.Loss{Reduction: "aspect", ClassWeights: append(slices.Clone(weights), configs.ClassWeight{Label: Absent, Weight: 9})},
			given: []int64{0, none, 2, 1},
			want: Targets{
				Class: []int64{1, 0, 3, 2}, Weight: []float32{0.25, 0, 0.75, 1},
				Present: []float32{1, 0, 1, 1}, Share: 1, Pairs: 3,
			},
		},
		{
			name: "an aspect without a label", labels: twoAspects, config: configs.Loss{Reduction: "aspect"},
			given: []int64{none, 1, none, 1},
			want: Targets{
				Class: []int64{0, 1, 0, 1}, Weight: []float32{0, 0.5, 0, 0.5},
				Present: []float32{0, 1, 0, 1}, Share: 1, Pairs: 2,
			},
		},
		{
			name: "no label", labels: twoAspects, config: configs.Loss{Reduction: "pairs"},
			given: []int64{none, none},
			want:  Targets{Class: []int64{0, 0}, Weight: []float32{0, 0}, Present: []float32{0, 0}, Share: 1},
		},
		{
			name: "only labels of weight 0", labels: twoAspects, config: configs.Loss{Reduction: "aspect", ClassWeights: []configs.ClassWeight{{Label: "neutral", Weight: 0}}},
			given: []int64{1, 1},
			want:  Targets{Class: []int64{1, 1}, Weight: []float32{0, 0}, Present: []float32{1, 1}, Share: 1, Pairs: 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := NewLoss(c.config, c.labels)
			noErr(t, err)
			if d := cmp.Diff(c.want, l.Targets(c.given), cmpopts.EquateApprox(1e-6, 0)); d != "" {
				t.Errorf("targets (-want +got)\n%s", d)
			}
		})
	}
}

func TestNewLossRefusesAnUnknownLabel(t *testing.T) {
	for _, label := range []string{"postive", "", Absent} { // absent is a class only where the head has it
		_, err := NewLoss(configs.Loss{ClassWeights: []configs.ClassWeight{{Label: label, Weight: 1}}}, twoAspects)
		if err == nil {
			t.Errorf("label %q: got no error", label)
			continue
		}
		for _, part := range []string{"loss.class_weights", `"` + label + `"`, `"positive" "neutral" "negative"`} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("label %q: got %q, want it to hold %q", label, err, part)
			}
		}
	}
}

// TestLoss compares with the definition, worked out on the host in float64, on
// three aspects of five classes: nothing may depend on the two being equal.
func TestLoss(t *testing.T) {
	labels := Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "neutral", "negative", "conflict"}, AbsentClass: true}
	config := configs.Model{
		Hidden: 8, Layers: 1, Attention: configs.Attention{Kind: "self", Heads: 4, Masked: true, Pool: "mean"},
		Head: configs.Head{Presence: true},
	}
	classWeight := []float64{1, 0.5, 2, 1, 3} // absent first
	const presenceWeight = 0.7
	sentences := [][]int64{{3, 1, 4, 1, 5}, {9, 2, 6}, {5, 3, 5}, {8}}
	for _, c := range []struct {
		name      string
		reduction string
		given     []int64 // [B,A]
	}{
		{"per aspect", "aspect", []int64{0, 1, 2, 3, -1, 2, -1, -1, 3, 1, 0, -1}},
		{"over all pairs", "pairs", []int64{0, 1, 2, 3, -1, 2, -1, -1, 3, 1, 0, -1}},
		{"an aspect without a label", "aspect", []int64{0, -1, 2, 3, -1, 2, -1, -1, 3, 1, -1, -1}},
		{"one label", "pairs", []int64{-1, -1, -1, -1, -1, -1, -1, 2, -1, -1, -1, -1}},
		{"no label, per aspect", "aspect", slices.Repeat([]int64{-1}, 12)},
		{"no label, over all pairs", "pairs", slices.Repeat([]int64{-1}, 12)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := newScope(t), newModel(t, config, labels)
			lossConfig := configs.Loss{Reduction: c.reduction, PresenceWeight: presenceWeight}
			for i, class := range labels.Classes() {
				lossConfig.ClassWeights = append(lossConfig.ClassWeights, configs.ClassWeight{Label: class, Weight: classWeight[i]})
			}
			l, err := NewLoss(lossConfig, labels)
			noErr(t, err)
			out := m.Forward(s, feed(s, sentences...))
			loss := l.Forward(s, out, l.Targets(c.given))
			s.Backward(loss)
			noErr(t, s.Err())
			if d := cmp.Diff([]int64{4, 3, 5}, out.Logits.Shape()); d != "" {
				t.Fatalf("shape of the logits (-want +got)\n%s", d)
			}

			const aspects, classes = 3, 5
			logits, presence := s.Float32s(out.Logits), s.Float32s(out.Presence)
			sums, totals := map[int]float64{}, map[int]float64{}
			want := 0.0
			for i, label := range c.given {
				// Binary cross-entropy with a sigmoid: log(1 + e^±x).
				sign := 1.0
				if label >= 0 {
					sign = -1
				}
				want += presenceWeight * math.Log1p(math.Exp(sign*float64(presence[i]))) / float64(len(c.given))
				if label < 0 {
					continue
				}
				sum := 0.0
				for k := range classes {
					sum += math.Exp(float64(logits[i*classes+k]))
				}
				class := int(label) + 1
				group := i % aspects
				if c.reduction == "pairs" {
					group = 0
				}
				sums[group] += classWeight[class] * (math.Log(sum) - float64(logits[i*classes+class]))
				totals[group] += classWeight[class]
			}
			for group, total := range totals {
				want += sums[group] / total
			}
			if got := s.Item(loss); math.Abs(got-want) > 1e-6*want {
				t.Errorf("loss: got %.8f, want %.8f", got, want)
			}

			for _, q := range m.Parameters.Trainable() {
				if n := norm(gradient(t, s, q)); math.IsNaN(n) || math.IsInf(n, 0) {
					t.Errorf("gradient of %s: norm %g", q.Name, n)
				}
			}
			for a, aspect := range labels.Aspects {
				labelled := false
				for i := a; i < len(c.given); i += aspects {
					labelled = labelled || c.given[i] >= 0
				}
				q, _ := m.Parameters.Lookup("heads." + aspect + ".classifier.weight")
				if n := norm(gradient(t, s, q)); (n != 0) != labelled {
					t.Errorf("gradient of %s: norm %g, but %s has a label: %v", q.Name, n, aspect, labelled)
				}
			}
			noErr(t, s.Err())
		})
	}
}

// lossOf returns the sum of the losses of logits [B,A,C] and presence logits
// [B,A] in batches of the given sizes, and the gradients of both.
func lossOf(t *testing.T, l *Loss, logits, presence []float32, given []int64, sizes []int) (loss float64, logitGrad, presenceGrad []float32) {
	t.Helper()
	s, aspects, classes := newScope(t), len(l.labels.Aspects), len(l.labels.Classes())
	var batches [][]int64
	for from := 0; len(batches) < len(sizes); {
		to := from + sizes[len(batches)]*aspects
		batches = append(batches, given[from:to])
		from = to
	}
	at := 0
	for n, targets := range l.GroupTargets(batches) {
		b, to := int64(sizes[n]), at+len(batches[n])
		p := torch.NewParameters(torch.CPU, 1)
		defer p.Close()
		out := Output{
			Logits:   p.Values("logits", true, logits[at*classes:to*classes], b, int64(aspects), int64(classes)),
			Presence: p.Values("presence", true, presence[at:to], b, int64(aspects)),
		}
		noErr(t, p.Err())
		value := l.Forward(s, out, targets)
		s.Backward(value)
		loss += s.Item(value)
		logitGrad = append(logitGrad, s.Float32s(s.Grad(out.Logits))...)
		presenceGrad = append(presenceGrad, s.Float32s(s.Grad(out.Presence))...)
		at = to
	}
	noErr(t, s.Err())
	return loss, logitGrad, presenceGrad
}

// TestGroup holds that batches that share a step have the loss and gradients of
// the one batch that holds all their sentences.
func TestGroup(t *testing.T) {
	labels := Labels{Aspects: []string{"food", "price", "service"}, Polarities: []string{"positive", "neutral", "negative", "conflict"}, AbsentClass: true}
	const sentences, aspects, classes, none = 7, 3, 5, -1
	given := []int64{
		0, none, none,
		1, none, none,
		none, 2, none,
		2, none, none,
		none, none, none,
		3, 0, none, // nothing is ever said of the service
		0, 1, none,
	}
	everywhere := slices.Clone(given)
	everywhere[2], everywhere[17] = 3, 1
	r := rand.New(rand.NewPCG(3, 4))
	random := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(2 * r.NormFloat64())
		}
		return values
	}
	logits, presence := random(sentences*aspects*classes), random(sentences*aspects)
	for _, reduction := range []string{"aspect", "pairs"} {
		l, err := NewLoss(configs.Loss{Reduction: reduction, PresenceWeight: 0.7, LabelSmoothing: 0.2, ClassWeights: weights}, labels)
		noErr(t, err)
		for _, c := range []struct {
			name  string
			given []int64
			sizes []int
		}{
			{"one batch", given, []int{7}},
			{"two, price in the second alone", given, []int{2, 5}},
			{"three, one of a sentence", given, []int{2, 1, 4}},
			{"three, one without a label", given, []int{4, 1, 2}},
			{"each sentence alone", given, []int{1, 1, 1, 1, 1, 1, 1}},
			{"three, every aspect has a label", everywhere, []int{3, 3, 1}},
			{"no label at all", slices.Repeat([]int64{none}, sentences*aspects), []int{3, 4}},
		} {
			t.Run(reduction+", "+c.name, func(t *testing.T) {
				want, logitGrad, presenceGrad := lossOf(t, l, logits, presence, c.given, []int{sentences})
				got, gotLogitGrad, gotPresenceGrad := lossOf(t, l, logits, presence, c.given, c.sizes)
				if math.Abs(got-want) > 1e-6*want {
					t.Errorf("loss: got %.9f, want %.9f", got, want)
				}
				near(t, "gradient of the logits", gotLogitGrad, logitGrad, 1e-6, 0)
				near(t, "gradient of the presence logits", gotPresenceGrad, presenceGrad, 1e-6, 0)
			})
		}
	}
}

// TestPresenceIsOffWithoutWeight holds that the presence logits cost nothing
// when they weigh nothing.
func TestPresenceIsOffWithoutWeight(t *testing.T) {
	s := newScope(t)
	m := newModel(t, configs.Model{Hidden: 4, Layers: 1, Attention: configs.Attention{Kind: "none", Pool: "max"}, Head: configs.Head{Presence: true}}, twoAspects)
	l, err := NewLoss(configs.Loss{Reduction: "aspect"}, twoAspects)
	noErr(t, err)
	s.Backward(l.Forward(s, m.Forward(s, feed(s, []int64{1, 2})), l.Targets([]int64{0, -1})))
	noErr(t, s.Err())
	q, ok := m.Parameters.Lookup("heads.food.presence.weight")
	if !ok {
		t.Fatal("the model has no presence logit")
	}
	if n := norm(gradient(t, s, q)); n != 0 {
		t.Errorf("gradient of the presence logit: norm %g, want 0", n)
	}
}

// TestDivergence compares the divergence of two answers for a batch, and its gradient
// for one of them, with PyTorch (reference/golden_models.py), over all pairs and over
// the labelled ones alone.
func TestDivergence(t *testing.T) {
	eachGolden(t, func(t *testing.T, g golden) {
		config := g.loss()
		config.Consistency = 0.5
		loss, err := NewLoss(config, g.labels())
		noErr(t, err)
		shape := g.tensors[g.Name+".logits"].Shape
		targets := loss.Targets(beside(g.ints(t, "labels"), g.ints(t, "labels"), int(shape[1])))
		readsLabelled, err := NewLoss(configs.Loss{}, g.labels())
		noErr(t, err)
		for name, pairs := range map[string]Pairs{"all pairs": {}, "labelled pairs": readsLabelled.Reads(targets)} {
			s := newScope(t)
			p := torch.NewParameters(torch.CPU, 1)
			defer p.Close()
			leaf := p.Values("logits", true, g.floats(t, "logits"), shape...)
			again := torch.New(s, g.floats(t, "again"), shape...)
			logits := s.Reshape(s.Stack(1, leaf, again), 2*shape[0], shape[1], shape[2])
			if !pairs.All() {
				logits = pairs.rows(s, logits, shape[2])
			}
			// The network's, where n-grams answer beside it.
			out := Output{Pairs: pairs, Logits: s.Zeros(logits.Shape()...), Parts: []torch.Tensor{logits, s.Zeros(logits.Shape()...)}}
			if name == "all pairs" {
				out = Output{Pairs: pairs, Logits: logits}
			}
			divergence := loss.Divergence(s, out, targets)
			s.Backward(divergence)
			half := func(golden []float32) []float32 {
				for i := range golden {
					golden[i] /= 2
				}
				return golden
			}
			near(t, name+": divergence", s.Float32s(divergence), half(g.floats(t, "divergence")), 1e-5, 0)
			near(t, name+": gradient", gradient(t, s, p.All()[0]), half(g.floats(t, "divergence.grad")), 1e-5, 0)
			noErr(t, s.Err())
		}
	})
}

// beside puts the rows of b, of so many values, after those of a.
func beside(a, b []int64, row int) (both []int64) {
	for i := 0; i < len(a); i += row {
		both = append(append(both, a[i:i+row]...), b[i:i+row]...)
	}
	return both
}
