package metrics

import (
	"errors"
	"fmt"
)

// Absent is the label of an aspect that a sentence does not mention.
const Absent = -1

// Result is how a model did, beside the majority class.
type Result struct {
	Polarities []string // names of the rows of every Confusion
	Aspects    []Row    // in the order of the configuration
	Overall    Row      // all pairs pooled, so an aspect counts by its support
}

// Row is one line of the table.
type Row struct {
	Name     string // the aspect, or "overall"
	Model    Confusion
	Majority Confusion // of the prediction that never changes
}

// Evaluate scores pred against gold, both [N,A] as the package comment says,
// and beside it the baseline that answers majority[a] for every sentence.
// Lengths that do not fit and labels out of range are errors.
func Evaluate(aspects, polarities []string, gold, pred, majority []int) (Result, error) {
	if err := checkLabels("gold", aspects, polarities, gold); err != nil {
		return Result{}, err
	}
	if err := checkLabels("predictions", aspects, polarities, pred); err != nil {
		return Result{}, err
	}
	if err := checkLabels("majority", aspects, polarities, majority); err != nil {
		return Result{}, err
	}
	switch {
	case len(pred) != len(gold):
		return Result{}, fmt.Errorf("evaluate: %d predictions for %d gold labels", len(pred), len(gold))
	case len(majority) != len(aspects):
		return Result{}, fmt.Errorf("evaluate: %d majority labels for %d aspects", len(majority), len(aspects))
	}
	result := Result{Polarities: polarities, Overall: newRow("overall", len(polarities))}
	for a, name := range aspects {
		row := newRow(name, len(polarities))
		for i := a; i < len(gold); i += len(aspects) {
			if gold[i] == Absent {
				continue
			}
			for _, r := range []Row{row, result.Overall} {
				r.Model.add(gold[i], pred[i])
				r.Majority.add(gold[i], majority[a])
			}
		}
		result.Aspects = append(result.Aspects, row)
	}
	return result, nil
}

// Majority returns the most frequent polarity of an aspect by the counts of its
// training labels: what a baseline may know. Of equally frequent ones it takes
// the first in order; without a label it is Absent.
func Majority(counts []int) int {
	majority, most := Absent, 0
	for c, n := range counts {
		if n > most {
			majority, most = c, n
		}
	}
	return majority
}

func newRow(name string, polarities int) Row {
	return Row{Name: name, Model: newConfusion(polarities), Majority: newConfusion(polarities)}
}

func checkLabels(what string, aspects, polarities []string, labels []int) error {
	if len(aspects) == 0 {
		return errors.New("evaluate: no aspects")
	}
	if len(labels)%len(aspects) != 0 {
		return fmt.Errorf("evaluate: %d %s are not a multiple of %d aspects", len(labels), what, len(aspects))
	}
	for i, label := range labels {
		if label < Absent || label >= len(polarities) {
			return fmt.Errorf("evaluate: %s of sentence %d, aspect %q: %d is not one of %d polarities nor absent (%d)",
				what, i/len(aspects), aspects[i%len(aspects)], label, len(polarities), Absent)
		}
	}
	return nil
}
