package trainer

import (
	"encoding/json"
	"fmt"
	"io"

	"absa/data"
	"absa/internal/runs"
	"absa/models"
)

// maxPredictions bounds the sentences of a corpus whose predictions a run keeps,
// so that the file stays readable: a line of five aspects takes half a kilobyte.
const maxPredictions = 100_000

// predicted is a corpus with what the tested weights say of it.
type predicted struct {
	corpus   string // runs.Test or runs.Validation
	examples *data.Examples
	says     *evaluation
}

// keep adds what the tested weights say of a corpus to what predictions.jsonl
// is to hold, or says that the corpus is too large for it. An answer out of fold
// is kept in any case: a temperature is fitted on it.
func (t *Trainer) keep(list *[]predicted, corpus string, examples *data.Examples, v *evaluation) {
	switch n := examples.Len(); {
	case n <= maxPredictions || t.fold.Of > 0:
		*list = append(*list, predicted{corpus, examples, v})
	default:
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
			answer.Presence = &p.says.presence[at]
		}
		line.Aspects[aspect] = answer
	}
	return line
}
