package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLevels(t *testing.T) {
	for _, test := range []struct {
		name    string
		weights []float32
		want    []int
	}{
		{"none", nil, []int{}},
		{"nothing", []float32{0, 0}, []int{0, 0}},
		{"shares of the greatest", []float32{.8, .4, .09, .11, 0}, []int{4, 2, 0, 1, 0}},
		{"signs", []float32{-2, 1, -.1, .9}, []int{-4, 2, 0, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Levels(test.weights)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWeightiest(t *testing.T) {
	words := []string{"a", "-", "c", "d", "e", "f"}
	if got, want := Weightiest(words, []float32{.1, .5, .1, 0, .25, 0}, false), "- 0.50, e 0.25, a 0.10, c 0.10, d 0.00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Weightiest(words[:2], []float32{.5, -1.234}, true), "- −1.23, a +0.50"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
