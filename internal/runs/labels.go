package runs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// LabelsFile says what the logits of a run stand for.
const LabelsFile = "labels.json"

// Labels is what labels.json says of answers.
type Labels struct {
	Aspects     []string `json:"aspects"`
	Polarities  []string `json:"polarities"`
	AbsentClass bool     `json:"absent_class"`
	Majority    []string `json:"majority"` // of each aspect
}

// ReadLabels reads the labels.json of a run folder.
func ReadLabels(run string) (*Labels, error) {
	path := filepath.Join(run, LabelsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := &Labels{}
	if err := json.Unmarshal(text, l); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(l.Aspects) == 0 || len(l.Majority) != len(l.Aspects) {
		return nil, fmt.Errorf("%s: %d majority labels for %d aspects", path, len(l.Majority), len(l.Aspects))
	}
	return l, nil
}

// Answers has none yet.
func (l *Labels) Answers() *Answers {
	a := &Answers{Aspects: l.Aspects, Polarities: l.Polarities, AbsentClass: l.AbsentClass}
	for _, m := range l.Majority {
		a.Majority = append(a.Majority, slices.Index(l.Polarities, m)) // -1 is Absent
	}
	return a
}
