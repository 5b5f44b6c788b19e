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

// reason is a sentence with its words shaded by one kind of weight.
type reason struct {
	Name       string
	Words      []shaded
	Weightiest string // as text, for who cannot tell the shades apart
}

type shaded struct {
	Text, Class, Weight string // Class is empty without a shade
}

// Reasons are what the answer rests on, none where that is not known.
func (m Mistake) Reasons() (list []reason) {
	if m.Attention != nil {
		list = append(list, newReason("attention", m.Words, m.Attention, false))
	}
	if m.Gradient != nil {
		list = append(list, newReason("gradient", m.Words, m.Gradient, true))
	}
	return list
}

func newReason(name string, words []string, weights []float32, signed bool) reason {
	r := reason{Name: name, Weightiest: Weightiest(words, weights, signed)}
	for i, level := range Levels(weights) {
		w := shaded{Text: words[i]}
		switch {
		case level < 0:
			w.Class = fmt.Sprintf("shade against level-%d", -level)
		case level > 0 && signed:
			w.Class = fmt.Sprintf("shade for level-%d", level)
		case level > 0:
			w.Class = fmt.Sprintf("shade level-%d", level)
		}
		w.Weight = number(weights[i], signed)
		r.Words = append(r.Words, w)
	}
	return r
}

// number writes a weight with two digits, a signed one always with its sign.
func number(weight float32, signed bool) string {
	format := "%.2f"
	if signed {
		format = "%+.2f"
	}
	return strings.Replace(fmt.Sprintf(format, weight), "-", "−", 1)
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
		list = append(list, words[i]+" "+number(weights[i], signed))
	}
	return strings.Join(list, ", ")
}

// Shortened cuts a text to so many characters.
func Shortened(text string, most int) string {
	n, end := 0, 0
	for at := range text {
		if n++; n == most {
			end = at
		}
		if n > most {
			return text[:end] + "…"
		}
	}
	return text
}
