package metrics

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	aspects    = []string{"food", "service"}
	polarities = []string{"positive", "neutral", "negative", "conflict"}
)

const tolerance = 1e-12

// near compares scores; two that are not defined are equal.
func near(got Score, want float64) bool {
	if math.IsNaN(want) {
		return !got.Defined()
	}
	return math.Abs(float64(got)-want) <= tolerance
}

func evaluate(t *testing.T, gold, pred, majority []int) Result {
	t.Helper()
	r, err := Evaluate(aspects, polarities, gold, pred, majority)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Worked by hand. food: gold 0 0 0 2 3, pred 0 2 -1 2 0. service: gold 1 2, pred 1 2.
var (
	gold = []int{0, 1, 0, -1, 0, -1, 2, 2, 3, -1}
	pred = []int{0, 1, 2, 3, -1, 0, 2, 2, 0, 1}
)

func TestEvaluate(t *testing.T) {
	r := evaluate(t, gold, pred, []int{0, 2})
	want := Result{
		Polarities: polarities,
		Aspects: []Row{{
			Name:     "food",
			Model:    Confusion{{1, 0, 1, 0, 1}, {0, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {1, 0, 0, 0, 0}},
			Majority: Confusion{{3, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}},
		}, {
			Name:     "service",
			Model:    Confusion{{0, 0, 0, 0, 0}, {0, 1, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 0, 0}},
			Majority: Confusion{{0, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 0, 0}},
		}},
		Overall: Row{
			Name:     "overall",
			Model:    Confusion{{1, 0, 1, 0, 1}, {0, 1, 0, 0, 0}, {0, 0, 2, 0, 0}, {1, 0, 0, 0, 0}},
			Majority: Confusion{{3, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 0, 0, 0}},
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestScores(t *testing.T) {
	r := evaluate(t, gold, pred, []int{0, 2})
	tests := []struct {
		name string
		got  Score
		want float64
	}{
		{"food accuracy", r.Aspects[0].Model.Accuracy(), 2.0 / 5},
		{"food majority", r.Aspects[0].Majority.Accuracy(), 3.0 / 5},
		{"service accuracy", r.Aspects[1].Model.Accuracy(), 1},
		{"overall accuracy", r.Overall.Model.Accuracy(), 4.0 / 7},
		{"overall majority", r.Overall.Majority.Accuracy(), 4.0 / 7},
		// F1 by class: positive 2·1/(3+2), negative 2·1/(1+2), conflict 0.
		{"food macro-F1", r.Aspects[0].Model.MacroF1(), (2.0/5 + 2.0/3 + 0) / 3},
		{"service macro-F1", r.Aspects[1].Model.MacroF1(), 1},
		// positive 2·1/(3+2), neutral 1, negative 2·2/(2+3), conflict 0.
		{"overall macro-F1", r.Overall.Model.MacroF1(), (2.0/5 + 1 + 4.0/5 + 0) / 4},
		{"food positive precision", r.Aspects[0].Model.Class(0).Precision, 1.0 / 2},
		{"food positive recall", r.Aspects[0].Model.Class(0).Recall, 1.0 / 3},
		{"food positive F1", r.Aspects[0].Model.Class(0).F1, 2.0 / 5},
		{"food negative precision", r.Aspects[0].Model.Class(2).Precision, 1.0 / 2},
		{"food negative recall", r.Aspects[0].Model.Class(2).Recall, 1},
		{"food conflict precision", r.Aspects[0].Model.Class(3).Precision, math.NaN()},
		{"food conflict recall", r.Aspects[0].Model.Class(3).Recall, 0},
		{"food conflict F1", r.Aspects[0].Model.Class(3).F1, 0},
		{"food neutral F1", r.Aspects[0].Model.Class(1).F1, math.NaN()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !near(test.got, test.want) {
				t.Errorf("got %v, want %v", test.got, test.want)
			}
		})
	}
}

func TestNothingLabelled(t *testing.T) {
	r := evaluate(t, []int{-1, -1}, []int{0, 1}, []int{-1, -1})
	if r.Overall.Model.Support() != 0 || r.Overall.Model.Accuracy().Defined() || r.Overall.Model.MacroF1().Defined() {
		t.Errorf("scores of no pairs: %v, %v", r.Overall.Model.Accuracy(), r.Overall.Model.MacroF1())
	}
	got, err := json.Marshal(map[string]Score{"accuracy": r.Overall.Model.Accuracy(), "third": share(1, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"accuracy":null,"third":0.3333333333333333}`; string(got) != want {
		t.Errorf("JSON %s, want %s", got, want)
	}
	var back map[string]Score
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if back["accuracy"].Defined() || back["third"] != share(1, 3) {
		t.Errorf("read back %v", back)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	tests := []struct {
		name                 string
		aspects              []string
		gold, pred, majority []int
		want                 string
	}{
		{"no aspects", nil, nil, nil, nil, "no aspects"},
		{"half a row", aspects, []int{0}, []int{0}, []int{0, 0}, "1 gold are not a multiple of 2 aspects"},
		{"fewer predictions", aspects, []int{0, 0, 0, 0}, []int{0, 0}, []int{0, 0}, "2 predictions for 4 gold labels"},
		{"a label too many", aspects, []int{0, 0, 0, 4}, []int{0, 0, 0, 0}, []int{0, 0}, `gold of sentence 1, aspect "service": 4 is not one of 4`},
		{"a label below absent", aspects, []int{0, 0}, []int{-2, 0}, []int{0, 0}, `predictions of sentence 0, aspect "food": -2`},
		{"two rows of majority", aspects, []int{0, 0}, []int{0, 0}, []int{0, 0, 0, 0}, "4 majority labels for 2 aspects"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Evaluate(test.aspects, polarities, test.gold, test.pred, test.majority)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestMajority(t *testing.T) {
	tests := []struct {
		name   string
		counts []int
		want   int
	}{
		{"most frequent", []int{2, 0, 3, 1}, 2},
		{"ties by order", []int{0, 2, 2, 1}, 1},
		{"without labels", []int{0, 0, 0, 0}, Absent},
		{"no polarity", nil, Absent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Majority(test.counts); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// The label counts of SemEval-2014 restaurants, training set v2 and test gold,
// give the majority baseline that is published for it.
func TestMajorityOfSemEval2014(t *testing.T) {
	names := []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience"}
	// positive, neutral, negative, conflict
	train := [][]int{{324, 20, 218, 35}, {867, 90, 209, 66}, {544, 357, 199, 30}, {179, 10, 115, 17}, {263, 23, 98, 47}}
	test := [][]int{{101, 3, 63, 5}, {302, 31, 69, 16}, {127, 51, 41, 15}, {51, 1, 28, 3}, {76, 8, 21, 13}}
	var majority []int
	for _, counts := range train {
		majority = append(majority, Majority(counts))
	}
	labels := expand(test)
	r, err := Evaluate(names, polarities, labels, labels, majority)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Table().String()
	want := `aspect                   support  majority   model
service                      172    0.5872  1.0000
food                         418    0.7225  1.0000
anecdotes/miscellaneous      234    0.5427  1.0000
price                         83    0.6145  1.0000
ambience                     118    0.6441  1.0000
overall                     1025    0.6410  1.0000
macro-F1                            0.1953  1.0000
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// expand makes one sentence per label, counts [A][C] → labels [N,A].
func expand(counts [][]int) []int {
	var labels []int
	for a, row := range counts {
		for c, n := range row {
			for range n {
				sentence := make([]int, len(counts))
				for i := range sentence {
					sentence[i] = Absent
				}
				sentence[a] = c
				labels = append(labels, sentence...)
			}
		}
	}
	return labels
}

func TestTableAligns(t *testing.T) {
	r, err := Evaluate([]string{"ambiance à la carte", "x"}, polarities, []int{0, -1}, []int{1, 0}, []int{0, -1})
	if err != nil {
		t.Fatal(err)
	}
	want := `aspect               support  majority   model
ambiance à la carte        1    1.0000  0.0000
x                          0         -       -
overall                    1    1.0000  0.0000
macro-F1                        1.0000  0.0000
`
	if diff := cmp.Diff(want, r.Table().String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
