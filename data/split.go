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

// Stratification says whose shares a split keeps.
type Stratification struct {
	// Order is 2 for the pairs of labels that a sentence has, and then each label;
	// otherwise it is each label alone.
	Order int
	Seed  int64
}

// Split holds about fraction of the sentences at the positions out for
// validation, so that every label (an aspect with a polarity) has that share on
// the validation side, the rare ones first: iterative stratification, Sechidis,
// Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011,
// algorithm 1. Of order 2, pairs of labels have their share first: Szymański and
// Kajdanowicz, "A Network Perspective on Stratification of Multi-Label Data", 2017.
// Ties are broken by the seed; the same arguments give the same split.
//
// Sentences of one text, letter case and white space aside, stay together, since
// a model would otherwise be validated on sentences it was trained on.
//
// at must ascend, as the results do; each position is in exactly one of them. A
// fraction of 0 or less leaves valid nil, one of 1 or more train. The time is
// linear in the sentences, by the number of labels and of pairs that occur, and
// about 20 bytes of memory go to each while it splits.
func (s *Set) Split(at []uint32, fraction float64, by Stratification) (train, valid []uint32) {
	if !(fraction > 0) { // also NaN
		return at, nil
	}
	if fraction >= 1 {
		return nil, at
	}
	sides := s.divide(at, []float64{1 - fraction, fraction}, by)
	return sides[0], sides[1]
}

// divide cuts the sentences at the positions into parts with these shares of them and
// of each label, as Split does.
func (s *Set) divide(at []uint32, shares []float64, by Stratification) [][]uint32 {
	x := newStratifier(s, at, shares, by)
	x.run()
	parts := make([][]uint32, len(shares))
	for i, to := range x.placed {
		parts[to] = append(parts[to], at[i])
	}
	return parts
}

// fold is one part of the sentences.
type fold struct {
	want  float64   // sentences it still lacks
	lacks []float64 // per combination: sentences with it that it still lacks
}

// stratifier places groups, which go to one fold as a whole: the sentences of
// one text. Group g has members[starts[g]:starts[g+1]].
type stratifier struct {
	set     *Set
	at      []uint32
	members []uint32 // indices of at
	starts  []uint32
	order   []uint32 // of the groups that are not placed
	placed  []uint16 // by index of at: the fold
	folds   []fold

	// combinations of labels: each label with itself, and then, if pairs count, those
	// that occur.
	combinations [][2]int
	labels       int            // number of labels
	pairs        map[[2]int]int // where each stands in combinations; nil if they do not count
	left         []int          // per combination: sentences with it that are in no fold yet
	tally        []int          // per combination, of place
	rng          *rand.Rand
}

func newStratifier(set *Set, at []uint32, shares []float64, by Stratification) *stratifier {
	s := &stratifier{
		set: set, at: at,
		placed: make([]uint16, len(at)),
		labels: len(set.Schema.Aspects) * len(set.Schema.Polarities),
		rng:    rand.New(rand.NewPCG(uint64(by.Seed), splitStream)),
	}
	s.group()
	for label := range s.labels {
		s.combinations = append(s.combinations, [2]int{label, label})
	}
	s.left = make([]int, s.labels)
	if by.Order == 2 {
		s.pairs = map[[2]int]int{}
	}
	for i := range at {
		for c := range s.combinationsOf(uint32(i)) {
			s.left[c]++
		}
	}
	s.tally = make([]int, len(s.left))
	for _, share := range shares {
		f := fold{want: share * float64(len(at))}
		for _, n := range s.left {
			f.lacks = append(f.lacks, share*float64(n))
		}
		s.folds = append(s.folds, f)
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

// combinationsOf yields the combinations of labels of the sentence at index i of at.
func (s *stratifier) combinationsOf(i uint32) iter.Seq[int] {
	polarities := len(s.set.Schema.Polarities)
	labels := s.set.Labels(int(s.at[i]))
	return func(yield func(int) bool) {
		for a, p := range labels {
			if p == Absent {
				continue
			}
			label := a*polarities + int(p)
			if !yield(label) {
				return
			}
			for b, q := range labels[:a] {
				if s.pairs != nil && q != Absent && !yield(s.pair(b*polarities+int(q), label)) {
					return
				}
			}
		}
	}
}

// pair is where a pair of labels stands in combinations, at the end if it is new.
func (s *stratifier) pair(a, b int) int {
	key := [2]int{a, b}
	c, known := s.pairs[key]
	if !known {
		c = len(s.combinations)
		s.pairs[key] = c
		s.combinations, s.left = append(s.combinations, key), append(s.left, 0)
	}
	return c
}

// carries says whether a member of a group has a combination.
func (s *stratifier) carries(g uint32, combination int) bool {
	both := s.combinations[combination]
	for _, i := range s.members[s.starts[g]:s.starts[g+1]] {
		if s.has(i, both[0]) && s.has(i, both[1]) {
			return true
		}
	}
	return false
}

// has says whether the sentence at index i of at has a label.
func (s *stratifier) has(i uint32, label int) bool {
	polarities := len(s.set.Schema.Polarities)
	return s.set.Labels(int(s.at[i]))[label/polarities] == int8(label%polarities)
}

// run places every group: combination by combination, the one with the fewest
// sentences left first, and at the end the groups without a label.
func (s *stratifier) run() {
	for c := s.rarest(); c >= 0; c = s.rarest() {
		s.placeWhere(
			func(g uint32) bool { return s.carries(g, c) },
			func(f fold) float64 { return f.lacks[c] })
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

// rarest returns the pair with the fewest sentences left, at least one, and when
// there is none the label; -1 when none is left either.
func (s *stratifier) rarest() int {
	if pair := s.fewest(s.left[s.labels:]); pair >= 0 {
		return s.labels + pair
	}
	return s.fewest(s.left[:s.labels])
}

// fewest returns the position of the least number above 0, ties broken at random; -1
// when there is none.
func (s *stratifier) fewest(left []int) int {
	var ties []int
	for c, n := range left {
		switch {
		case n == 0:
		case len(ties) == 0 || n < left[ties[0]]:
			ties = append(ties[:0], c)
		case n == left[ties[0]]:
			ties = append(ties, c)
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
	var ties []int
	for i, f := range s.folds {
		order := 0
		if len(ties) > 0 {
			best := s.folds[ties[0]]
			order = cmp.Or(cmp.Compare(lacks(f), lacks(best)), cmp.Compare(f.want, best.want))
		}
		switch {
		case order > 0:
			ties = append(ties[:0], i)
		case order == 0:
			ties = append(ties, i)
		}
	}
	if len(ties) == 1 {
		return ties[0]
	}
	return ties[s.rng.IntN(len(ties))]
}

func (s *stratifier) place(g uint32, to int) {
	f := &s.folds[to]
	members := s.members[s.starts[g]:s.starts[g+1]]
	f.want -= float64(len(members))
	for _, i := range members {
		s.placed[i] = uint16(to)
		for c := range s.combinationsOf(i) {
			s.tally[c]++
		}
	}
	for _, i := range members {
		for c := range s.combinationsOf(i) {
			f.lacks[c] -= float64(s.tally[c])
			s.left[c] -= s.tally[c]
			s.tally[c] = 0
		}
	}
}
