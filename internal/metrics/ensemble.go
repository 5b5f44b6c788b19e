package metrics

import "math"

// LogMeanProbability returns the logs of the mean of the probabilities that models
// give, [N,C]: of the logits of each, [N,C] too, it takes the softmax. The softmax of
// what it returns is that mean, so that it stands for logits.
func LogMeanProbability(models [][]float32, classes int) []float32 {
	out := make([]float32, len(models[0]))
	logs := make([]float64, len(models)) // of one probability, by model
	norms := make([]float64, len(models))
	for pair := 0; pair < len(out); pair += classes {
		for m, logits := range models {
			norms[m], _ = expectation(logits[pair:pair+classes], 1)
		}
		for i := pair; i < pair+classes; i++ {
			top := math.Inf(-1)
			for m, logits := range models {
				logs[m] = float64(logits[i]) - norms[m]
				top = max(top, logs[m])
			}
			sum := 0.0
			for _, log := range logs {
				sum += math.Exp(log - top)
			}
			out[i] = float32(top + math.Log(sum/float64(len(models))))
		}
	}
	return out
}
