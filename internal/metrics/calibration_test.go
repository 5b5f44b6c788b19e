package metrics

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestReliability(t *testing.T) {
	bins := Reliability([]float64{0, 0.5, 0.51, 0.9, 1}, []bool{false, true, false, true, true}, 2)
	if bins[0].Count != 2 || bins[1].Count != 3 {
		t.Fatalf("got %d and %d answers, want 2 and 3", bins[0].Count, bins[1].Count)
	}
	want := (2*math.Abs(0.25-0.5) + 3*math.Abs(2.41/3-2.0/3)) / 5
	if got := CalibrationError(bins); !near(got, want) {
		t.Errorf("calibration error: got %v, want %v", got, want)
	}
	if got := CalibrationError(Reliability(nil, nil, 2)); got.Defined() {
		t.Errorf("calibration error of nothing: got %v", got)
	}
}

func TestTemperature(t *testing.T) {
	// A model that says 88 % and is right in three of four cases: at its best
	// temperature it says 75 %.
	logits := []float32{2, 0, 2, 0, 2, 0, 2, 0, 9, 9}
	gold := []int{0, 0, 0, 1, Absent}
	got, err := Temperature(logits, gold, 2)
	if want := 2 / math.Log(3); err != nil || math.Abs(got-want) > 1e-9 {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	if AtBound(got) {
		t.Errorf("%v is said to be no fit", got)
	}
	confidence, right := Confidence(logits, gold, 2, got)
	if mean := (confidence[0] + confidence[1] + confidence[2] + confidence[3]) / 4; len(confidence) != 4 || !near(Score(mean), 0.75) || right[0] != true || right[3] != false {
		t.Errorf("confidence %v, right %v", confidence, right)
	}
	if at, one := LogLoss(logits, gold, 2, got), LogLoss(logits, gold, 2, 1); at >= one {
		t.Errorf("log loss %v at the temperature, %v without it", at, one)
	}
	for name, c := range map[string]struct {
		gold []int
		want float64
	}{"all right": {[]int{0, 0}, minTemperature}, "all wrong": {[]int{1, 1}, maxTemperature}} {
		if got, err := Temperature([]float32{1, 0, 1, 0}, c.gold, 2); err != nil || math.Abs(got-c.want) > 1e-9 || !AtBound(got) {
			t.Errorf("%s: got %v (%v), want %v", name, got, err, c.want)
		}
	}
}

func TestTemperatureRefuses(t *testing.T) {
	if _, err := Temperature([]float32{0, 1}, []int{Absent}, 2); !errors.Is(err, ErrNoLabels) {
		t.Errorf("no labels: got %v", err)
	}
	for _, c := range []struct {
		gold    []int
		classes int
		want    string
	}{{[]int{0}, 3, "2 logits are not 3"}, {[]int{2}, 2, "is 2, none of 2"}, {[]int{-2}, 2, "is -2, none of 2"}} {
		if _, err := Temperature([]float32{0, 1}, c.gold, c.classes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q in it", err, c.want)
		}
	}
}

func TestRestrict(t *testing.T) {
	scores := []float32{1, 2, 9, 3, 0, 1, 5, 0, 4}
	gold, pred, err := Restrict([]int{0, 2, Absent}, scores, 3, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if gold[0] != 0 || gold[1] != Absent || gold[2] != Absent || pred[0] != 1 || pred[1] != 0 || pred[2] != 0 {
		t.Errorf("got gold %v, predictions %v", gold, pred)
	}
	for _, c := range []struct {
		keep    []int
		classes int
		want    string
	}{{nil, 3, "no polarity"}, {[]int{3}, 3, "polarity 3 is none of 3"}, {[]int{0}, 2, "9 scores are not 2"}} {
		if _, _, err := Restrict([]int{0, 2, Absent}, scores, c.classes, c.keep); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q in it", err, c.want)
		}
	}
}

func TestDetect(t *testing.T) {
	d := Detect([]int{0, Absent, 2, Absent}, []bool{true, true, false, false})
	if !near(d.Precision(), 0.5) || !near(d.Recall(), 0.5) || !near(d.F1(), 0.5) {
		t.Errorf("got %v %v %v", d.Precision(), d.Recall(), d.F1())
	}
	if none := Detect([]int{Absent}, []bool{false}); none.Precision().Defined() || none.F1().Defined() {
		t.Errorf("nothing to find: %v %v", none.Precision(), none.F1())
	}
}
