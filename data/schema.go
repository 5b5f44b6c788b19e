package data

import (
	"fmt"
	"slices"
	"strings"

	"absa/configs"
)

// Schema is what may be said: the order of Aspects is that of the tables and
// heads, the order of Polarities is that of the logits.
type Schema struct {
	Aspects    []string
	Polarities []string
}

// maxPolarities is what fits into the byte of a label.
const maxPolarities = 127

// newSchema copies the two lists of the configuration. It refuses an empty
// list, an empty name and a name given twice.
func newSchema(aspects, polarities []string) (Schema, error) {
	if err := checkNames("data.aspects", aspects); err != nil {
		return Schema{}, err
	}
	if err := checkNames("data.polarities", polarities); err != nil {
		return Schema{}, err
	}
	if len(polarities) > maxPolarities {
		return Schema{}, fmt.Errorf("data.polarities: %d of them, want at most %d", len(polarities), maxPolarities)
	}
	return Schema{Aspects: slices.Clone(aspects), Polarities: slices.Clone(polarities)}, nil
}

func checkNames(key string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s: the list is empty", key)
	}
	for i, name := range names {
		if strings.TrimSpace(name) == "" {
			return fmt.Errorf("%s: entry %d is empty", key, i+1)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s: %q is listed twice", key, name)
		}
	}
	return nil
}

// polarity returns the index of a polarity that a sentence names.
func (s Schema) polarity(name, id string) (int, error) {
	if i := slices.Index(s.Polarities, name); i >= 0 {
		return i, nil
	}
	return 0, unknown("polarity", "data.polarities", name, id, s.Polarities, "; add it there or correct the file")
}

// unmapped says that a category which a sentence names leads to no aspect.
func (s Schema) unmapped(name, id string) error {
	return &UnmappedError{unknown("aspect", "data.aspects", name, id, s.Aspects, unmappedHint(name))}
}

// UnmappedError says that a category or a column leads to no aspect.
type UnmappedError struct{ err error }

func (e *UnmappedError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong with the sentence.
func (e *UnmappedError) Unwrap() error { return e.err }

// name is a label as a message calls it.
func (s Schema) name(label int) string {
	if label == Absent {
		return configs.AbsentLabel
	}
	return s.Polarities[label]
}

func unknown(kind, key, name, id string, names []string, hint string) error {
	if near := configs.NearestName(name, names); near != "" {
		hint += "; did you mean " + near + "?"
	}
	return &sentenceError{id, fmt.Sprintf(": %s %q is not in %s (%s)%s", kind, short(name), key, strings.Join(names, ", "), hint)}
}
