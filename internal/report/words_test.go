package report

import (
	"strings"
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

// explain gives mistakes weights of every level and sign.
func explain(mistakes []Mistake) {
	for i := range mistakes {
		m := &mistakes[i]
		for k := range m.Words {
			m.Attention = append(m.Attention, float32(k%5)/10)
			m.Gradient = append(m.Gradient, float32(k%9-4)/2)
		}
	}
}

// TestMistakesTellTheirReasons holds that each word is in the page with the shade
// of its weight, and that text says what the shades do.
func TestMistakesTellTheirReasons(t *testing.T) {
	r, err := Read(usual.make(t, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	m := &r.Answers.Mistakes[0]
	r.Answers.Mistakes = r.Answers.Mistakes[:1]
	m.Words, m.Attention, m.Gradient = []string{"slow", "<b>staff</b>", "&"}, []float32{.7, .2, .1}, []float32{2, -1.5, 0}
	var page strings.Builder
	if err := Write(&page, []*Run{r}); err != nil {
		t.Fatal(err)
	}
	const alone = "of the sentence read alone"
	if strings.Contains(page.String(), alone) {
		t.Error("the answer is said to depend on the batch")
	}
	r.Answers.Alone = true
	var dependent strings.Builder
	if err := Write(&dependent, []*Run{r}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(dependent.String(), alone) {
		t.Errorf("the page does not say %q", alone)
	}
	reasons := parse(t, page.String()).find("reasons")
	var got []string
	for _, e := range append(reasons.all("mark"), reasons.all("p")...) {
		got = append(got, strings.TrimSpace(e.attribute("class")+" "+e.attribute("title"))+": "+e.text())
	}
	want := []string{
		"shade level-4 0.70: slow", "shade level-1 0.20: <b>staff</b>", "shade level-1 0.10: &",
		"shade for level-4 +2.00: slow", "shade against level-3 −1.50: <b>staff</b>",
		"note: slow 0.70, <b>staff</b> 0.20, & 0.10", "note: slow +2.00, <b>staff</b> −1.50, & +0.00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
