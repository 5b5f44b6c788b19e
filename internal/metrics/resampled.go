package metrics

import "math"

// Resampled tells whether two models differ, by the differences of their scores on
// the parts that repeated cross-validation holds out.
type Resampled struct {
	Difference    Score `json:"difference"` // mean
	StandardError Score `json:"standard_error"`
	P             Score `json:"p"` // two-sided
}

// ResampledT is the corrected resampled t-test (Nadeau and Bengio, "Inference for the
// Generalization Error", 2003, section 5; for repeated cross-validation Bouckaert and
// Frank 2004): the trainings share most of their sentences, so the variance of the
// mean of n differences is not 1/n of theirs but 1/n + tested/trained, the size of the
// part held out by that of the others. There must be two differences at least.
func ResampledT(differences []float64, testedByTrained float64) Resampled {
	n := float64(len(differences))
	mean, squares := 0.0, 0.0
	for _, d := range differences {
		mean += d / n
	}
	for _, d := range differences {
		squares += (d - mean) * (d - mean)
	}
	r := Resampled{Difference: Score(mean), StandardError: Score(math.Sqrt((1/n + testedByTrained) * squares / (n - 1)))}
	switch {
	case r.StandardError > 0:
		r.P = Score(studentT(mean/float64(r.StandardError), len(differences)-1))
	case mean == 0:
		r.P = 1
	}
	return r
}

// studentT is the probability that a variable of Student's t distribution with so many
// degrees of freedom is at least as far from 0 as t: the finite sums of Abramowitz and
// Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
func studentT(t float64, freedom int) float64 {
	angle := math.Atan(math.Abs(t) / math.Sqrt(float64(freedom)))
	sin, cos := math.Sincos(angle)
	sum, term := 0.0, 1.0
	first := freedom % 2 // the powers of cos are odd, or even from 0 on
	if first == 1 {
		term = cos
	}
	for power := first; power <= freedom-2; power += 2 {
		sum += term
		term *= cos * cos * float64(power+1) / float64(power+2)
	}
	if first == 1 {
		return 1 - 2/math.Pi*(angle+sin*sum)
	}
	return 1 - sin*sum
}

// studentQuantile is the value that a variable of the distribution is at least as
// far from 0 as with probability p.
func studentQuantile(p float64, freedom int) float64 {
	low, high := 0.0, 1.0
	for studentT(high, freedom) > p {
		high *= 2
	}
	for range 60 {
		if mid := (low + high) / 2; studentT(mid, freedom) > p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
