package data

import (
	"fmt"
	"slices"
)

// Absent is the label of an aspect that a sentence does not mention.
const Absent = -1

// labels gathers the labels of one sentence.
type labels struct {
	polarity        []int // per aspect: an index into the schema's polarities, or Absent
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

// resolve gathers the labels of a sentence, which goes by an id, and tells wrong
// of each fault and its line. It ends where wrong says so by an error.
func (l *labels) resolve(schema Schema, r Record, id string, drop bool, wrong func(line int, err error) error) error {
	l.reset()
	for i, t := range r.Terms {
		if _, err := schema.polarity(t.Polarity, id); err != nil && t.Polarity != "" {
			if err := wrong(r.termLines[i], err); err != nil {
				return err
			}
		}
	}
	for _, label := range r.Labels {
		if err := l.resolveOne(schema, label, id, drop); err != nil {
			if label.Column != "" {
				err = fmt.Errorf("column %q: %w", short(label.Column), err)
			}
			if err := wrong(label.Line, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *labels) resolveOne(schema Schema, label Label, id string, drop bool) error {
	aspect, err := schema.aspect(label.Aspect, id)
	if err != nil {
		return err
	}
	polarity, err := schema.polarity(label.Polarity, id)
	if err != nil {
		return err
	}
	if l.set(aspect, polarity, label.Line, drop) {
		return nil
	}
	here, first := schema.Polarities[polarity], schema.Polarities[l.polarity[aspect]]
	both := first + " and " + here
	if line := l.line[aspect]; line != label.Line {
		both = fmt.Sprintf("%s here and %s on line %d", here, first, line)
	}
	return fmt.Errorf("sentence %q: %s is %s; correct the file, or set data.contradictions to drop to train without this label",
		short(id), schema.Aspects[aspect], both)
}

func dropContradictions(policy string) (bool, error) {
	switch policy {
	case "", "error":
		return false, nil
	case "drop":
		return true, nil
	}
	return false, fmt.Errorf("data.contradictions: %q is neither error nor drop", policy)
}
