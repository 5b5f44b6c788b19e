package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLogMeanProbability compares with the definition, on logits whose softmax is in
// range, and holds that the others stay finite.
func TestLogMeanProbability(t *testing.T) {
	const pairs, classes = 50, 4
	random := rand.New(rand.NewPCG(1, 0))
	models := make([][]float32, 3)
	for m := range models {
		for range pairs * classes {
			models[m] = append(models[m], float32(4*random.NormFloat64()))
		}
	}
	got := LogMeanProbability(models, classes)
	for i := range got {
		pair := i / classes * classes
		mean := 0.0
		for _, z := range models {
			sum := 0.0
			for _, v := range z[pair : pair+classes] {
				sum += math.Exp(float64(v))
			}
			mean += math.Exp(float64(z[i])) / sum / float64(len(models))
		}
		if p := Probability(got[pair:pair+classes], i-pair, 1); math.Abs(p-mean) > 1e-6 || math.Abs(math.Exp(float64(got[i]))-mean) > 1e-6 {
			t.Errorf("pair %d, class %d: %v and %v, want %v", pair/classes, i-pair, p, math.Exp(float64(got[i])), mean)
		}
	}
	far := LogMeanProbability([][]float32{{2000, -2000}, {-1000, 3000}}, 2)
	for i, v := range far {
		if want := -math.Ln2; math.Abs(float64(v)-want) > 1e-6 {
			t.Errorf("class %d: %v, want the log of a half", i, v)
		}
	}
	if sure := LogMeanProbability([][]float32{{2000, -2000}, {2000, -2000}}, 2); sure[0] != 0 || sure[1] != -4000 {
		t.Errorf("two that are sure say %v, want 0 and -4000", sure)
	}
}
