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
// in which they appear, with categories under the names that they are given. What its
// opinions come to is a polarity too. It reads the whole file.
func NamesIn(ctx context.Context, path string, categories []configs.Category) (Schema, error) {
	var s Schema
	f, err := os.Open(path)
	if err != nil {
		return s, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	aspects, polarities := map[string]bool{}, map[string]bool{}
	for r, err := range Records(path, f, RecordOptions{}) {
		switch {
		case err != nil:
			return s, err
		case r.Err != nil:
			return s, r.Err
		case ctx.Err() != nil:
			return s, context.Cause(ctx)
		}
		said := map[string]string{}
		for _, l := range r.Labels {
			name := l.Aspect
			if at := first(categories, name); at >= 0 {
				name = categories[at].Aspect
			}
			if name == "" { // passed over
				continue
			}
			if !aspects[name] {
				aspects[name] = true
				s.Aspects = append(s.Aspects, name)
			}
			if len(s.Aspects) > maxAspects {
				return s, &LineError{path, r.Line, fmt.Errorf("more than %d aspects; is it a corpus of labels?", maxAspects)}
			}
			come := []string{l.Polarity}
			if before, ok := said[name]; ok && (r.opinions || name != l.Aspect) {
				come = append(come, combined(before, l.Polarity))
			}
			said[name] = come[len(come)-1]
			for _, polarity := range come {
				if polarity != "" && !polarities[polarity] {
					polarities[polarity] = true
					s.Polarities = append(s.Polarities, polarity)
				}
			}
		}
	}
	if len(s.Aspects) == 0 {
		return s, fmt.Errorf("%s: no label in it", path)
	}
	s.Aspects, s.Polarities = slices.Clip(s.Aspects), slices.Clip(s.Polarities)
	return s, nil
}
