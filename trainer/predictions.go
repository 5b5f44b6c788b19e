package trainer

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"absa/data"
	"absa/internal/runs"
	"absa/models"
)

// maxPredictions bounds the sentences of a corpus whose predictions a run keeps.
// Their logits are in memory when the run ends, 10 MB for as many sentences and
// five aspects; the lines are written one by one.
const maxPredictions = 100_000

// predicted is a corpus with what the tested weights say of it.
type predicted struct {
	corpus   string // runs.Test or runs.Validation
	examples *data.Examples
	says     *evaluation
}

// noteUnkept says so where a corpus is too large for its predictions to be kept.
func (t *Trainer) noteUnkept(corpus string, examples *data.Examples) {
	if n := examples.Len(); n > maxPredictions {
		t.report(Note{Text: fmt.Sprintf("%s does not have the %d sentences of the %s corpus: it takes %d at most", PredictionsFile, n, corpus, maxPredictions)})
	}
}

// writePredictions writes a line per sentence.
func writePredictions(w io.Writer, labels models.Labels, list []predicted) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, p := range list {
		for i := range p.examples.Len() {
			if err := e.Encode(p.line(labels, i)); err != nil {
				return fmt.Errorf("%s sentence %s: %w", p.corpus, p.examples.ID(i), err)
			}
		}
	}
	return nil
}

// line is what predictions.jsonl says of sentence i.
func (p predicted) line(labels models.Labels, i int) runs.Prediction {
	classes := len(labels.Classes())
	line := runs.Prediction{Corpus: p.corpus, ID: p.examples.ID(i), Words: p.examples.Words(i), Aspects: map[string]runs.Answer{}}
	for a, aspect := range labels.Aspects {
		at := i*len(labels.Aspects) + a
		answer := runs.Answer{Predicted: models.Absent, Logits: p.says.logits[at*classes : (at+1)*classes]}
		if c := p.says.predicted[at]; c != data.Absent {
			answer.Predicted = labels.Polarities[c]
		}
		if c := p.says.gold[at]; c != data.Absent {
			answer.Gold = labels.Polarities[c]
		}
		if p.says.presence != nil {
			probability := float32(1 / (1 + math.Exp(-float64(p.says.presence[at]))))
			answer.Presence = &probability
		}
		line.Aspects[aspect] = answer
	}
	return line
}
