package data

import (
	"encoding/hex"
	"iter"
)

// Set is a corpus as numbers: the words, labels and id of each sentence in flat
// arrays, mapped from a file or held in memory, so that a sentence costs no
// object of its own. Its texts are not in it. Whoever opens a Set closes it.
//
// A word's number says nothing but which words are equal; a Vocabulary gives it
// the id that a model reads. Reading from several goroutines at once is safe.
type Set struct {
	Path   string // as given; "sample" for the embedded corpus
	Schema Schema

	image image
	unmap func() error // nil when the image is ordinary memory
	built string       // the cache file that Open has just written
	note  string
}

// Built is the file that Open converted the corpus into, "" if there was no need.
func (s *Set) Built() string { return s.built }

// Note says why the file of an earlier conversion was not used; empty if all is
// well.
func (s *Set) Note() string { return s.note }

// Len is the number of sentences.
func (s *Set) Len() int { return len(s.image.groups) }

// ID is that of sentence i.
func (s *Set) ID(i int) string {
	return string(between(s.image.ids, s.image.idEnds, i))
}

// Words are the numbers of the words of sentence i, none where cleaning leaves
// none. The slice aliases the set, as that of Labels does.
func (s *Set) Words(i int) []uint32 { return between(s.image.words, s.image.ends, i) }

// Labels has one entry per aspect of the schema: an index into its polarities,
// or Absent.
func (s *Set) Labels(i int) []int8 {
	n := len(s.Schema.Aspects)
	return s.image.labels[i*n : (i+1)*n : (i+1)*n]
}

// Kinds is the number of different words.
func (s *Set) Kinds() int { return len(s.image.spellEnds) }

// Word is how word number k is spelled.
func (s *Set) Word(k int) string {
	return string(between(s.image.spellings, s.image.spellEnds, k))
}

// Merged yields the id of each sentence with a label that repeated an equal
// one, and Dropped of each with an aspect that lost its label because the
// sentence contradicts itself (data.contradictions: drop); once for each case.
func (s *Set) Merged() iter.Seq[string]  { return s.idsOf(s.image.merged) }
func (s *Set) Dropped() iter.Seq[string] { return s.idsOf(s.image.dropped) }

func (s *Set) idsOf(at []uint32) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, i := range at {
			if int(i) < s.Len() && !yield(s.ID(int(i))) {
				return
			}
		}
	}
}

// SHA256 is that of the file's bytes, in lower-case hexadecimal.
func (s *Set) SHA256() string { return hex.EncodeToString(s.image.header.source[:]) }

// Fingerprint is the beginning of a SHA-256 over the ids, texts and labels in
// their order, in hexadecimal: the same for a file that moves or changes its
// spacing or format.
func (s *Set) Fingerprint() string { return hex.EncodeToString(s.image.header.content[:8]) }

// All are the positions of all sentences.
func (s *Set) All() []uint32 { return positions(s.Len()) }

// WithWords are those of the positions whose sentences have a word.
func (s *Set) WithWords(at []uint32) []uint32 {
	some := make([]uint32, 0, len(at))
	for _, i := range at {
		if len(s.Words(int(i))) > 0 {
			some = append(some, i)
		}
	}
	return some
}

// CountWords adds to counts how often each word is in the sentences at the
// positions.
func (s *Set) CountWords(counts map[string]int, at []uint32) {
	n := make([]int, s.Kinds())
	for _, i := range at {
		for _, k := range s.Words(int(i)) {
			if int(k) < len(n) {
				n[k]++
			}
		}
	}
	for k, times := range n {
		if times > 0 {
			counts[s.Word(k)] += times
		}
	}
}

// Close releases the set; nothing of it may be used afterwards. A second Close
// does nothing.
func (s *Set) Close() error {
	unmap := s.unmap
	s.image, s.unmap = image{}, nil
	if unmap == nil {
		return nil
	}
	return unmap()
}

// between returns piece i of all, whose pieces end at ends; none where a
// damaged file says something impossible.
func between[T any](all []T, ends []uint64, i int) []T {
	from := uint64(0)
	if i > 0 {
		from = ends[i-1]
	}
	to := ends[i]
	if from > to || to > uint64(len(all)) {
		return nil
	}
	return all[from:to:to]
}

func positions(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}
