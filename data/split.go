package data

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// splitStream keeps the split's random numbers apart from those that other
// parts draw from the same seed.
const splitStream = 0x73706c6974 // "split"

// Split holds about fraction of the sentences at the positions out for
// validation, so that every label (an aspect with a polarity) has that share on
// the validation side, the rare ones first: iterative stratification of order 1,
// Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data",
// 2011, algorithm 1. Ties are broken by the seed; the same arguments give the
// same split.
//
// Sentences of one text, letter case and white space aside, stay together, since
// a model would otherwise be validated on sentences it was trained on.
//
// at must ascend, as the results do; each position is in exactly one of them. A
// fraction of 0 or less leaves valid nil, one of 1 or more train. The time is
// linear in the sentences, by the number of labels, and about 20 bytes of memory
// go to each while it splits.
func (s *Set) Split(at []uint32, fraction float64, seed int64) (train, valid []uint32) {
	if !(fraction > 0) { // also NaN
		return at, nil
	}
	if fraction >= 1 {
		return nil, at
	}
	x := newStratifier(s, at, fraction, seed)
	x.run()
	for i, held := range x.held {
		if held {
			valid = append(valid, at[i])
		} else {
			train = append(train, at[i])
		}
	}
	return train, valid
}

// fold is one side of the split.
type fold struct {
	want   float64   // sentences it still lacks
	labels []float64 // per label: sentences with it that it still lacks
}

// stratifier places groups, which go to one side as a whole: the sentences of
// one text. Group g has members[starts[g]:starts[g+1]].
type stratifier struct {
	set     *Set
	at      []uint32
	members []uint32 // indices of at
	starts  []uint32
	order   []uint32 // of the groups that are not placed
	held    []bool   // by index of at: for validation
	folds   [2]fold  // train, valid
	left    []int    // per label: sentences with it that are in no fold yet
	tally   []int    // per label, of place
	rng     *rand.Rand
}

func newStratifier(set *Set, at []uint32, fraction float64, seed int64) *stratifier {
	labels := len(set.Schema.Aspects) * len(set.Schema.Polarities)
	s := &stratifier{
		set: set, at: at,
		held:  make([]bool, len(at)),
		left:  make([]int, labels),
		tally: make([]int, labels),
		rng:   rand.New(rand.NewPCG(uint64(seed), splitStream)),
	}
	s.group()
	for i := range at {
		for label := range s.labelsOf(uint32(i)) {
			s.left[label]++
		}
	}
	for f, share := range []float64{1 - fraction, fraction} {
		s.folds[f].want = share * float64(len(at))
		for _, n := range s.left {
			s.folds[f].labels = append(s.folds[f].labels, share*float64(n))
		}
	}
	// The order within a label decides which of equal sentences go where. Large
	// groups go first: what they overshoot, single sentences can still make good.
	s.order = positions(len(s.starts) - 1)
	s.rng.Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
	large, single := make([]uint32, 0), make([]uint32, 0, len(s.order))
	for _, g := range s.order {
		if s.size(g) > 1 {
			large = append(large, g)
		} else {
			single = append(single, g)
		}
	}
	slices.SortStableFunc(large, func(a, b uint32) int { return cmp.Compare(s.size(b), s.size(a)) })
	s.order = append(large, single...)
	return s
}

// group finds the groups, in the order of their first members.
func (s *stratifier) group() {
	const none = math.MaxUint32
	number := slices.Repeat([]uint32{none}, s.set.Len()) // of a group among those of at
	of := make([]uint32, len(s.at))
	for i, at := range s.at {
		n := &number[min(int(s.set.image.groups[at]), len(number)-1)]
		if *n == none {
			*n = uint32(len(s.starts))
			s.starts = append(s.starts, 0)
		}
		of[i] = *n
		s.starts[*n]++
	}
	end := uint32(0)
	for g, n := range s.starts {
		s.starts[g], end = end, end+n
	}
	s.starts = append(s.starts, end)
	next := slices.Clone(s.starts)
	s.members = make([]uint32, len(s.at))
	for i, g := range of {
		s.members[next[g]] = uint32(i)
		next[g]++
	}
}

// size is the number of members of a group.
func (s *stratifier) size(g uint32) uint32 { return s.starts[g+1] - s.starts[g] }

// labelsOf yields the labels of the sentence at index i of at.
func (s *stratifier) labelsOf(i uint32) iter.Seq[int] {
	return func(yield func(int) bool) {
		for a, p := range s.set.Labels(int(s.at[i])) {
			if p != Absent && !yield(a*len(s.set.Schema.Polarities)+int(p)) {
				return
			}
		}
	}
}

// carries says whether a member of a group has a label.
func (s *stratifier) carries(g uint32, label int) bool {
	polarities := len(s.set.Schema.Polarities)
	for _, i := range s.members[s.starts[g]:s.starts[g+1]] {
		if s.set.Labels(int(s.at[i]))[label/polarities] == int8(label%polarities) {
			return true
		}
	}
	return false
}

// run places every group: label by label, the one with the fewest sentences left
// first, and at the end the groups without a label.
func (s *stratifier) run() {
	for label := s.rarest(); label >= 0; label = s.rarest() {
		s.placeWhere(
			func(g uint32) bool { return s.carries(g, label) },
			func(f fold) float64 { return f.labels[label] })
	}
	s.placeWhere(
		func(uint32) bool { return true },
		func(f fold) float64 { return f.want })
}

// placeWhere places those of the groups left that are meant, in their order.
func (s *stratifier) placeWhere(meant func(g uint32) bool, lacks func(fold) float64) {
	rest := s.order[:0]
	for _, g := range s.order {
		if meant(g) {
			s.place(g, s.neediest(lacks))
		} else {
			rest = append(rest, g)
		}
	}
	s.order = rest
}

// rarest returns the label with the fewest sentences left, at least one, ties
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
// which lacks most sentences; of still equal ones a random one.
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

func (s *stratifier) place(g uint32, to int) {
	f := &s.folds[to]
	members := s.members[s.starts[g]:s.starts[g+1]]
	f.want -= float64(len(members))
	clear(s.tally)
	for _, i := range members {
		s.held[i] = to == 1
		for label := range s.labelsOf(i) {
			s.tally[label]++
		}
	}
	for label, n := range s.tally {
		f.labels[label] -= float64(n)
		s.left[label] -= n
	}
}
