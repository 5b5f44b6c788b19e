package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a confidence interval.
type Interval struct {
	Low  Score `json:"low"`
	High Score `json:"high"`
}

// Resampling says how a bootstrap is done.
type Resampling struct {
	Resamples int     // such as 1000
	Level     float64 // such as 0.95
	Seed      uint64
}

// Standard is how a corpus of so many sentences is resampled: 2,000 times at a
// level of 95 %, and a large one, whose interval needs it less, down to 200 times.
func Standard(sentences int) Resampling {
	const most, fewest, drawn = 2000, 200, 10_000_000
	return Resampling{Resamples: max(fewest, min(most, drawn/max(1, sentences))), Level: 0.95, Seed: 1}
}

// Sentences are predictions beside gold, both [N,A]: what a bootstrap resamples.
// Pairs of one sentence are not independent, so sentences are drawn, not pairs.
type Sentences struct {
	Gold, Pred          []int
	Aspects, Polarities int
}

// Confusion counts all labelled pairs.
func (s Sentences) Confusion() Confusion {
	m := newConfusion(s.Polarities)
	for i, gold := range s.Gold {
		if gold != Absent {
			m.add(gold, s.Pred[i])
		}
	}
	return m
}

// Bootstrap returns the percentile interval of a score over sentences drawn with
// replacement (Efron 1979). Resamples in which the score is not defined are left
// out.
func Bootstrap(s Sentences, r Resampling, score func(Confusion) Score) (Interval, error) {
	if err := s.check(r); err != nil {
		return Interval{}, err
	}
	counts := s.tally()
	return r.percentiles(s.Gold, s.Aspects, func(sample []int) float64 {
		return float64(score(counts.of(sample)))
	}), nil
}

// BootstrapDifference returns the interval of score(b) − score(a) for two models
// on the same sentences, both scored on each resample (Koehn 2004).
func BootstrapDifference(a, b Sentences, r Resampling, score func(Confusion) Score) (Interval, error) {
	return BootstrapMeans([]Sentences{a}, []Sentences{b}, r, score)
}

// BootstrapMeans returns the interval of mean score(b) − mean score(a) of two
// recipes, each given by its models of several seeds on the same sentences. What a
// recipe is worth depends on both, so two variances add up: that of the mean over
// the models as a bootstrap draws sentences, and that of a mean over so many seeds.
// The second is estimated from few seeds, which Student's t allows for, with the
// degrees of freedom of Welch and Satterthwaite.
//
// Models at the same place of a and b, if they are equally many, share what the
// seed decides, and the variance is that of their differences. A recipe of one
// model adds none: the interval is then over sentences alone.
func BootstrapMeans(a, b []Sentences, r Resampling, score func(Confusion) Score) (Interval, error) {
	if len(a) == 0 || len(b) == 0 {
		return Interval{}, errors.New("bootstrap: a recipe without a model")
	}
	var tallies [2][]*tally
	for i, recipe := range [][]Sentences{a, b} {
		for _, s := range recipe {
			if err := s.check(r); err != nil {
				return Interval{}, err
			}
			if !slices.Equal(s.Gold, a[0].Gold) {
				return Interval{}, errors.New("bootstrap: two models have different gold labels")
			}
			tallies[i] = append(tallies[i], s.tally())
		}
	}
	scores := func(models []*tally, sample []int) []float64 {
		list := make([]float64, len(models))
		for i, t := range models {
			list[i] = float64(score(t.of(sample)))
		}
		return list
	}
	values := r.values(a[0].Gold, a[0].Aspects, func(sample []int) float64 {
		return mean(scores(tallies[1], sample)) - mean(scores(tallies[0], sample))
	})
	all := make([]int, len(a[0].Gold)/a[0].Aspects)
	for i := range all {
		all[i] = i
	}
	first, second := scores(tallies[0], all), scores(tallies[1], all)
	seeds, freedom := varianceOfMeans(first, second)
	if !(seeds > 0) {
		return r.interval(values), nil
	}
	total := variance(values) + seeds
	half := studentQuantile(1-r.Level, int(min(1000, total*total/(seeds*seeds/freedom)))) * math.Sqrt(total)
	difference := mean(second) - mean(first)
	return Interval{Score(difference - half), Score(difference + half)}, nil
}

// varianceOfMeans is the variance of the difference of two means, and its degrees
// of freedom.
func varianceOfMeans(first, second []float64) (v, freedom float64) {
	of := func(list []float64) (v, freedom float64) {
		if len(list) < 2 {
			return 0, 1
		}
		return variance(list) / float64(len(list)), float64(len(list) - 1)
	}
	if len(first) == len(second) {
		differences := make([]float64, len(first))
		for i := range first {
			differences[i] = second[i] - first[i]
		}
		return of(differences)
	}
	v1, f1 := of(first)
	v2, f2 := of(second)
	return v1 + v2, (v1 + v2) * (v1 + v2) / (v1*v1/f1 + v2*v2/f2)
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// variance is that of a sample.
func variance(list []float64) float64 {
	m, squares := mean(list), 0.0
	for _, v := range list {
		squares += (v - m) * (v - m)
	}
	return squares / float64(len(list)-1)
}

// Aspect is what is said of one aspect, by its number.
func (s Sentences) Aspect(number int) Sentences {
	one := Sentences{Aspects: 1, Polarities: s.Polarities}
	for i := number; i < len(s.Gold); i += s.Aspects {
		one.Gold, one.Pred = append(one.Gold, s.Gold[i]), append(one.Pred, s.Pred[i])
	}
	return one
}

func (s Sentences) check(r Resampling) error {
	switch {
	case s.Aspects < 1 || len(s.Gold) == 0 || len(s.Gold)%s.Aspects != 0:
		return fmt.Errorf("bootstrap: %d labels are no rows of %d aspects", len(s.Gold), s.Aspects)
	case len(s.Pred) != len(s.Gold):
		return fmt.Errorf("bootstrap: %d predictions for %d labels", len(s.Pred), len(s.Gold))
	case r.Resamples < 1 || r.Level <= 0 || r.Level >= 1:
		return fmt.Errorf("bootstrap: %d resamples at level %g", r.Resamples, r.Level)
	}
	return nil
}

// tally counts the labelled pairs of sentences drawn, in one Confusion for all
// samples.
type tally struct {
	cells  []int32 // of each labelled pair, its place in flat
	ends   []int32 // [N], where the pairs of each sentence end
	flat   []int   // the rows of counts
	counts Confusion
}

func (s Sentences) tally() *tally {
	columns := s.Polarities + 1
	t := &tally{flat: make([]int, s.Polarities*columns)}
	for row := range slices.Chunk(t.flat, columns) {
		t.counts = append(t.counts, row)
	}
	for i, gold := range s.Gold {
		if gold != Absent {
			pred := s.Pred[i]
			if pred == Absent {
				pred = s.Polarities
			}
			t.cells = append(t.cells, int32(gold*columns+pred))
		}
		if (i+1)%s.Aspects == 0 {
			t.ends = append(t.ends, int32(len(t.cells)))
		}
	}
	return t
}

// of returns the counts of a sample, which the next call changes.
func (t *tally) of(sample []int) Confusion {
	clear(t.flat)
	for _, n := range sample {
		begin := int32(0)
		if n > 0 {
			begin = t.ends[n-1]
		}
		for _, cell := range t.cells[begin:t.ends[n]] {
			t.flat[cell]++
		}
	}
	return t.counts
}

// percentiles draws sentences and returns the interval of the values.
func (r Resampling) percentiles(gold []int, aspects int, value func(sample []int) float64) Interval {
	return r.interval(r.values(gold, aspects, value))
}

// values draws sentences and returns the values that are defined, sorted.
func (r Resampling) values(gold []int, aspects int, value func(sample []int) float64) []float64 {
	sample := make([]int, len(gold)/aspects)
	random := rand.New(rand.NewPCG(r.Seed, uint64(len(sample))))
	var values []float64
	for range r.Resamples {
		for i := range sample {
			sample[i] = random.IntN(len(sample))
		}
		if v := value(sample); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

func (r Resampling) interval(sorted []float64) Interval {
	return Interval{quantile(sorted, (1-r.Level)/2), quantile(sorted, (1+r.Level)/2)}
}

// quantile interpolates between sorted values, as NumPy's default does.
func quantile(sorted []float64, q float64) Score {
	if len(sorted) == 0 {
		return Score(math.NaN())
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return Score(sorted[low] + (at-float64(low))*(sorted[high]-sorted[low]))
}

// Paired counts the labelled pairs on which two models differ.
type Paired struct {
	OnlyFirst  int `json:"only_first"`  // pairs that only the first gets right
	OnlySecond int `json:"only_second"` // pairs that only the second gets right
}

// Pair compares the predictions of two models.
func Pair(gold, first, second []int) Paired {
	var p Paired
	for i, g := range gold {
		if g == Absent {
			continue
		}
		switch a, b := first[i] == g, second[i] == g; {
		case a && !b:
			p.OnlyFirst++
		case b && !a:
			p.OnlySecond++
		}
	}
	return p
}

// McNemar returns the two-sided p-value of the exact test that two models err
// equally often (McNemar 1947; the binomial form): the probability, were both
// equally good, of a difference at least as large.
func (p Paired) McNemar() float64 {
	n, k := p.OnlyFirst+p.OnlySecond, min(p.OnlyFirst, p.OnlySecond)
	tail := 0.0
	for i := range k + 1 {
		tail += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*tail)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
