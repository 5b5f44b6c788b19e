package data

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
)

// TestFolds holds that every sentence is in one fold, that every label has its
// share in each, and that the same seed gives the same folds.
func TestFolds(t *testing.T) {
	s, err := OpenTrain(t.Context(), configs.Default(), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, order := range []int{1, 2} {
		t.Run(fmt.Sprint("order ", order), func(t *testing.T) { wantFolds(t, s, Stratification{order, 7}) })
	}
}

func wantFolds(t *testing.T, s *Set, by Stratification) {
	const k = 5
	folds := s.Folds(s.All(), k, by)
	if len(folds) != k {
		t.Fatalf("%d folds", len(folds))
	}
	all := slices.Concat(folds...)
	slices.Sort(all)
	if diff := cmp.Diff(s.All(), all); diff != "" {
		t.Errorf("sentences (-corpus +folds):\n%s", diff)
	}
	whole := s.Statistics(s.All()).Aspects
	for f, fold := range folds {
		if !slices.IsSorted(fold) {
			t.Errorf("fold %d does not ascend", f)
		}
		for a, row := range s.Statistics(fold).Aspects {
			for p, n := range row.Counts {
				if want := float64(whole[a].Counts[p]) / k; float64(n) < want-3 || float64(n) > want+3 {
					t.Errorf("fold %d: %d sentences with polarity %d of aspect %d, want about %.1f", f, n, p, a, want)
				}
			}
		}
	}
	if diff := cmp.Diff(folds, s.Folds(s.All(), k, by)); diff != "" {
		t.Errorf("once more:\n%s", diff)
	}
	if one := s.Folds(s.All(), 1, by); len(one) != 1 || len(one[0]) != s.Len() {
		t.Errorf("one fold is %v", one)
	}
}
