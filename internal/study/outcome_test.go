package study

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/runs"
)

// model answers four sentences of two aspects with two polarities.
func model(seed int64, predicted ...int) Model {
	a := &runs.Answers{
		Aspects: []string{"food", "price"}, Polarities: []string{"good", "bad"}, Majority: []int{0, 1},
		Gold:      []int{0, -1, 1, 1, 0, 0, -1, 1}, // six labelled pairs
		Predicted: predicted,
	}
	for _, p := range predicted {
		logits := []float32{0, 0}
		logits[p] = 1
		a.Logits = append(a.Logits, logits...)
	}
	return Model{Seed: seed, IDs: []string{"a", "b", "c", "d"}, Answers: a, Parameters: 10, Epochs: 3, Seconds: 2}
}

func near(t *testing.T, what string, got, want metrics.Score) {
	t.Helper()
	if math.Abs(float64(got-want)) > 1e-12 {
		t.Errorf("%s: got %v, want %v", what, float64(got), float64(want))
	}
}

func TestSummarize(t *testing.T) {
	right, half := []int{0, 0, 1, 1, 0, 0, 0, 1}, []int{1, 0, 0, 1, 1, 0, 0, 1} // 6 and 3 of 6
	s := &configs.Study{Title: "T", Claims: []configs.StudyClaim{{Says: "better", ByAspect: true, Compare: []configs.StudyPair{{Row: "b", Against: "a"}}}}}
	recipes := []Recipe{
		{StudyRow: configs.StudyRow{Name: "m", Kind: configs.RowMajority}, Models: []Model{Majority(model(1, right...))}},
		{StudyRow: configs.StudyRow{Name: "a", Kind: configs.RowTrained, Reference: "m"}, Models: []Model{model(1, half...), model(2, half...)}},
		{StudyRow: configs.StudyRow{Name: "b", Kind: configs.RowTrained, Reference: "a"}, Models: []Model{model(1, right...), model(2, half...)}},
	}
	recipes[1].Models[0].Versions = []runs.Versions{{Program: "1", LibTorch: "2", Go: "go3"}}
	recipes[2].Models[0].Versions = []runs.Versions{{Program: "2", LibTorch: "2", Go: "go3"}, {Program: "1", LibTorch: "2", Go: "go3"}}
	o, err := Summarize(s, recipes)
	if err != nil {
		t.Fatal(err)
	}
	if o.Pairs != 6 || o.Sentences != 4 || o.Seconds != 8 || !cmp.Equal(o.Seeds, []int64{1, 2}) {
		t.Errorf("got %d pairs, %d sentences, %v s, seeds %v", o.Pairs, o.Sentences, o.Seconds, o.Seeds)
	}
	near(t, "majority", o.Rows[0].Accuracy.Mean, 4./6) // good for food, bad for price: 2 of 3 each
	near(t, "mean", o.Rows[2].Accuracy.Mean, .75)
	near(t, "deviation", o.Rows[2].Accuracy.SD, metrics.Score(math.Sqrt(2*.25*.25)))
	near(t, "food", o.Rows[2].Aspects["food"].Mean, .5)
	near(t, "difference", o.Rows[2].Difference.Mean, .25)
	if d := o.Rows[2].Difference; d.Reference != "a" || d.Interval.Low > d.Mean || d.Interval.High < d.Mean {
		t.Errorf("difference %+v", d)
	}
	if o.Rows[0].Difference != nil || o.Rows[0].Seconds != nil {
		t.Errorf("the majority has %+v", o.Rows[0])
	}
	claim := o.Claims[0]
	if len(claim.Compared) != 3 || claim.Compared[1].Aspect != "food" {
		t.Fatalf("the claim is answered by %+v", claim.Compared)
	}
	near(t, "claim for food", claim.Compared[1].Mean, .5)
	near(t, "claim for price", claim.Compared[2].Mean, 0)

	var b strings.Builder
	if err := o.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".7500 ± .3536", "+.2500 (", "**better.**", "seeds 1, 2", "\n## Recipes\n\n| name | recipe |", "| the same |", "Trained by absa 1, LibTorch 2, go3; some by absa 2, LibTorch 2, go3."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestSummarizeRefusesOtherQuestions(t *testing.T) {
	other := model(1, 0, 0, 0, 0, 0, 0, 0, 0)
	other.IDs = []string{"a", "b", "c", "e"}
	recipes := []Recipe{
		{StudyRow: configs.StudyRow{Name: "a"}, Models: []Model{model(1, 0, 0, 0, 0, 0, 0, 0, 0)}},
		{StudyRow: configs.StudyRow{Name: "b"}, Models: []Model{other}},
	}
	if _, err := Summarize(&configs.Study{}, recipes); err == nil || !strings.Contains(err.Error(), "row b, seed 1: it was tested on other sentences") {
		t.Errorf("got %v", err)
	}
}

func TestVerdict(t *testing.T) {
	none := metrics.Score(math.NaN())
	for _, tt := range []struct {
		mean, low, high metrics.Score
		want            string
	}{
		{.2, .1, .3, "more"},
		{-.2, -.3, -.1, "less"},
		{.1, -.1, .3, "more, perhaps by chance"},
		{-.1, -.3, .1, "less, perhaps by chance"},
		{0, -.1, .1, "the same"},
		{none, none, none, "–"},
		{.1, none, .3, "–"},
	} {
		d := Difference{Mean: tt.mean, Interval: metrics.Interval{Low: tt.low, High: tt.high}}
		if got := d.Verdict(); got != tt.want {
			t.Errorf("%v: %s, want %s", d, got, tt.want)
		}
	}
}
