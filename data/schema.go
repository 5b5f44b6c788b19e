package data

import (
	"fmt"
	"slices"
	"strings"
)

// Schema is what may be said: the order of Aspects is that of the tables and
// heads, the order of Polarities is that of the logits.
type Schema struct {
	Aspects    []string
	Polarities []string
}

// newSchema copies the two lists of the configuration. It refuses an empty
// list, an empty name and a name given twice.
func newSchema(aspects, polarities []string) (Schema, error) {
	if err := checkNames("data.aspects", aspects); err != nil {
		return Schema{}, err
	}
	if err := checkNames("data.polarities", polarities); err != nil {
		return Schema{}, err
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
