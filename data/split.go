package data

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// splitStream keeps the split's random numbers apart from those that other
// parts draw from the same seed.
const splitStream = 0x73706c6974 // "split"

// Split holds about fraction of the reviews out for validation, so that every
// label (an aspect with a polarity) has that share on the validation side, the
// rare ones first: iterative stratification of order 1, Sechidis, Tsoumakas and
// Vlahavas, "On the Stratification of Multi-Label Data", 2011, algorithm 1.
// Ties are broken by the seed; the same arguments give the same split.
//
// Reviews of one text, letter case and white space aside, stay together, since
// a model would otherwise be validated on sentences it was trained on.
//
// The results are ascending indices into reviews; each index is in exactly one
// of them. A fraction of 0 or less leaves valid nil, one of 1 or more train.
func Split(reviews []Review, schema Schema, fraction float64, seed int64) (train, valid []int) {
	if !(fraction > 0) { // also NaN
		return indices(len(reviews)), nil
	}
	if fraction >= 1 {
		return nil, indices(len(reviews))
	}
	s := newStratifier(reviews, schema, fraction, seed)
	s.run()
	slices.Sort(s.folds[0].members)
	slices.Sort(s.folds[1].members)
	return s.folds[0].members, s.folds[1].members
}

// group is what goes to one side as a whole: the reviews of one text.
type group struct {
	members []int // indices of reviews
	counts  []int // per label: members that carry it
	placed  bool
}

// fold is one side of the split.
type fold struct {
	members []int
	want    float64   // reviews it still lacks
	labels  []float64 // per label: reviews with it that it still lacks
}

type stratifier struct {
	groups []*group
	folds  [2]fold // train, valid
	left   []int   // per label: reviews with it that are in no fold yet
	rng    *rand.Rand
}

func newStratifier(reviews []Review, schema Schema, fraction float64, seed int64) *stratifier {
	s := &stratifier{
		groups: groupByText(reviews, schema),
		left:   make([]int, len(schema.Aspects)*len(schema.Polarities)),
		rng:    rand.New(rand.NewPCG(uint64(seed), splitStream)),
	}
	for _, g := range s.groups {
		for label, n := range g.counts {
			s.left[label] += n
		}
	}
	for f, share := range []float64{1 - fraction, fraction} {
		s.folds[f].want = share * float64(len(reviews))
		for _, n := range s.left {
			s.folds[f].labels = append(s.folds[f].labels, share*float64(n))
		}
	}
	// The order within a label decides which of equal reviews go where. Large
	// groups go first: what they overshoot, single reviews can still make good.
	s.rng.Shuffle(len(s.groups), func(i, j int) { s.groups[i], s.groups[j] = s.groups[j], s.groups[i] })
	slices.SortStableFunc(s.groups, func(a, b *group) int { return cmp.Compare(len(b.members), len(a.members)) })
	return s
}

// run places every group: label by label, the one with the fewest reviews left
// first, and at the end the groups without a label.
func (s *stratifier) run() {
	for label := s.rarest(); label >= 0; label = s.rarest() {
		for _, g := range s.groups {
			if !g.placed && g.counts[label] > 0 {
				s.place(g, s.neediest(func(f fold) float64 { return f.labels[label] }))
			}
		}
	}
	for _, g := range s.groups {
		if !g.placed {
			s.place(g, s.neediest(func(f fold) float64 { return f.want }))
		}
	}
}

// rarest returns the label with the fewest reviews left, at least one, ties
// broken at random; -1 when none is left.
func (s *stratifier) rarest() int {
	var ties []int
	for label, n := range s.left {
		switch {
		case n == 0:
		case len(ties) == 0 || n < s.left[ties[0]]:
			ties = append(ties[:0], label)
		case n == s.left[ties[0]]:
			ties = append(ties, label)
		}
	}
	if len(ties) == 0 {
		return -1
	}
	return ties[s.rng.IntN(len(ties))]
}

// neediest returns the fold that lacks most by the measure; of equal ones that
// which lacks most reviews; of still equal ones a random one.
func (s *stratifier) neediest(lacks func(fold) float64) int {
	train, valid := s.folds[0], s.folds[1]
	order := cmp.Or(cmp.Compare(lacks(valid), lacks(train)), cmp.Compare(valid.want, train.want))
	switch {
	case order > 0:
		return 1
	case order < 0:
		return 0
	}
	return s.rng.IntN(2)
}

func (s *stratifier) place(g *group, to int) {
	f := &s.folds[to]
	f.members = append(f.members, g.members...)
	f.want -= float64(len(g.members))
	for label, n := range g.counts {
		f.labels[label] -= float64(n)
		s.left[label] -= n
	}
	g.placed = true
}

// groupByText returns the groups in the order of their first reviews.
func groupByText(reviews []Review, schema Schema) []*group {
	byText := map[string]*group{}
	var groups []*group
	for i, r := range reviews {
		text := strings.Join(strings.Fields(strings.ToLower(r.Text)), " ")
		g := byText[text]
		if g == nil {
			g = &group{counts: make([]int, len(schema.Aspects)*len(schema.Polarities))}
			byText[text] = g
			groups = append(groups, g)
		}
		g.members = append(g.members, i)
		for a, label := range r.Labels {
			if label != Absent {
				g.counts[a*len(schema.Polarities)+label]++
			}
		}
	}
	return groups
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
