package data

import (
	"slices"

	"absa/configs"
)

// Examples are sentences of a Set as the model sees them. They use the set as
// long as it is open.
type Examples struct {
	set  *Set
	at   []uint32 // positions in the set
	ids  []int64  // per word of the set: its id in a vocabulary
	only []int    // aspects of the set that are learned; nil for all

	ngrams configs.NGrams
}

// Examples numbers the words of the sentences at the positions, which it keeps,
// by a vocabulary; by none, every word is unknown.
func (s *Set) Examples(at []uint32, vocabulary *Vocabulary) *Examples {
	if vocabulary == nil {
		return &Examples{set: s, at: at}
	}
	ids := make([]int64, s.Kinds())
	for k := range ids {
		ids[k] = vocabulary.ID(s.Word(k))
	}
	return &Examples{set: s, at: at, ids: ids}
}

// Len is the number of examples, 0 for nil.
func (e *Examples) Len() int {
	if e == nil {
		return 0
	}
	return len(e.at)
}

// ID is that of the sentence of example i.
func (e *Examples) ID(i int) string { return e.set.ID(int(e.at[i])) }

// Labels are those of example i per aspect, as Set.Labels has them, or of the
// aspects that Only named.
func (e *Examples) Labels(i int) []int8 {
	all := e.set.Labels(int(e.at[i]))
	if e.only == nil {
		return all
	}
	some := make([]int8, len(e.only))
	for k, a := range e.only {
		some[k] = all[a]
	}
	return some
}

// Only has the examples show the labels of some aspects, in the order of the schema.
func (e *Examples) Only(aspects []string) *Examples {
	e.only = nil
	if len(aspects) < len(e.set.Schema.Aspects) {
		for a, name := range e.set.Schema.Aspects {
			if slices.Contains(aspects, name) {
				e.only = append(e.only, a)
			}
		}
	}
	return e
}

// Length is the number of tokens of example i, at least 1.
func (e *Examples) Length(i int) int { return max(1, len(e.set.Words(int(e.at[i])))) }

// Tokens writes the ids of example i, of which there are Length, to the
// beginning of to. A sentence without words stands as one unknown word, so that
// in an evaluation no label goes uncounted.
func (e *Examples) Tokens(to []int64, i int) {
	words := e.set.Words(int(e.at[i]))
	if len(words) == 0 {
		to[0] = UnknownID
	}
	for t, k := range words {
		to[t] = UnknownID
		if int(k) < len(e.ids) {
			to[t] = e.ids[k]
		}
	}
}

// Words are those of example i as they were cut, whether the vocabulary knows
// them or not; none where cleaning left none.
func (e *Examples) Words(i int) []string {
	words := e.set.Words(int(e.at[i]))
	out := make([]string, len(words))
	for t, k := range words {
		out[t] = e.set.Word(int(k))
	}
	return out
}
