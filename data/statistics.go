package data

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Statistics counts sentences by label, one row per aspect of the schema.
type Statistics struct {
	Polarities []string
	Sentences  int
	Aspects    []AspectCount
}

// AspectCount is the row of one aspect. Absent and Counts add up to the number
// of sentences.
type AspectCount struct {
	Aspect string
	Absent int   // sentences that do not mention it
	Counts []int // sentences by polarity, in the schema's order
}

// Labelled returns the number of sentences that mention the aspect.
func (a AspectCount) Labelled() int {
	n := 0
	for _, count := range a.Counts {
		n += count
	}
	return n
}

// Statistics counts the labels of the corpus.
func (c *Corpus) Statistics() Statistics { return Count(c.Reviews, c.Schema) }

// Count counts the labels of reviews read with the schema.
func Count(reviews []Review, schema Schema) Statistics {
	s := Statistics{Polarities: schema.Polarities, Sentences: len(reviews)}
	for a, aspect := range schema.Aspects {
		row := AspectCount{Aspect: aspect, Counts: make([]int, len(schema.Polarities))}
		for _, r := range reviews {
			if label := r.Labels[a]; label == Absent {
				row.Absent++
			} else {
				row.Counts[label]++
			}
		}
		s.Aspects = append(s.Aspects, row)
	}
	return s
}

// Labels returns the number of labels in all aspects.
func (s Statistics) Labels() int {
	n := 0
	for _, a := range s.Aspects {
		n += a.Labelled()
	}
	return n
}

// String draws the article's table of labels: aspects down, absent and the
// polarities across. The last line ends with a line feed.
func (s Statistics) String() string {
	header := append([]string{"aspect", "absent"}, s.Polarities...)
	rows := [][]string{header}
	for _, a := range s.Aspects {
		row := []string{a.Aspect, fmt.Sprint(a.Absent)}
		for _, count := range a.Counts {
			row = append(row, fmt.Sprint(count))
		}
		rows = append(rows, row)
	}
	width := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s", width[0], row[0])
		for i, cell := range row[1:] {
			fmt.Fprintf(&b, "  %*s", width[i+1], cell)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
