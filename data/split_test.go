package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"

	"github.com/google/go-cmp/cmp"
)

// reference is testdata/skmultilearn.json, written by skmultilearn_split.py.
type reference struct {
	Sentences  int
	Fraction   float64
	Aspects    []string
	Polarities []string
	Splits     []struct {
		Seed   int64
		Valid  int
		Max    float64
		Mean   float64
		Labels []float64 // aspects by polarities, row major
	}
}

// No label's share of the validation side may be farther from the wanted one
// than scikit-multilearn leaves it.
func TestSplitAgainstScikitMultilearn(t *testing.T) {
	file, err := os.ReadFile("testdata/skmultilearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(file, &ref); err != nil {
		t.Fatal(err)
	}
	c := semeval(t, semevalTrain)
	if diff := cmp.Diff(c.Schema, Schema{ref.Aspects, ref.Polarities}); diff != "" {
		t.Fatalf("the reference has other labels (-ours +reference):\n%s", diff)
	}
	if len(ref.Splits) < 5 || ref.Sentences != len(c.Reviews) {
		t.Fatalf("the reference has %d splits of %d sentences, want 5 of %d", len(ref.Splits), ref.Sentences, len(c.Reviews))
	}
	const rounding = 1e-6 // of the numbers in the file
	for _, want := range ref.Splits {
		train, valid := splitOf(t, c.Reviews, c.Schema, ref.Fraction, want.Seed)
		checkPartition(t, c.Reviews, train, valid)
		got := deviations(c, valid, ref.Fraction)
		for label, d := range got {
			if d > want.Labels[label]+rounding {
				a, p := label/len(ref.Polarities), label%len(ref.Polarities)
				t.Errorf("seed %d: %s %s is off by %.6f, scikit-multilearn by %.6f", want.Seed, ref.Aspects[a], ref.Polarities[p], d, want.Labels[label])
			}
		}
		if m := slices.Max(got); m > want.Max+rounding {
			t.Errorf("seed %d: largest deviation %.6f, scikit-multilearn %.6f", want.Seed, m, want.Max)
		}
		if m := mean(got); m > want.Mean+rounding {
			t.Errorf("seed %d: mean deviation %.6f, scikit-multilearn %.6f", want.Seed, m, want.Mean)
		}
		size := ref.Fraction * float64(len(c.Reviews))
		if d, most := math.Abs(float64(len(valid))-size), math.Abs(float64(want.Valid)-size); d > most {
			t.Errorf("seed %d: %d sentences held out, off by %.0f; scikit-multilearn by %.0f", want.Seed, len(valid), d, most)
		}
	}
}

// deviations returns, per label that occurs, how far its share of the
// validation side is from the fraction.
func deviations(c *Corpus, valid []int, fraction float64) []float64 {
	all := c.Statistics()
	held := (&Corpus{Schema: c.Schema, Reviews: pick(c.Reviews, valid)}).Statistics()
	var out []float64
	for a, row := range all.Aspects {
		for p, n := range row.Counts {
			if n > 0 {
				out = append(out, math.Abs(float64(held.Aspects[a].Counts[p])/float64(n)-fraction))
			}
		}
	}
	return out
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// splitOf splits reviews, which may be none, by single labels.
func splitOf(t testing.TB, reviews []Review, schema Schema, fraction float64, seed int64) (train, valid []int) {
	t.Helper()
	return splitBy(t, reviews, schema, fraction, Stratification{Seed: seed})
}

func splitBy(t testing.TB, reviews []Review, schema Schema, fraction float64, by Stratification) (train, valid []int) {
	t.Helper()
	if len(reviews) == 0 {
		return nil, nil
	}
	s := setOf(t, schema, reviews)
	a, b := s.Split(s.All(), fraction, by)
	return ints(a), ints(b)
}

func ints(at []uint32) []int {
	var out []int
	for _, i := range at {
		out = append(out, int(i))
	}
	return out
}

// indices are 0 to n-1.
func indices(n int) []int { return ints(positions(n)) }

func pick(reviews []Review, at []int) []Review {
	var out []Review
	for _, i := range at {
		out = append(out, reviews[i])
	}
	return out
}

// checkPartition holds that no review is lost, doubled or out of order, and
// that no text is on both sides.
func checkPartition(t *testing.T, reviews []Review, train, valid []int) {
	t.Helper()
	if !slices.IsSorted(train) || !slices.IsSorted(valid) {
		t.Error("the indices do not ascend")
	}
	both := slices.Concat(train, valid)
	slices.Sort(both)
	if want := indices(len(reviews)); !slices.Equal(both, want) {
		t.Errorf("indices of both sides (-want +got):\n%s", cmp.Diff(want, both))
	}
	fold := func(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }
	seen := map[string]bool{}
	for _, i := range train {
		seen[fold(reviews[i].Text)] = true
	}
	for _, i := range valid {
		if seen[fold(reviews[i].Text)] {
			t.Errorf("%q is on both sides", reviews[i].Text)
		}
	}
}

// made returns n reviews with random labels, a third of them without any, every
// fifth text a repetition in other case and spacing.
func made(n int, seed uint64) ([]Review, Schema) {
	schema := Schema{Aspects: []string{"a", "b", "c"}, Polarities: []string{"+", "-"}}
	rng := rand.New(rand.NewPCG(seed, 0))
	reviews := make([]Review, n)
	for i := range reviews {
		r := Review{ID: fmt.Sprint(i), Text: fmt.Sprintf("text %d", i), Labels: []int{Absent, Absent, Absent}}
		if i%5 == 4 {
			r.Text = fmt.Sprintf(" Text  %d ", rng.IntN(i))
		}
		for a := range r.Labels {
			if i%3 != 0 && rng.IntN(a+2) > 0 {
				r.Labels[a] = rng.IntN(2)
			}
		}
		reviews[i] = r
	}
	return reviews, schema
}

func TestSplitIsAPartition(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 10, 97, 400} {
		for _, fraction := range []float64{0.01, 0.1, 0.2, 0.5, 0.9} {
			for _, order := range []int{1, 2} {
				reviews, schema := made(n, uint64(n))
				train, valid := splitBy(t, reviews, schema, fraction, Stratification{order, 1})
				checkPartition(t, reviews, train, valid)
				want := fraction * float64(n)
				if slack := 3 + 0.05*float64(n); math.Abs(float64(len(valid))-want) > slack {
					t.Errorf("order %d: %d of %d reviews held out, want about %.1f", order, len(valid), n, want)
				}
			}
		}
	}
}

func TestSplitIsDeterministic(t *testing.T) {
	reviews, schema := made(200, 1)
	for _, order := range []int{1, 2} {
		_, first := splitBy(t, reviews, schema, 0.2, Stratification{order, 7})
		_, again := splitBy(t, reviews, schema, 0.2, Stratification{order, 7})
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("order %d: one seed, two splits (-first +second):\n%s", order, diff)
		}
		_, other := splitBy(t, reviews, schema, 0.2, Stratification{order, 8})
		if slices.Equal(first, other) {
			t.Errorf("order %d: seeds 7 and 8 give the same split", order)
		}
	}
}

// TestSplitOfPairs holds that order 2 gives a pair of labels its share, which order 1
// leaves to chance: each label occurs equally often with either of another aspect.
func TestSplitOfPairs(t *testing.T) {
	schema := Schema{Aspects: []string{"a", "b"}, Polarities: []string{"+", "-"}}
	var reviews []Review
	for i := range 80 {
		reviews = append(reviews, Review{Text: fmt.Sprint("text ", i), Labels: []int{i % 2, i / 2 % 2}})
	}
	apart := map[int]bool{} // by order: did a split not have 4 of each of the 4 pairs
	for _, order := range []int{1, 2} {
		for seed := range int64(10) {
			train, valid := splitBy(t, reviews, schema, 0.2, Stratification{order, seed})
			checkPartition(t, reviews, train, valid)
			pairs := map[[2]int]int{}
			for _, i := range valid {
				pairs[[2]int(reviews[i].Labels)]++
			}
			for _, n := range pairs {
				apart[order] = apart[order] || n != 4
			}
		}
	}
	if apart[2] || !apart[1] {
		t.Errorf("is a pair's share missed, by order: %v, want it of order 1 alone", apart)
	}
}

// A split is that of earlier versions, since runs are resumed.
func TestSplitStays(t *testing.T) {
	corpus, err := ReadFrom("train.xml", bytes.NewReader(sample.Train()), configs.Default().Data)
	if err != nil {
		t.Fatal(err)
	}
	reviews, schema := made(400, 1)
	for seed, want := range map[int64][2]string{1: {"c806bc821fc9d73d", "c53790cf29d705f0"}, 2: {"f613b563f2a63f3d", "a0a74d08243eef72"}} {
		train, valid := splitOf(t, corpus.Reviews, corpus.Schema, 0.15, seed)
		if got := digest([2][]int{train, valid}); got != want[0] {
			t.Errorf("seed %d: the sample's split has digest %s, want %s", seed, got, want[0])
		}
		train, valid = splitOf(t, reviews, schema, 0.2, seed)
		if got := digest([2][]int{train, valid}); got != want[1] {
			t.Errorf("seed %d: the split has digest %s, want %s", seed, got, want[1])
		}
	}
}

// digest stands for a value in a test that it stays as it is.
func digest(v any) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(v))))[:16] }

func TestSplitFractions(t *testing.T) {
	reviews, schema := made(10, 1)
	all := indices(10)
	tests := []struct {
		name         string
		fraction     float64
		train, valid []int
	}{
		{"none held out", 0, all, nil},
		{"negative", -1, all, nil},
		{"not a number", math.NaN(), all, nil},
		{"all held out", 1, nil, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			train, valid := splitOf(t, reviews, schema, tt.fraction, 1)
			if diff := cmp.Diff([][]int{tt.train, tt.valid}, [][]int{train, valid}); diff != "" {
				t.Errorf("train, valid (-want +got):\n%s", diff)
			}
		})
	}
}

// A text that occurs often must not push its labels' shares off when single
// reviews can make up for it.
func TestSplitBalancesLargeGroups(t *testing.T) {
	schema := Schema{Aspects: []string{"a"}, Polarities: []string{"+"}}
	var reviews []Review
	for i := range 100 {
		text := "the same text"
		if i >= 30 {
			text = fmt.Sprint("text ", i)
		}
		reviews = append(reviews, Review{Text: text, Labels: []int{0}})
	}
	for seed := range int64(10) {
		train, valid := splitOf(t, reviews, schema, 0.2, seed)
		checkPartition(t, reviews, train, valid)
		if len(valid) != 20 {
			t.Errorf("seed %d: %d held out, want 20", seed, len(valid))
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	reviews, schema := made(3000, 1)
	s := setOf(b, schema, reviews)
	for b.Loop() {
		s.Split(s.All(), 0.2, Stratification{Seed: 1})
	}
}
