package study

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"absa/internal/runs"
)

// ReadModel reads what a run that ended answers of its test corpus.
func ReadModel(run string) (*Model, error) {
	labels, err := runs.ReadLabels(run)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(run, runs.ResultFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var result runs.Result
	if err := json.Unmarshal(text, &result); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m := &Model{Seed: result.Seed, Answers: labels.Answers(), Parameters: result.Parameters, Epochs: result.TestedEpoch, Versions: []runs.Versions{result.Versions}}
	for _, e := range result.Epochs {
		m.Seconds += e.Seconds
	}
	path = filepath.Join(run, runs.PredictionsFile)
	if err := m.Answers.Read(path, runs.Test, func(p runs.Prediction) { m.IDs = append(m.IDs, p.ID) }); err != nil {
		return nil, err
	}
	if len(m.IDs) == 0 {
		return nil, fmt.Errorf("%s: no sentence of a test corpus: there is none, or it is larger than what a run keeps", path)
	}
	return m, nil
}
