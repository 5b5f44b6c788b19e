package ratings

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var four = []string{"positive", "neutral", "negative", "conflict"}

func TestScale(t *testing.T) {
	tests := []struct {
		name       string
		polarities []string
		given      map[string]float64
		want       []float64
		err        string
	}{
		{"standard", four, nil, []float64{5, 3, 1, 3}, ""},
		{"another value", four, map[string]float64{"conflict": 2.5}, []float64{5, 3, 1, 2.5}, ""},
		{"own names", []string{"good", "bad"}, map[string]float64{"good": 4, "bad": 1}, []float64{4, 1}, ""},
		{"missing", []string{"good", "so-so", "negative"}, map[string]float64{"good": 4}, nil, "no value for so-so: give each polarity one from 1 to 5, as in so-so=5"},
		{"off the scale", four, map[string]float64{"positive": 10}, nil, "positive=10: a value is from 1 to 5"},
		{"not a number", four, map[string]float64{"positive": math.NaN()}, nil, "positive=NaN"},
		{"misspelt", four, map[string]float64{"postive": 5}, nil, `"postive" is no polarity of this model (it has positive, neutral, negative, conflict)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := NewScale(test.polarities, test.given)
			if diff := cmp.Diff(test.want, s.Values); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// TestInterval compares with Wilson's interval of a proportion as it is published
// (Newcombe 1998, table I), and holds what is to be held at the ends.
func TestInterval(t *testing.T) {
	s := Scale{Values: []float64{5, 3, 1}}
	tests := []struct {
		counts          []int
		mean, low, high float64
	}{
		{[]int{81, 0, 182}, 1 + 4*81./263, 1 + 4*.2553, 1 + 4*.3662},
		{[]int{15, 0, 133}, 1 + 4*15./148, 1 + 4*.0624, 1 + 4*.1605},
		{[]int{0, 0, 20}, 1, 1, 1 + 4*.1611},
		{[]int{1, 0, 28}, 1 + 4*1./29, 1 + 4*.0061, 1 + 4*.1718},
		{[]int{1, 0, 0}, 5, 1 + 4*.2065, 5},
		{[]int{0, 1, 0}, 3, 1 + 4*.0546, 1 + 4*.9454},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.counts), func(t *testing.T) {
			x := Rating{Counts: test.counts}
			low, high := s.Interval(x)
			if math.Abs(s.Mean(x)-test.mean) > 1e-9 || math.Abs(low-test.low) > 3e-4 || math.Abs(high-test.high) > 3e-4 {
				t.Errorf("got %.4f, %.4f to %.4f; want %.4f, %.4f to %.4f", s.Mean(x), low, high, test.mean, test.low, test.high)
			}
		})
	}
	// It holds the mean whatever comes, and shrinks with more of the same.
	for n := 1; n < 200; n++ {
		for k := 0; k <= n; k++ {
			x := Rating{Counts: []int{k, (n - k) / 2, n - k - (n-k)/2}}
			low, high := s.Interval(x)
			if m := s.Mean(x); !(1 <= low && low <= m && m <= high && high <= 5) {
				t.Fatalf("%v: %v to %v around %v", x.Counts, low, high, m)
			}
			more := Rating{Counts: []int{2 * x.Counts[0], 2 * x.Counts[1], 2 * x.Counts[2]}}
			if l, h := s.Interval(more); h-l >= high-low {
				t.Fatalf("%v: %v wide, twice as much %v", x.Counts, high-low, h-l)
			}
		}
	}
	if low, high := (Scale{Values: []float64{3, 3}}).Interval(Rating{Counts: []int{2, 1}}); low != 3 || high != 3 {
		t.Errorf("of equal values: %v to %v", low, high)
	}
}

// TestRatings holds what is counted, in which order it comes, and which sentences
// are kept.
func TestRatings(t *testing.T) {
	scale, err := NewScale(four, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := New([]string{"food", "staff", "price"}, four, scale)
	quote := func(id, text string, confidence float64) Quote {
		return Quote{ID: id, Text: text, Confidence: confidence}
	}
	r.Review("b")
	r.Review("b")
	r.Review("a")
	for range 7 {
		r.Sentence("b")
	}
	r.Add("b", 2, 3, quote("1", "cheap and dear", .9))
	r.Add("b", 0, 0, quote("1", "second", .8))
	r.Add("b", 0, 0, quote("1", "first", .9))
	r.Add("b", 0, 0, quote("2", "FIRST ", .7))
	r.Add("b", 0, 0, quote("2", "also first", .9))
	r.Add("b", 0, 0, quote("2", "not telling", .1))
	r.Add("b", 0, 0, quote("3", "Second", .85))
	r.Add("b", 0, 2, quote("3", "bad", .5))
	var got []string
	for _, g := range r.Groups() {
		got = append(got, fmt.Sprintf("%s: %d reviews, %d sentences", g.Name, g.Reviews, g.Sentences))
		for _, l := range r.Lines(g) {
			got = append(got, fmt.Sprintf("%s: %d, %.3f, %v", l.Aspect, l.Count, l.Rating, l.Polarities["positive"]))
			for _, q := range append(l.Pros, l.Cons...) {
				got = append(got, fmt.Sprintf("%s %s %s %v", q.ID, q.Text, q.Polarity, q.Confidence))
			}
		}
	}
	want := []string{
		"a: 1 reviews, 0 sentences",
		"b: 2 reviews, 7 sentences",
		"food: 7, 4.429, {6 0.8571428571428571}",
		"1 first positive 0.9", "2 also first positive 0.9", "3 Second positive 0.85", "3 bad negative 0.5",
		"price: 1, 3.000, {0 0}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
