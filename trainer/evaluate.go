package trainer

import (
	"context"
	"fmt"

	"absa/configs"
	"absa/data"
	"absa/internal/torch"
	"absa/models"
)

// evalBatch is the batch size of evaluation for models whose answer does not
// depend on the batch.
const evalBatch = 128

// evalBuckets is how many batches are sorted by length at a time.
const evalBuckets = 512

// evaluation is what a model says of a set of examples.
type evaluation struct {
	loss      float64 // mean over batches of the training objective, by sentences
	gold      []int   // [N,A] polarities, data.Absent where there is no label
	predicted []int   // [N,A] polarities, data.Absent where that was predicted

	// Of no more than maxPredictions examples, nil for more.
	logits   []float32 // [N,A,C]
	presence []float32 // [N,A] logits; nil without model.head.presence
}

// evaluate runs the model over examples. A model that reads padding sees them
// in file order and in batches of the trained size; any other in batches of
// similar length, which is faster and changes no answer.
func evaluate(ctx context.Context, config configs.Config, model *models.Model, loss *models.Loss, examples *data.Examples) (*evaluation, error) {
	options := data.Options{BatchSize: evalBatch, Buckets: min(examples.Len()/evalBatch+1, evalBuckets)}
	if config.BatchDependent() {
		options = data.Options{BatchSize: config.Loader.BatchSize}
	}
	loader, err := data.NewLoader(examples, options)
	if err != nil {
		return nil, err
	}
	aspects := len(model.Labels.Aspects)
	e := &evaluation{gold: make([]int, examples.Len()*aspects), predicted: make([]int, examples.Len()*aspects)}
	s := torch.NewInferenceScope(model.Parameters.Device())
	defer s.Close()
	for batch, err := range loader.Epoch(0, 0) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		s.Reset()
		out := model.Forward(s, feed(s, batch))
		e.keep(s, out, batch.Index, examples.Len())
		value := s.Item(loss.Forward(s, out, loss.Targets(batch.Labels)))
		classes := s.Int64s(s.Argmax(out.Logits, -1))
		if err := s.Err(); err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		e.loss += value * float64(batch.Size()) / float64(examples.Len())
		for i, at := range batch.Index {
			for a := range aspects {
				e.gold[at*aspects+a] = int(batch.Labels[i*aspects+a])
				e.predicted[at*aspects+a] = int(classes[i*aspects+a]) - model.Labels.Offset()
			}
		}
	}
	return e, nil
}

// keep notes the logits of a batch, whose sentences stand at index among n.
func (e *evaluation) keep(s *torch.Scope, out models.Output, index []int, n int) {
	if n > maxPredictions {
		return
	}
	e.logits = scatter(e.logits, s.Float32s(out.Logits), index, n)
	if out.Presence.Defined() {
		e.presence = scatter(e.presence, s.Float32s(out.Presence), index, n)
	}
}

// scatter copies the rows of from to where index says among n rows of to, which
// is made when it is nil.
func scatter(to, from []float32, index []int, n int) []float32 {
	if len(from) == 0 { // the scope has failed
		return to
	}
	width := len(from) / len(index)
	if to == nil {
		to = make([]float32, n*width)
	}
	for i, at := range index {
		copy(to[at*width:], from[i*width:(i+1)*width])
	}
	return to
}

// accuracy counts over labelled pairs.
func (e *evaluation) accuracy() (correct, pairs int) {
	for i, g := range e.gold {
		if g == data.Absent {
			continue
		}
		pairs++
		if g == e.predicted[i] {
			correct++
		}
	}
	return correct, pairs
}
