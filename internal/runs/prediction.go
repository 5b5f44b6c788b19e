package runs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Corpora that a run predicts.
const (
	Test       = "test"
	Validation = "validation"
)

// Prediction is what the tested weights say of a sentence.
type Prediction struct {
	Corpus  string            `json:"corpus"` // Test or Validation
	ID      string            `json:"id"`
	Words   []string          `json:"words"`   // as they were cut and cleaned for the model
	Aspects map[string]Answer `json:"aspects"` // every aspect of the model
}

// Answer is what the model says of one aspect of a sentence.
type Answer struct {
	Gold      string    `json:"gold,omitempty"` // polarity; empty where the annotators gave none
	Predicted string    `json:"predicted"`      // polarity, or "absent" with model.head.absent_class
	Logits    []float32 `json:"logits"`         // [C] in the order of labels.json, "absent" first where it is a class
	Presence  *float32  `json:"presence,omitempty"`
}

// longestLine bounds a line of predictions.jsonl in bytes.
const longestLine = 64 << 20

// ReadPredictions reads predictions.jsonl line by line. It ends after an error.
func ReadPredictions(path string) iter.Seq2[Prediction, error] {
	return func(yield func(Prediction, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Prediction{}, err)
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, longestLine)
		n := 0
		for lines.Scan() {
			n++
			var p Prediction
			if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
				yield(Prediction{}, fmt.Errorf("%s:%d: %w", path, n, err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Prediction{}, fmt.Errorf("%s:%d: %w", path, n+1, err))
		}
	}
}

// ReadEpochs reads metrics.jsonl. A last line that is cut off, of a run under
// way, is left out.
func ReadEpochs(path string) ([]Epoch, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var epochs []Epoch
	for d := json.NewDecoder(f); ; {
		var e Epoch
		switch err := d.Decode(&e); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return epochs, nil
		case err != nil:
			return nil, fmt.Errorf("%s: epoch %d: %w", path, len(epochs)+1, err)
		}
		epochs = append(epochs, e)
	}
}
