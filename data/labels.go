package data

import (
	"encoding/xml"
	"slices"
)

// labels gathers the aspect categories of one sentence.
type labels struct {
	id       string
	polarity []int // per aspect; becomes Review.Labels
	line     []int // per aspect: where its label stands, 0 where it has none
	merged   []string
	dropped  []string
}

func newLabels(schema Schema, id string) *labels {
	return &labels{
		id:       id,
		polarity: slices.Repeat([]int{Absent}, len(schema.Aspects)),
		line:     make([]int, len(schema.Aspects)),
	}
}

// add reads one <aspectCategory>.
func (l *labels) add(d *decoder, e xml.StartElement) error {
	category, err := d.required(e, "category", l.id)
	if err != nil {
		return err
	}
	aspect, err := d.aspect(category, l.id)
	if err != nil {
		return err
	}
	name, err := d.required(e, "polarity", l.id)
	if err != nil {
		return err
	}
	polarity, err := d.polarity(name, l.id)
	if err != nil {
		return err
	}
	switch first := l.polarity[aspect]; {
	case l.line[aspect] == 0:
		l.polarity[aspect], l.line[aspect] = polarity, d.line()
	case first == polarity:
		l.merged = append(l.merged, l.id)
	case first == Absent:
		// Dropped before: what else the sentence says of this aspect cannot mend it.
	case d.drop:
		l.polarity[aspect] = Absent
		l.dropped = append(l.dropped, l.id)
	default:
		return d.errorf("sentence %q: %s is %s here and %s on line %d; correct the file, or set data.contradictions to drop to train without this label",
			l.id, category, name, d.schema.Polarities[first], l.line[aspect])
	}
	return nil
}
