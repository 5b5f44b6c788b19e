package vectors

import (
	"errors"
	"fmt"
	"strings"
)

// Vectors of a word that the table lacks, the values of Policy.Unknown.
const (
	Zero     = "zero"   // zeros, as in the article
	Gaussian = "random" // N(0, s²) by seed and word, s the table's standard deviation
	Mean     = "mean"   // the mean of the vectors of the table's words
)

// Policy says what vector a word gets that is not in the table as it stands.
type Policy struct {
	Unknown string // Zero, Gaussian or Mean; empty is Zero
	Aliases bool   // try a related word first, see related
	Seed    int64  // of Gaussian
}

// Coverage counts how the words of a vocabulary were found. The counts add up
// to Words; the two reserved entries are in none of them.
type Coverage struct {
	Words    int
	Exact    int      // in the table as they stand
	Folded   int      // only in lower case
	Aliased  int      // through a related word
	Subwords int      // made of its subwords, in a fastText model
	Unknown  int      // not found: the policy's vector
	Missing  []string // the unknown words, in the vocabulary's order
}

// Share is the part of the words that got a vector from the table, in [0,1].
func (c Coverage) Share() float64 {
	if c.Words == 0 {
		return 0
	}
	return float64(c.Words-c.Unknown) / float64(c.Words)
}

// Reserved entries of a vocabulary.
const (
	padRow     = 0 // "<pad>": always zero
	unknownRow = 1 // "<unk>": the policy's vector for an unknown word
)

// Matrix picks the rows of a vocabulary: rows [len(words), D], row i for
// words[i]. words[0] stands for padding and is zero whatever its text;
// words[1] stands for unknown words and gets the policy's vector. The result
// is a copy and outlives the table.
func (t *Table) Matrix(words []string, p Policy) (rows []float32, c Coverage, err error) {
	if t.Len() == 0 {
		return nil, Coverage{}, errors.New("pick vectors: the table is closed")
	}
	switch p.Unknown {
	case "", Zero, Gaussian, Mean:
	default:
		return nil, Coverage{}, fmt.Errorf("pick vectors: unknown-word policy %q is none of %s, %s, %s", p.Unknown, Zero, Gaussian, Mean)
	}
	var known map[string]string
	if p.Aliases {
		known = aliases()
	}
	d := t.Dimension()
	rows = make([]float32, len(words)*d)
	for i, word := range words {
		row := rows[i*d : (i+1)*d]
		switch i {
		case padRow:
		case unknownRow:
			t.unknown(row, word, p)
		default:
			c.Words++
			t.fill(row, word, p, known, &c)
		}
	}
	return rows, c, nil
}

// Knows returns a function that says whether a word gets a vector from the
// table, and whether that is made of the word's subwords, as Matrix counts it.
func (t *Table) Knows(p Policy) func(word string) (known, subwords bool) {
	var related map[string]string
	if p.Aliases {
		related = aliases()
	}
	row := make([]float32, t.Dimension())
	return func(word string) (known, subwords bool) {
		var c Coverage
		t.fill(row, word, Policy{Unknown: Zero, Aliases: p.Aliases}, related, &c)
		return c.Unknown == 0, c.Subwords == 1
	}
}

// fill writes the vector of an ordinary word and counts how it was found: as it
// stands, in lower case, through a related word, of its subwords.
func (t *Table) fill(row []float32, word string, p Policy, aliases map[string]string, c *Coverage) {
	if v, ok := t.Lookup(word); ok {
		copy(row, v)
		c.Exact++
		return
	}
	folded := strings.ToLower(word)
	if v, ok := t.Lookup(folded); ok {
		copy(row, v)
		c.Folded++
		return
	}
	if p.Aliases && t.relate(row, folded, aliases) {
		c.Aliased++
		return
	}
	if t.image.compose(row, word, -1) {
		c.Subwords++
		return
	}
	t.unknown(row, word, p)
	c.Unknown++
	c.Missing = append(c.Missing, word)
}

// relate writes the mean vector of the first group of related words that the
// table has all of.
func (t *Table) relate(row []float32, word string, aliases map[string]string) bool {
	for _, group := range related(word, aliases) {
		if t.mean(row, group) {
			return true
		}
	}
	return false
}

// mean writes the mean vector of words, if the table has them all.
func (t *Table) mean(row []float32, words []string) bool {
	sum := make([]float32, len(row))
	for _, word := range words {
		v, ok := t.Lookup(word)
		if !ok {
			return false
		}
		for i := range sum {
			sum[i] += v[i] / float32(len(words))
		}
	}
	copy(row, sum)
	return true
}

// unknown writes the policy's vector for a word that was not found.
func (t *Table) unknown(row []float32, word string, p Policy) {
	switch p.Unknown {
	case Gaussian:
		gaussian(row, word, p.Seed, t.info.Std)
	case Mean:
		copy(row, t.image.mean)
	}
}
