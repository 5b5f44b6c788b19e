package data

import (
	"fmt"
	"slices"

	"absa/configs"
)

// Absent is the label of an aspect that a sentence does not mention.
const Absent = -1

// labels gathers the labels of one sentence.
type labels struct {
	schema          Schema
	mapping         *mapping
	joined          []int  // [P,P] the polarity that two come to, or Absent
	polarity        []int  // per aspect: an index into the schema's polarities, or Absent
	line            []int  // per aspect: where its label stands, 0 where it has none
	joins           []bool // per aspect: whether its labels are opinions to be joined
	merged, dropped int
}

func newLabels(schema Schema, categories []configs.Category) *labels {
	l := &labels{
		schema:   schema,
		mapping:  newMapping(schema.Aspects, categories),
		polarity: slices.Repeat([]int{Absent}, len(schema.Aspects)),
		line:     make([]int, len(schema.Aspects)),
		joins:    make([]bool, len(schema.Aspects)),
	}
	for _, a := range schema.Polarities {
		for _, b := range schema.Polarities {
			l.joined = append(l.joined, slices.Index(schema.Polarities, combined(a, b)))
		}
	}
	return l
}

// reset empties the labels for another sentence.
func (l *labels) reset() {
	for a := range l.polarity {
		l.polarity[a], l.line[a], l.joins[a] = Absent, 0, false
	}
	l.merged, l.dropped = 0, 0
}

// set adds a label, which stands on a line and is joined with others of its aspect
// or contradicts them. With drop an aspect that the sentence contradicts itself
// about loses its label; otherwise the second label is refused.
func (l *labels) set(aspect, polarity, line int, join, drop bool) (ok bool) {
	first := l.polarity[aspect]
	join = join || l.joins[aspect]
	l.joins[aspect] = join
	if join && l.line[aspect] > 0 && first != Absent {
		if both := l.joined[first*len(l.schema.Polarities)+polarity]; both != Absent {
			l.polarity[aspect] = both
			return true
		}
	}
	switch {
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
func (l *labels) resolve(r Record, id string, drop bool, wrong func(line int, err error) error) error {
	l.reset()
	for i, t := range r.Terms {
		if _, err := l.schema.polarity(t.Polarity, id); err != nil && t.Polarity != "" {
			if err := wrong(r.termLines[i], err); err != nil {
				return err
			}
		}
	}
	for _, label := range r.Labels {
		if err := l.resolveOne(label, id, r.opinions, drop); err != nil {
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

// resolveOne adds a label, which is an opinion of several that an aspect may have,
// or the aspect's one.
func (l *labels) resolveOne(label Label, id string, opinion, drop bool) error {
	schema := l.schema
	aspect, led := l.mapping.find([]byte(label.Aspect))
	switch aspect {
	case passedOver:
		return nil
	case unmapped:
		return schema.unmapped(label.Aspect, id)
	}
	polarity, err := schema.polarity(label.Polarity, id)
	if err != nil {
		return err
	}
	if l.set(aspect, polarity, label.Line, opinion || led, drop) {
		return nil
	}
	here, first := schema.Polarities[polarity], schema.Polarities[l.polarity[aspect]]
	both := first + " and " + here
	if line := l.line[aspect]; line != label.Line {
		both = fmt.Sprintf("%s here and %s on line %d", here, first, line)
	}
	mend := "correct the file"
	if combined(here, first) != "" && l.joins[aspect] {
		mend = "add " + combined(here, first) + " to data.polarities"
	}
	return fmt.Errorf("sentence %q: %s is %s; %s, or set data.contradictions to drop to train without this label",
		short(id), schema.Aspects[aspect], both, mend)
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
