package data

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Statistics counts sentences by label, one row per aspect of the schema.
type Statistics struct {
	Polarities []string      `json:"polarities"`
	Sentences  int           `json:"sentences"`
	Aspects    []AspectCount `json:"aspects"`
}

// AspectCount is the row of one aspect. Absent and Counts add up to the number
// of sentences.
type AspectCount struct {
	Aspect string `json:"aspect"`
	Absent int    `json:"absent"` // sentences that do not mention it
	Counts []int  `json:"counts"` // sentences by polarity, in the schema's order
}

// Labelled returns the number of sentences that mention the aspect.
func (a AspectCount) Labelled() int {
	n := 0
	for _, count := range a.Counts {
		n += count
	}
	return n
}

// Statistics counts the labels of the sentences at the positions.
func (s *Set) Statistics(at []uint32) Statistics {
	counted := newStatistics(s.Schema)
	labels := make([]int, len(s.Schema.Aspects))
	for _, i := range at {
		for a, label := range s.Labels(int(i)) {
			labels[a] = int(label)
		}
		counted.add(labels)
	}
	return counted
}

func newStatistics(schema Schema) Statistics {
	s := Statistics{Polarities: schema.Polarities}
	for _, aspect := range schema.Aspects {
		s.Aspects = append(s.Aspects, AspectCount{Aspect: aspect, Counts: make([]int, len(schema.Polarities))})
	}
	return s
}

// add counts a sentence by its labels per aspect.
func (s *Statistics) add(labels []int) {
	s.Sentences++
	for a, label := range labels {
		if label == Absent {
			s.Aspects[a].Absent++
		} else {
			s.Aspects[a].Counts[label]++
		}
	}
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
