package ratings

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Ratings go from lowest to highest, as stars do.
const (
	Lowest  = 1
	Highest = 5
)

// Scale gives each polarity its value, from Lowest to Highest.
type Scale struct{ Values []float64 }

// NewScale gives polarities the values that are given for them and, where none is,
// those that the four of SemEval-2014 have: positive 5, neutral and conflict 3,
// negative 1.
func NewScale(polarities []string, given map[string]float64) (Scale, error) {
	standard := map[string]float64{"positive": 5, "neutral": 3, "conflict": 3, "negative": 1}
	s := Scale{}
	var missing []string
	for _, p := range polarities {
		v, ok := given[p]
		if !ok {
			v, ok = standard[p]
		}
		if !ok {
			missing = append(missing, p)
		}
		if !(v >= Lowest && v <= Highest) && ok {
			return Scale{}, fmt.Errorf("%s=%v: a value is from %d to %d", p, v, Lowest, Highest)
		}
		s.Values = append(s.Values, v)
	}
	if len(missing) > 0 {
		return Scale{}, fmt.Errorf("no value for %s: give each polarity one from %d to %d, as in %s=%d", strings.Join(missing, ", "), Lowest, Highest, missing[0], Highest)
	}
	for _, p := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(polarities, p) {
			return Scale{}, fmt.Errorf("%q is no polarity of this model (it has %s)", p, strings.Join(polarities, ", "))
		}
	}
	return s, nil
}

// Side is 1 for a polarity whose value is above the middle of the least and the
// greatest, -1 for one below it, and 0 in the middle.
func (s Scale) Side(polarity int) int {
	return cmp.Compare(s.Values[polarity], (slices.Min(s.Values)+slices.Max(s.Values))/2)
}

// Mean is the mean value of the sentences of a rating.
func (s Scale) Mean(x Rating) float64 {
	sum := 0.0
	for p, n := range x.Counts {
		sum += float64(n) * s.Values[p]
	}
	return sum / float64(x.Count())
}

// z is the 97.5th percentile of the normal distribution.
const z = 1.959963984540054

// Interval returns the ends of a 95 % interval of the mean, Wilson's score interval
// (Wilson 1927) over the range of the scale. For values other than the two ends it
// is wider than it need be: of all that lie in a range and have a mean, those at its
// ends vary most (Bhatia & Davis 2000). It holds the mean, stays on the scale, and
// is wide where there is one sentence.
//
// It is about the sentences that might have been written, as if each were written
// on its own. It knows nothing of the mistakes of the model.
func (s Scale) Interval(x Rating) (low, high float64) {
	least, most := slices.Min(s.Values), slices.Max(s.Values)
	if least == most {
		return least, most
	}
	n, p := float64(x.Count()), (s.Mean(x)-least)/(most-least)
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scaled := func(share float64) float64 { return least + (most-least)*min(max(share, 0), 1) }
	return min(scaled(centre-half), s.Mean(x)), max(scaled(centre+half), s.Mean(x))
}
