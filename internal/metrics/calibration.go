package metrics

import (
	"errors"
	"fmt"
	"math"
)

// Bin holds the answers whose confidence lies in one interval, (Low, High]; the
// first one holds 0 too.
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Count      int     `json:"count"`
	Confidence Score   `json:"confidence"` // mean; not defined in an empty bin
	Accuracy   Score   `json:"accuracy"`   // share that is right; likewise
}

// Reliability compares confidence with accuracy in bins of equal width over
// [0,1] (Guo et al. 2017, section 2). confidence and right have one entry per
// answer.
func Reliability(confidence []float64, right []bool, bins int) []Bin {
	out := make([]Bin, bins)
	sums, hits := make([]float64, bins), make([]int, bins)
	for i, p := range confidence {
		b := min(max(int(math.Ceil(p*float64(bins)))-1, 0), bins-1)
		out[b].Count++
		sums[b] += p
		if right[i] {
			hits[b]++
		}
	}
	for b := range out {
		out[b].Low, out[b].High = float64(b)/float64(bins), float64(b+1)/float64(bins)
		out[b].Confidence = Score(sums[b] / float64(out[b].Count)) // 0/0 is NaN: not defined
		out[b].Accuracy = share(hits[b], out[b].Count)
	}
	return out
}

// CalibrationError is the expected calibration error of bins: the mean distance
// of confidence from accuracy, weighted by count (Guo et al. 2017, equation 3).
func CalibrationError(bins []Bin) Score {
	sum, n := 0.0, 0
	for _, b := range bins {
		if b.Count > 0 {
			sum += float64(b.Count) * math.Abs(float64(b.Confidence-b.Accuracy))
			n += b.Count
		}
	}
	return Score(sum / float64(n))
}

// Bins is how many bins the calibration error is taken over.
const Bins = 10

// Confidence returns, of each pair whose gold class is not Absent, the
// probability of the class with the largest of logits [N,C] under their softmax
// divided by temperature, and whether it is gold.
func Confidence(logits []float32, gold []int, classes int, temperature float64) (confidence []float64, right []bool) {
	for i, g := range gold {
		if g == Absent {
			continue
		}
		z := logits[i*classes : (i+1)*classes]
		best := Argmax(z)
		confidence = append(confidence, Probability(z, best, temperature))
		right = append(right, best == g)
	}
	return confidence, right
}

// Probability is that of a class under the softmax of its logits divided by
// temperature.
func Probability(logits []float32, class int, temperature float64) float64 {
	norm, _ := expectation(logits, 1/temperature)
	return math.Exp(float64(logits[class])/temperature - norm)
}

// Argmax is the index of the largest of values, of equal ones the first.
func Argmax(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// LogLoss is the mean negative log-likelihood of gold under the softmax of
// logits [N,C] divided by temperature. Labels that are Absent are left out.
func LogLoss(logits []float32, gold []int, classes int, temperature float64) Score {
	sum, n := 0.0, 0
	for i, g := range gold {
		if g == Absent {
			continue
		}
		z := logits[i*classes : (i+1)*classes]
		norm, _ := expectation(z, 1/temperature)
		sum += norm - float64(z[g])/temperature
		n++
	}
	return Score(sum / float64(n))
}

// The temperatures that a fit may find.
const minTemperature, maxTemperature = 0.05, 20.0

// ErrNoLabels says that there is nothing to fit to.
var ErrNoLabels = errors.New("there are no labels")

// Temperature fits the temperature that minimises LogLoss (Guo et al. 2017,
// section 4.2), within 0.05 and 20: all right or all wrong would be served best
// by an infinite one. The loss is convex in 1/temperature, so the root of its
// derivative is bisected.
func Temperature(logits []float32, gold []int, classes int) (float64, error) {
	if classes < 1 || len(logits) != len(gold)*classes {
		return 0, fmt.Errorf("temperature: %d logits are not %d for each of %d labels", len(logits), classes, len(gold))
	}
	n := 0
	for i, g := range gold {
		if g >= classes || g < Absent {
			return 0, fmt.Errorf("temperature: label %d of %d is %d, none of %d classes", i, len(gold), g, classes)
		}
		if g != Absent {
			n++
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("temperature: %w", ErrNoLabels)
	}
	slope := func(beta float64) float64 {
		sum := 0.0
		for i, g := range gold {
			if g != Absent {
				z := logits[i*classes : (i+1)*classes]
				_, mean := expectation(z, beta)
				sum += mean - float64(z[g])
			}
		}
		return sum
	}
	low, high := 1/maxTemperature, 1/minTemperature
	for range 60 {
		if mid := (low + high) / 2; slope(mid) > 0 {
			high = mid
		} else {
			low = mid
		}
	}
	return 2 / (low + high), nil
}

// AtBound says that a temperature is no fit but an end of the range: the labels
// would have the model infinitely sure, or know nothing.
func AtBound(temperature float64) bool {
	return temperature < 1.001*minTemperature || temperature > 0.999*maxTemperature
}

// expectation returns log Σ exp(beta z) and the mean of z under softmax(beta z).
func expectation(z []float32, beta float64) (logNorm, mean float64) {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, beta*float64(v))
	}
	norm := 0.0
	for _, v := range z {
		w := math.Exp(beta*float64(v) - top)
		norm += w
		mean += w * float64(v)
	}
	return top + math.Log(norm), mean / norm
}
