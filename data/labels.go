package data

import (
	"fmt"
	"slices"

	"absa/configs"
)

// Absent is the label of an aspect that a sentence does not mention.
const Absent = -1

// labels gathers the labels of one sentence. What an aspect is said to be under its
// own name and what opinions and other names say of it are kept apart until finish, so
// that their order does not matter: the first must agree, the others are joined.
type labels struct {
	schema          Schema
	mapping         *mapping
	joined          []int      // [P,P] the polarity that two come to, or Absent
	direct, led     []gathered // per aspect
	polarity        []int      // per aspect: an index into the schema's polarities, or Absent; from finish
	contradicted    []int      // aspects
	merged, dropped int
}

// gathered is what labels of an aspect come to.
type gathered struct {
	polarity int // Absent if there are none or they contradict each other
	line     int // where the first stands, 0 without one
}

func newLabels(schema Schema, categories []configs.Category) *labels {
	l := &labels{
		schema:   schema,
		mapping:  newMapping(schema.Aspects, categories),
		direct:   make([]gathered, len(schema.Aspects)),
		led:      make([]gathered, len(schema.Aspects)),
		polarity: slices.Repeat([]int{Absent}, len(schema.Aspects)),
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
		l.direct[a], l.led[a], l.polarity[a] = gathered{}, gathered{}, Absent
	}
	l.merged, l.dropped = 0, 0
}

// set adds a label, which stands on a line and is joined with others of its aspect
// or contradicts them. With drop an aspect that the sentence contradicts itself
// about loses its label; otherwise the second label is refused.
func (l *labels) set(aspect, polarity, line int, join, drop bool) (ok bool) {
	g := &l.direct[aspect]
	if join {
		g = &l.led[aspect]
	} else if g.line > 0 && g.polarity == polarity {
		l.merged++
	}
	return l.put(g, gathered{polarity, line}, join, drop)
}

// put adds what is gathered elsewhere to g.
func (l *labels) put(g *gathered, other gathered, join, drop bool) (ok bool) {
	switch {
	case other.line == 0:
	case g.line == 0:
		*g = other
	case g.polarity == Absent || other.polarity == Absent:
		g.polarity = Absent // what else the sentence says of this aspect cannot mend it
	case g.polarity == other.polarity:
	case join && l.both(*g, other) != Absent:
		g.polarity = l.both(*g, other)
	case drop:
		g.polarity = Absent
	default:
		return false
	}
	return true
}

// both is the polarity that two come to, or Absent.
func (l *labels) both(a, b gathered) int {
	return l.joined[a.polarity*len(l.schema.Polarities)+b.polarity]
}

// finish settles the labels of a sentence and returns the aspects about which its
// labels under their own names contradict the others.
func (l *labels) finish(drop bool) []int {
	l.contradicted = l.contradicted[:0]
	for a := range l.polarity {
		all := l.direct[a]
		if !l.put(&all, l.led[a], true, drop) {
			l.contradicted = append(l.contradicted, a)
		}
		if all.line == 0 {
			continue
		}
		if l.polarity[a] = all.polarity; all.polarity == Absent {
			l.dropped++
		}
	}
	return l.contradicted
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
	if len(l.finish(drop)) > 0 {
		return l.contradictions(id, wrong)
	}
	return nil
}

// contradictions tells wrong of those that finish has found.
func (l *labels) contradictions(id string, wrong func(line int, err error) error) error {
	for _, a := range l.contradicted {
		first, second := l.direct[a], l.led[a]
		if first.line > second.line {
			first, second = second, first
		}
		if err := wrong(second.line, l.contradiction(a, first, second, true, id)); err != nil {
			return err
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
	join := opinion || led
	if l.set(aspect, polarity, label.Line, join, drop) {
		return nil
	}
	first := l.direct[aspect]
	if join {
		first = l.led[aspect]
	}
	return l.contradiction(aspect, first, gathered{polarity, label.Line}, join, id)
}

// contradiction says that two labels of an aspect are none.
func (l *labels) contradiction(aspect int, before, now gathered, join bool, id string) error {
	first, here := l.schema.Polarities[before.polarity], l.schema.Polarities[now.polarity]
	both := first + " and " + here
	if before.line != now.line {
		both = fmt.Sprintf("%s here and %s on line %d", here, first, before.line)
	}
	mend := "correct the file"
	if combined(here, first) != "" && join {
		mend = "add " + combined(here, first) + " to data.polarities"
	}
	return &sentenceError{id, fmt.Sprintf(": %s is %s; %s, or set data.contradictions to drop to train without this label",
		l.schema.Aspects[aspect], both, mend)}
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
