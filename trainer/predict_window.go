package trainer

import (
	"context"
	"strings"

	"absa/data"
)

// A window holds at most so many batches, and so many bytes.
const (
	windowBatches = 8
	windowBytes   = 4 << 20
)

// Window gathers the sentences of a stream, so that they are labelled in batches
// of similar length, and hands them on in the order they came.
type Window struct {
	ctx       context.Context
	predictor *Predictor
	size      int
	done      func([]data.Sentence, []Prediction) error

	sentences []data.Sentence
	bytes     int
	err       error // the first one, which ends its use
}

// NewWindow returns an empty window of a few batches. When it is full, or at
// Flush, it hands the sentences and their predictions to done; what is blank or
// cannot be used has none.
func (p *Predictor) NewWindow(ctx context.Context, done func([]data.Sentence, []Prediction) error) *Window {
	return &Window{ctx: ctx, predictor: p, size: windowBatches * p.batch, done: done}
}

// Add takes the next sentence of the stream.
func (w *Window) Add(s data.Sentence) error {
	w.sentences = append(w.sentences, s)
	w.bytes += len(s.ID) + len(s.Text)
	if len(w.sentences) == w.size || w.bytes >= windowBytes {
		return w.Flush()
	}
	return nil
}

// Flush labels what is in the window.
func (w *Window) Flush() error {
	if w.err == nil && len(w.sentences) > 0 {
		w.err = w.label()
		clear(w.sentences) // let their texts go
		w.sentences, w.bytes = w.sentences[:0], 0
	}
	return w.err
}

func (w *Window) label() error {
	var texts []string
	var at []int
	for i, s := range w.sentences {
		if s.Err == nil && strings.TrimSpace(s.Text) != "" {
			texts, at = append(texts, s.Text), append(at, i)
		}
	}
	labelled, err := w.predictor.Predict(w.ctx, texts)
	if err != nil {
		return err
	}
	predictions := make([]Prediction, len(w.sentences))
	for k, i := range at {
		predictions[i] = labelled[k]
	}
	return w.done(w.sentences, predictions)
}
