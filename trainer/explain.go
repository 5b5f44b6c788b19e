package trainer

import (
	"context"
	"fmt"

	"absa/internal/torch"
)

// Weights tell what an opinion rests on: a value for each word of the sentence.
// models.Model.Explain says what they are.
type Weights struct {
	// Attention is the share of each word in what the head of the aspect reads. It
	// is nil where the model gives words no weight.
	Attention []float32
	// Gradient is how much each word speaks for the polarity (above 0) or against
	// it, in the unit of a logit.
	Gradient []float32
}

// Explain tells what opinions of sentences rest on: for each of them the weights by
// aspect, in the order of Labels.Aspects. Sentences are given as the words of
// Words; polarities[i][a] is the polarity that is explained, data.Absent for the
// class of its own. It takes several times as long as to predict and changes no
// prediction.
func (p *Predictor) Explain(ctx context.Context, sentences [][]string, polarities [][]int) (explained [][]Weights, err error) {
	err = p.ask(func(l *labeller) (err error) {
		explained, err = l.explain(ctx, sentences, polarities)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return explained, nil
}

func (l *labeller) explain(ctx context.Context, sentences [][]string, polarities [][]int) ([][]Weights, error) {
	// An inference scope keeps gradients off on the whole thread.
	l.scope.Close()
	s := torch.NewScope(l.model.Parameters.Device())
	defer func() {
		s.Close()
		l.scope = torch.NewInferenceScope(l.model.Parameters.Device())
	}()
	explained := make([][]Weights, len(sentences))
	return explained, l.batches(ctx, sentences, func(at []int) error {
		batch, err := l.batchOf(sentences, at)
		if err != nil {
			return err
		}
		s.Reset()
		labels := l.model.Labels
		var classes []int64
		for _, i := range at {
			if len(polarities[i]) != len(labels.Aspects) {
				return fmt.Errorf("%d polarities for %d aspects", len(polarities[i]), len(labels.Aspects))
			}
			for _, polarity := range polarities[i] {
				classes = append(classes, int64(polarity+labels.Offset()))
			}
		}
		a, g := l.model.Explain(s, feed(s, batch), classes)
		gradient := s.Float32s(g)
		var attention []float32
		if a.Defined() {
			attention = s.Float32s(a)
		}
		if err := s.Err(); err != nil {
			return err
		}
		for row, i := range at {
			n := len(sentences[i])
			for k := range labels.Aspects {
				first := (row*len(labels.Aspects) + k) * batch.Length
				w := Weights{Gradient: gradient[first : first+n]}
				if attention != nil {
					w.Attention = attention[first : first+n]
				}
				explained[i] = append(explained[i], w)
			}
		}
		return nil
	})
}
