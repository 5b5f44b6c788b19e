// Package ratings turns opinions of sentences into ratings of what they are about,
// group by group and aspect by aspect.
package ratings

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Ratings gathers the opinions of many reviews. It holds a few hundred bytes and a
// few sentences for each group and aspect, however many reviews there are.
type Ratings struct {
	Aspects    []string
	Polarities []string
	Scale      Scale
	Calibrated bool // the confidence of quotes

	groups map[string]*Group
}

// Group is what a group's reviews say.
type Group struct {
	Name      string
	Reviews   int
	Sentences int
	Ratings   []Rating // of the aspects that are mentioned, in the order of Aspects
}

// Rating is what the reviews of a group say of an aspect.
type Rating struct {
	Aspect string
	Counts []int // sentences of each polarity
	Pros   []Quote
	Cons   []Quote
}

// Quote is a telling sentence.
type Quote struct {
	ID         string  `json:"id"` // of the review
	Text       string  `json:"text"`
	Polarity   string  `json:"polarity"`
	Confidence float64 `json:"confidence"`
}

// mostQuotes is how many pros, and cons, a rating has.
const mostQuotes = 3

// New returns ratings of nothing yet.
func New(aspects, polarities []string, scale Scale) *Ratings {
	return &Ratings{Aspects: aspects, Polarities: polarities, Scale: scale, groups: map[string]*Group{}}
}

// Review counts a review of a group.
func (r *Ratings) Review(group string) { r.group(group).Reviews++ }

// Sentence counts a sentence of a group.
func (r *Ratings) Sentence(group string) { r.group(group).Sentences++ }

func (r *Ratings) group(name string) *Group {
	g := r.groups[name]
	if g == nil {
		name = strings.Clone(name) // of a text that may go
		g = &Group{Name: name, Ratings: make([]Rating, len(r.Aspects))}
		r.groups[name] = g
	}
	return g
}

// Add counts a sentence's opinion of an aspect. Of the pros, polarities above the
// middle of the scale, and the cons, those below, the most confident are kept, each
// text once.
func (r *Ratings) Add(group string, aspect, polarity int, q Quote) {
	rating := &r.group(group).Ratings[aspect]
	if rating.Counts == nil {
		rating.Aspect, rating.Counts = r.Aspects[aspect], make([]int, len(r.Polarities))
	}
	rating.Counts[polarity]++
	q.Polarity = r.Polarities[polarity]
	switch r.Scale.Side(polarity) {
	case 1:
		keep(&rating.Pros, q)
	case -1:
		keep(&rating.Cons, q)
	}
}

func keep(list *[]Quote, q Quote) {
	at, _ := slices.BinarySearchFunc(*list, q, func(a, b Quote) int {
		if c := cmp.Compare(b.Confidence, a.Confidence); c != 0 {
			return c
		}
		return -1 // of equals, the first that came
	})
	if at == mostQuotes || slices.ContainsFunc((*list)[:at], q.repeats) {
		return
	}
	q.ID, q.Text = strings.Clone(q.ID), strings.Clone(q.Text)
	rest := slices.DeleteFunc(slices.Clone((*list)[at:]), q.repeats)
	*list = append(append((*list)[:at], q), rest...)
	*list = (*list)[:min(len(*list), mostQuotes)]
}

// repeats says whether two quotes have the same words.
func (q Quote) repeats(other Quote) bool {
	return strings.EqualFold(strings.Join(strings.Fields(q.Text), " "), strings.Join(strings.Fields(other.Text), " "))
}

// Groups returns the groups by name, with the aspects that they mention.
func (r *Ratings) Groups() []Group {
	var list []Group
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		g := *r.groups[name]
		g.Ratings = slices.DeleteFunc(slices.Clone(g.Ratings), func(x Rating) bool { return x.Counts == nil })
		list = append(list, g)
	}
	return list
}

// Count is the number of sentences that say something of the aspect.
func (x Rating) Count() int {
	n := 0
	for _, c := range x.Counts {
		n += c
	}
	return n
}

// Share is the part of them that has a polarity.
func (x Rating) Share(polarity int) float64 { return float64(x.Counts[polarity]) / float64(x.Count()) }
