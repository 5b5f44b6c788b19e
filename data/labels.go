package data

import (
	"fmt"
	"slices"
)

// labels gathers the labels of one sentence.
type labels struct {
	polarity        []int // per aspect; becomes Review.Labels
	line            []int // per aspect: where its label stands, 0 where it has none
	merged, dropped int
}

func newLabels(schema Schema) *labels {
	return &labels{
		polarity: slices.Repeat([]int{Absent}, len(schema.Aspects)),
		line:     make([]int, len(schema.Aspects)),
	}
}

// reset empties the labels for another sentence.
func (l *labels) reset() {
	for a := range l.polarity {
		l.polarity[a], l.line[a] = Absent, 0
	}
	l.merged, l.dropped = 0, 0
}

// set adds a label, which stands on a line. With drop an aspect that the
// sentence contradicts itself about loses its label; otherwise the second label
// is refused.
func (l *labels) set(aspect, polarity, line int, drop bool) (ok bool) {
	switch first := l.polarity[aspect]; {
	case l.line[aspect] == 0:
		l.polarity[aspect], l.line[aspect] = polarity, line
	case first == polarity:
		l.merged++
	case first == Absent:
		// Dropped before: what else the sentence says of this aspect cannot mend it.
	case drop:
		l.polarity[aspect] = Absent
		l.dropped++
	default:
		return false
	}
	return true
}

// contradiction is the error of a label that set refused.
func (l *labels) contradiction(schema Schema, id string, aspect, polarity int) error {
	return fmt.Errorf("sentence %q: %s is %s here and %s on line %d; correct the file, or set data.contradictions to drop to train without this label",
		id, schema.Aspects[aspect], schema.Polarities[polarity], schema.Polarities[l.polarity[aspect]], l.line[aspect])
}
