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
// Their logits and texts are in memory when the run ends, some 30 MB for as many
// sentences and five aspects; the lines are written one by one.
const maxPredictions = 100_000

// predicted is a corpus with what the tested weights say of it.
type predicted struct {
	corpus   string // runs.Test or runs.Validation
	reviews  []data.Review
	examples []data.Example // of the reviews, in their order
	says     *evaluation
}

// writePredictions writes a line per sentence. words is the vocabulary in order.
func writePredictions(w io.Writer, labels models.Labels, words []string, list []predicted) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, p := range list {
		for i := range p.examples {
			if err := e.Encode(p.line(labels, words, i)); err != nil {
				return fmt.Errorf("%s sentence %s: %w", p.corpus, p.examples[i].ID, err)
			}
		}
	}
	return nil
}

// line is what predictions.jsonl says of sentence i.
func (p predicted) line(labels models.Labels, words []string, i int) runs.Prediction {
	example, classes := p.examples[i], len(labels.Classes())
	line := runs.Prediction{
		Corpus: p.corpus, ID: example.ID, Text: p.reviews[i].Text,
		Words: make([]string, len(example.Tokens)), Aspects: map[string]runs.Answer{},
	}
	for t, id := range example.Tokens {
		line.Words[t] = words[id]
	}
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
