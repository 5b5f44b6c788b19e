package runs

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/metrics"
)

func TestMean(t *testing.T) {
	log := func(p ...float64) (z []float32) {
		for _, p := range p {
			z = append(z, float32(math.Log(p)))
		}
		return z
	}
	member := func(presence []float32, logits ...float32) *Answers {
		return &Answers{
			Aspects: []string{"food"}, Polarities: []string{"good", "bad"}, AbsentClass: true, Majority: []int{0},
			Gold: []int{0, 1}, Predicted: []int{0, 0}, Logits: logits, Presence: presence,
		}
	}
	// The second is sure of what the first does not know, and the other way round.
	a := member([]float32{0.5, 0.25}, append(log(0.1, 0.5, 0.4), log(0.98, 0.01, 0.01)...)...)
	b := member([]float32{1, 0.75}, append(log(0.1, 0.01, 0.89), log(0.4, 0.3, 0.3)...)...)
	silent := member(nil, b.Logits...)
	for name, test := range map[string]struct {
		members   []*Answers
		predicted []int
		first     []float64 // probabilities of the first sentence
		presence  []float32
	}{
		"two":                         {[]*Answers{a, b}, []int{1, metrics.Absent}, []float64{0.1, 0.255, 0.645}, []float32{0.75, 0.5}},
		"three":                       {[]*Answers{a, a, b}, []int{1, metrics.Absent}, []float64{0.1, 1.01 / 3, 1.69 / 3}, []float32{2. / 3, 1.25 / 3}},
		"one does not tell of aspect": {[]*Answers{a, silent}, []int{1, metrics.Absent}, []float64{0.1, 0.255, 0.645}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Mean(test.members)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.predicted, e.Predicted); diff != "" {
				t.Errorf("predicted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.presence, e.Presence); diff != "" {
				t.Errorf("presence (-want +got):\n%s", diff)
			}
			for c, want := range test.first {
				if p := metrics.Probability(e.Logits[:3], c, 1); math.Abs(p-want) > 1e-6 {
					t.Errorf("probability of class %d is %v, want %v", c, p, want)
				}
			}
			if e.Sentences() != 2 || a.Predicted[0] != 0 {
				t.Errorf("%d sentences; a member now predicts %v", e.Sentences(), a.Predicted)
			}
		})
	}
	other := member(nil, b.Logits...)
	other.Gold = []int{1, 1}
	if _, err := Mean([]*Answers{a, other}); err == nil || !strings.Contains(err.Error(), "other labels") {
		t.Errorf("of other labels: %v", err)
	}
	for _, change := range []func(*Answers){
		func(a *Answers) { a.Aspects = []string{"price"} },
		func(a *Answers) { a.Polarities = []string{"bad", "good"} },
		func(a *Answers) { a.AbsentClass = false },
	} {
		other := member(nil, b.Logits...)
		change(other)
		if _, err := Mean([]*Answers{a, other}); err == nil || !strings.Contains(err.Error(), "other aspects or polarities") {
			t.Errorf("of %+v: %v", other, err)
		}
	}
}
