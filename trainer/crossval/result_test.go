package crossval

import (
	"testing"

	"absa/internal/metrics"
)

// TestChoose holds the rule: the first listed of the candidates that are less than one
// standard error of the difference below the best.
func TestChoose(t *testing.T) {
	row := func(name string, folds ...metrics.Score) Row {
		r := Row{Name: name, Folds: [][]metrics.Score{folds}}
		for _, f := range folds {
			r.Accuracy.Value += f / metrics.Score(len(folds))
			r.MacroF1.Value -= f / metrics.Score(len(folds))
		}
		return r
	}
	for _, test := range []struct {
		name, metric string
		table        []Row
		want         string
	}{
		{"one", "accuracy", []Row{row("a", 0.7, 0.8)}, "a"},
		{"the base within chance", "accuracy", []Row{row("a", 0.7, 0.8, 0.7, 0.8), row("b", 0.8, 0.74, 0.78, 0.74)}, "a"},
		{"always better by as much", "accuracy", []Row{row("a", 0.7, 0.8, 0.7, 0.8), row("b", 0.71, 0.81, 0.71, 0.81)}, "b"},
		{"the first of those near the best", "accuracy", []Row{row("a", 0.5, 0.5, 0.5, 0.5), row("b", 0.7, 0.8, 0.7, 0.8), row("c", 0.8, 0.74, 0.78, 0.74)}, "b"},
		{"what comes after the best", "accuracy", []Row{row("a", 0.5, 0.5, 0.5, 0.5), row("b", 0.8, 0.74, 0.78, 0.74), row("c", 0.7, 0.8, 0.7, 0.8)}, "b"},
		{"equal", "accuracy", []Row{row("a", 0.7, 0.8), row("b", 0.7, 0.8)}, "a"},
		{"another metric", "macro_f1", []Row{row("a", 0.7, 0.8, 0.7, 0.8), row("b", 0.71, 0.81, 0.71, 0.81)}, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := &crossValidation{record: &Record{Folds: 4, Metric: test.metric}}
			if got := x.choose(test.table); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestDeviation(t *testing.T) {
	if got := deviation([]float64{1, 2, 4}); got.String() != "1.5275" {
		t.Errorf("got %v", got)
	}
	if got := deviation([]float64{1}); got.Defined() {
		t.Errorf("of one value: %v", got)
	}
}
