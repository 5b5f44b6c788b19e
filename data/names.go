package data

import (
	"context"
	"fmt"
	"os"
	"slices"

	"absa/configs"
)

// maxAspects bounds the aspects that a corpus may name.
const maxAspects = 1000

// NamesIn returns the aspects and polarities that the corpus at path has, in the order
// in which they appear, with categories under the names that they are given: all that
// Open reads it by. Polarities are those of terms too, and what opinions come to; a
// column of CSV is an aspect even where it is empty. It reads the whole file and tells
// progress, if not nil, how many bytes of it have been read.
func NamesIn(ctx context.Context, path string, categories []configs.Category, progress func(done, total int64)) (Schema, error) {
	f, err := os.Open(path)
	if err != nil {
		return Schema{}, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return Schema{}, fmt.Errorf("read corpus: %w", err)
	}
	n := &names{categories: categories, aspects: map[string]bool{}, polarities: map[string]bool{}}
	told := int64(0)
	for r, err := range Records(path, f, RecordOptions{column: func(name string) { n.aspect(name) }}) {
		switch {
		case err != nil:
			return Schema{}, err
		case r.Err != nil:
			return Schema{}, r.Err
		case ctx.Err() != nil:
			return Schema{}, context.Cause(ctx)
		}
		n.record(r)
		if len(n.found.Aspects) > maxAspects {
			return Schema{}, &LineError{path, r.Line, fmt.Errorf("more than %d aspects; is it a corpus of labels?", maxAspects)}
		}
		if progress != nil && r.To-told >= 1<<20 {
			told = r.To
			progress(told, stat.Size())
		}
	}
	if told > 0 && told < stat.Size() {
		progress(stat.Size(), stat.Size())
	}
	if len(n.found.Aspects) == 0 || !n.labelled {
		return Schema{}, fmt.Errorf("%s: no label in it", path)
	}
	return Schema{Aspects: slices.Clip(n.found.Aspects), Polarities: slices.Clip(n.found.Polarities)}, nil
}

// names gathers those of a corpus.
type names struct {
	categories          []configs.Category
	found               Schema
	aspects, polarities map[string]bool
	labelled            bool
	labels              *labels // by what is found, and conflict; nil after a new name
}

// aspect adds what a name leads to, if it is not passed over.
func (n *names) aspect(name string) (passedOver bool) {
	if at := first(n.categories, name); at >= 0 {
		name = n.categories[at].Aspect
	}
	if name != "" && !n.aspects[name] {
		n.aspects[name], n.labels = true, nil
		n.found.Aspects = append(n.found.Aspects, name)
	}
	return name == ""
}

func (n *names) polarity(name string) {
	if name != "" && !n.polarities[name] {
		n.polarities[name], n.labels = true, nil
		n.found.Polarities = append(n.found.Polarities, name)
	}
}

func (n *names) record(r Record) {
	for _, l := range r.Labels {
		if !n.aspect(l.Aspect) {
			n.polarity(l.Polarity)
			n.labelled = true
		}
	}
	for _, t := range r.Terms {
		n.polarity(t.Polarity)
	}
	if n.polarities[conflict] || len(r.Labels) < 2 {
		return
	}
	if n.labels == nil { // of the other polarities none is one that labels come to
		n.labels = newLabels(Schema{Aspects: n.found.Aspects, Polarities: append(slices.Clip(n.found.Polarities), conflict)}, n.categories)
	}
	// What is wrong with the labels is told where they are read.
	_ = n.labels.resolve(r, "", true, func(int, error) error { return nil })
	if slices.Contains(n.labels.polarity, len(n.found.Polarities)) {
		n.polarity(conflict)
	}
}
