package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func accuracy(m Confusion) Score { return m.Accuracy() }

// answers makes up n sentences of one aspect, right with probability p.
func answers(n int, p float64, seed uint64) Sentences {
	random := rand.New(rand.NewPCG(seed, 1))
	s := Sentences{Aspects: 1, Polarities: 2}
	for range n {
		s.Gold = append(s.Gold, 0)
		pred := 1
		if random.Float64() < p {
			pred = 0
		}
		s.Pred = append(s.Pred, pred)
	}
	return s
}

// TestBootstrapOfAShare holds the interval of an accuracy against the normal
// approximation of the binomial, which is close at this size.
func TestBootstrapOfAShare(t *testing.T) {
	s := answers(2000, 0.7, 1)
	p := float64(s.tally().of(identity(2000)).Accuracy())
	half := 1.96 * math.Sqrt(p*(1-p)/2000)
	got, err := Bootstrap(s, Standard(1), accuracy)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(got.Low)-(p-half)) > 0.003 || math.Abs(float64(got.High)-(p+half)) > 0.003 {
		t.Errorf("got %v to %v, want about %.4f ± %.4f", got.Low, got.High, p, half)
	}
	again, err := Bootstrap(s, Standard(1), accuracy)
	if err != nil || again != got {
		t.Errorf("the same seed: got %v, then %v (%v)", got, again, err)
	}
}

func TestBootstrapDifference(t *testing.T) {
	a, b := answers(1000, 0.6, 1), answers(1000, 0.7, 2)
	got, err := BootstrapDifference(a, b, Standard(1), accuracy)
	if err != nil {
		t.Fatal(err)
	}
	if got.Low <= 0 || got.High >= 0.2 || got.High-got.Low < 0.04 {
		t.Errorf("a difference of about .1 of 1000 sentences: got %v to %v", got.Low, got.High)
	}
	same, err := BootstrapDifference(a, a, Standard(1), accuracy)
	if err != nil || same.Low != 0 || same.High != 0 {
		t.Errorf("a model beside itself: got %v to %v (%v)", same.Low, same.High, err)
	}
}

// TestBootstrapDrawsSentences: with all pairs of a sentence alike, drawing pairs
// would give a narrower interval.
func TestBootstrapDrawsSentences(t *testing.T) {
	one := answers(200, 0.5, 3)
	five := Sentences{Aspects: 5, Polarities: 2}
	for i := range one.Gold {
		for range 5 {
			five.Gold, five.Pred = append(five.Gold, one.Gold[i]), append(five.Pred, one.Pred[i])
		}
	}
	narrow, err := Bootstrap(one, Standard(1), accuracy)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Bootstrap(five, Standard(1), accuracy)
	if err != nil || got != narrow {
		t.Errorf("got %v, want %v (%v)", got, narrow, err)
	}
}

func TestBootstrapRefuses(t *testing.T) {
	good := Sentences{Gold: []int{0, 1}, Pred: []int{0, 1}, Aspects: 1, Polarities: 2}
	half := Sentences{Gold: []int{0, 1}, Pred: []int{0}, Aspects: 1, Polarities: 2}
	other := Sentences{Gold: []int{1, 1}, Pred: []int{0, 1}, Aspects: 1, Polarities: 2}
	tests := []struct {
		name string
		run  func() (Interval, error)
		want string
	}{
		{"no rows", func() (Interval, error) { return Bootstrap(Sentences{}, Standard(1), accuracy) }, "0 labels"},
		{"fewer predictions", func() (Interval, error) { return Bootstrap(half, Standard(1), accuracy) }, "1 predictions for 2"},
		{"no resamples", func() (Interval, error) { return Bootstrap(good, Resampling{Level: 0.9}, accuracy) }, "0 resamples"},
		{"level 1", func() (Interval, error) { return Bootstrap(good, Resampling{Resamples: 1, Level: 1}, accuracy) }, "level 1"},
		{"other gold", func() (Interval, error) { return BootstrapDifference(good, other, Standard(1), accuracy) }, "different gold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.run(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestUndefinedBootstrap(t *testing.T) {
	s := Sentences{Gold: []int{Absent}, Pred: []int{0}, Aspects: 1, Polarities: 2}
	got, err := Bootstrap(s, Standard(1), accuracy)
	if err != nil || got.Low.Defined() || got.High.Defined() {
		t.Errorf("without a labelled pair: got %v (%v)", got, err)
	}
}

func TestMcNemar(t *testing.T) {
	tests := []struct {
		name string
		pair Paired
		want float64
	}{
		{"no difference", Paired{}, 1},
		{"one each", Paired{1, 1}, 1},
		{"five to none", Paired{5, 0}, 2.0 / 32},
		{"one to five", Paired{1, 5}, 2 * 7.0 / 64},
	}
	for _, test := range tests {
		if got := test.pair.McNemar(); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	if p := (Paired{4000, 6000}).McNemar(); p <= 0 || p > 1e-80 {
		t.Errorf("many pairs: got %v, want very little above 0", p)
	}
}

func identity(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestBootstrapMeansCovers holds that an interval over five seeds holds the truth
// as often as it says: recipes without a difference, whose models differ by their
// seeds, are compared again and again.
func TestBootstrapMeansCovers(t *testing.T) {
	const trials, sentences = 400, 200
	held := 0
	for trial := range uint64(trials) {
		random := rand.New(rand.NewPCG(trial, 7))
		difficulty := make([]float64, sentences) // shared by all models
		for i := range difficulty {
			difficulty[i] = 0.2 * random.NormFloat64()
		}
		recipe := func() (models []Sentences) {
			for range 5 {
				s := Sentences{Aspects: 1, Polarities: 2, Gold: make([]int, sentences)}
				skill := 0.7 + 0.04*random.NormFloat64() // of the seed
				for i := range sentences {
					pred := 1
					if random.Float64() < skill+difficulty[i] {
						pred = 0
					}
					s.Pred = append(s.Pred, pred)
				}
				models = append(models, s)
			}
			return models
		}
		got, err := BootstrapMeans(recipe(), recipe(), Resampling{Resamples: 100, Level: 0.95, Seed: trial}, accuracy)
		if err != nil {
			t.Fatal(err)
		}
		if got.Low <= 0 && got.High >= 0 {
			held++
		}
	}
	if share := float64(held) / trials; share < 0.93 || share > 0.995 {
		t.Errorf("%.3f of the intervals of 95 %% hold the truth", share)
	}
}

func TestBootstrapMeansOfItself(t *testing.T) {
	var a []Sentences
	for seed := range uint64(5) {
		a = append(a, answers(1000, 0.5+0.1*float64(seed), 2))
	}
	if got, err := BootstrapMeans(a, a, Standard(1), accuracy); err != nil || got.Low != 0 || got.High != 0 {
		t.Errorf("a recipe beside itself: %v to %v (%v)", got.Low, got.High, err)
	}
	one, err := BootstrapMeans(a[:1], a, Standard(1), accuracy) // a baseline of one model
	if err != nil || !(one.Low < one.High) {
		t.Errorf("%v to %v (%v)", one.Low, one.High, err)
	}
	if _, err := BootstrapMeans(nil, a, Standard(1), accuracy); err == nil {
		t.Error("no error without a model")
	}
}

// Values of a table of the distribution.
func TestStudentQuantile(t *testing.T) {
	for _, tt := range []struct {
		freedom int
		want    float64
	}{{1, 12.706}, {2, 4.303}, {4, 2.776}, {9, 2.262}, {1000, 1.962}} {
		if got := studentQuantile(0.05, tt.freedom); math.Abs(got-tt.want) > 0.001 {
			t.Errorf("%d degrees of freedom: got %.4f, want %.3f", tt.freedom, got, tt.want)
		}
	}
}

func TestAspectOfSentences(t *testing.T) {
	s := Sentences{Gold: []int{0, 1, Absent, 0}, Pred: []int{1, 1, 0, 0}, Aspects: 2, Polarities: 2}
	one := s.Aspect(1)
	if !slices.Equal(one.Gold, []int{1, 0}) || !slices.Equal(one.Pred, []int{1, 0}) || one.Aspects != 1 {
		t.Errorf("got %+v", one)
	}
}
