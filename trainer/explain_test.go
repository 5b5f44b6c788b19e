package trainer

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/data"
)

// explainAll explains what a predictor says of texts.
func explainAll(t *testing.T, p *Predictor, texts []string, said []Prediction) [][]Weights {
	t.Helper()
	sentences, polarities := make([][]string, len(texts)), make([][]int, len(texts))
	for i, text := range texts {
		for _, w := range p.Words(text) {
			sentences[i] = append(sentences[i], w.Token)
		}
		for _, o := range said[i] {
			polarities[i] = append(polarities[i], o.Polarity)
		}
	}
	explained, err := p.Explain(t.Context(), sentences, polarities)
	if err != nil {
		t.Fatal(err)
	}
	return explained
}

// TestExplain holds that each sentence gets weights of its own words, in batches as
// alone, also for words that training did not see, and that predictions are the
// same bits before and after.
func TestExplain(t *testing.T) {
	texts := []string{"blifty food", "the staff was good but the zorgle was bad , really", "", "good", "we loved the krunk and paid a prazzle"}
	tests := []struct {
		name      string
		set       []string
		attention bool
	}{
		{"additive", []string{"vectors.kind=file", "vectors.dimension=8", "vectors.path=" + vectorsFile(t)}, true},
		{"article", []string{"model.head.absent_class=true", "model.head.presence=false", "model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false"}, true},
		{"no attention", []string{"model.attention.kind=none", "model.attention.pool=last"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := train(t, small(t, append([]string{"train.max_steps=12", "train.learning_rate=0.02", "model.output_dropout=0.5"}, test.set...)...))
			p := predictor(t, r.dir, PredictOptions{})
			said := predictAll(t, p, texts)
			explained := explainAll(t, p, texts, said)
			if diff := cmp.Diff(said, predictAll(t, p, texts)); diff != "" {
				t.Errorf("predictions before and after (-+):\n%s", diff)
			}
			for i, text := range texts {
				alone := explainAll(t, p, texts[i:i+1], said[i:i+1])[0]
				if len(explained[i]) != len(p.Labels.Aspects) {
					t.Fatalf("%q: weights for %d aspects", text, len(explained[i]))
				}
				for a, w := range explained[i] {
					words := len(strings.Fields(text))
					if len(w.Gradient) != words || test.attention != (w.Attention != nil) || test.attention && len(w.Attention) != words {
						t.Fatalf("%q: %d words, weights %+v", text, words, w)
					}
					sum := 0.0
					for _, v := range w.Attention {
						sum += float64(v)
					}
					if test.attention && words > 0 && math.Abs(sum-1) > 1e-5 {
						t.Errorf("%q: attention adds up to %v", text, sum)
					}
					if words > 0 && (relativeError(alone[a].Gradient, w.Gradient) > 1e-4 || norm(w.Gradient) == 0) {
						t.Errorf("%q: alone %v, in a batch %v", text, alone[a].Gradient, w.Gradient)
					}
				}
			}
		})
	}
}

// twoPolarities is a corpus with no more of them.
const twoPolarities = `<sentences>
<sentence id="1"><text>The food was good</text><aspectCategories><aspectCategory category="food" polarity="positive"/></aspectCategories></sentence>
<sentence id="2"><text>The service was bad</text><aspectCategories><aspectCategory category="service" polarity="negative"/></aspectCategories></sentence>
</sentences>`

// TestExplainIsOfThePolarity holds that it is the given polarity that is explained:
// of two, what speaks for one speaks as much against the other.
func TestExplainIsOfThePolarity(t *testing.T) {
	r := train(t, small(t, "train.max_steps=2", "data.polarities=[positive, negative]", "data.train="+write(t, "two.xml", twoPolarities), "data.test=", "data.valid_fraction=0", "train.select=last"))
	p := predictor(t, r.dir, PredictOptions{})
	words := [][]string{{"the", "food", "was", "good"}}
	weights := func(polarity int) []float32 {
		all := make([]int, len(p.Labels.Aspects))
		for a := range all {
			all[a] = polarity
		}
		explained, err := p.Explain(t.Context(), words, [][]int{all})
		if err != nil {
			t.Fatal(err)
		}
		return explained[0][0].Gradient
	}
	other := weights(1)
	for i := range other {
		other[i] = -other[i]
	}
	if e := relativeError(weights(0), other); e > 1e-5 {
		t.Errorf("for %v, against %v", weights(0), other)
	}
	if _, err := p.Explain(t.Context(), words, [][]int{{data.Absent}}); err == nil {
		t.Error("polarities for other aspects are taken")
	}
}
