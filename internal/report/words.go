package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// MostLevel is the strongest of the levels that a weight is shown by.
const MostLevel = 4

// Levels returns for each weight a level from 0, hardly any, to MostLevel, with the
// weight's sign. They are relative to the greatest weight of the sentence.
func Levels(weights []float32) []int {
	most := 0.0
	for _, w := range weights {
		most = max(most, math.Abs(float64(w)))
	}
	levels := make([]int, len(weights))
	for i, w := range weights {
		if share := float64(w) / most; most > 0 { // rounds to the nearest level
			levels[i] = int(math.Round(share * MostLevel))
		}
	}
	return levels
}

// weightiestShown is how many words Weightiest names.
const weightiestShown = 5

// Weightiest names the words of the greatest weights, the greatest first, with
// their weights: "slow 0.52, staff 0.31". Signed weights have a sign.
func Weightiest(words []string, weights []float32, signed bool) string {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(math.Abs(float64(weights[j])), math.Abs(float64(weights[i])))
	})
	var list []string
	for _, i := range order[:min(len(order), weightiestShown)] {
		format := "%.2f"
		if signed {
			format = "%+.2f"
		}
		list = append(list, words[i]+" "+strings.Replace(fmt.Sprintf(format, weights[i]), "-", "−", 1))
	}
	return strings.Join(list, ", ")
}
