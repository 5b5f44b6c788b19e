package trainer

import (
	"context"
	"fmt"

	"absa/configs"
	"absa/data"
	"absa/internal/metrics"
	"absa/internal/runs"
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
	loss      float64 // mean over batches of the training objective, of the answer, by sentences
	gold      []int   // [N,A] polarities, data.Absent where there is no label
	predicted []int   // [N,A] polarities, data.Absent where that was predicted

	logits   []float32 // [N,A,C]
	presence []float32 // [N,A] probabilities; nil without model.head.presence
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
	e := newEvaluation(model, config.Model.Head.Presence, examples.Len())
	var values []float64
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
		out.Parts = nil // the loss is that of the answer
		read := []torch.Tensor{loss.Forward(s, out, loss.Targets(batch.Labels)), out.Logits}
		if e.presence != nil {
			read = append(read, s.Sigmoid(out.Presence))
		}
		values = s.Read(values[:0], read...)
		if err := s.Err(); err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		e.loss += values[0] * float64(batch.Size()) / float64(examples.Len())
		e.keep(batch, values[1:], model.Labels)
	}
	return e, nil
}

func newEvaluation(model *models.Model, presence bool, sentences int) *evaluation {
	pairs := sentences * len(model.Labels.Aspects)
	e := &evaluation{gold: make([]int, pairs), predicted: make([]int, pairs), logits: make([]float32, pairs*len(model.Labels.Classes()))}
	if presence {
		e.presence = make([]float32, pairs)
	}
	return e
}

// keep puts what was read of a batch, logits [B,A,C] and then presence [B,A], where
// its sentences stand.
func (e *evaluation) keep(batch data.Batch, values []float64, labels models.Labels) {
	aspects, classes := len(labels.Aspects), len(labels.Classes())
	presence := values[batch.Size()*aspects*classes:]
	for i, at := range batch.Index {
		for a := range aspects {
			from, to := i*aspects+a, at*aspects+a
			logits := e.logits[to*classes : (to+1)*classes]
			for c, v := range values[from*classes : (from+1)*classes] {
				logits[c] = float32(v)
			}
			e.gold[to] = int(batch.Labels[from])
			e.predicted[to] = metrics.Argmax(logits) - labels.Offset()
			if e.presence != nil {
				e.presence[to] = float32(presence[from])
			}
		}
	}
}

// answers are what was said, beside gold and the majority class.
func (e *evaluation) answers(labels models.Labels, majority []int) *runs.Answers {
	return &runs.Answers{
		Aspects: labels.Aspects, Polarities: labels.Polarities, AbsentClass: labels.AbsentClass, Majority: majority,
		Gold: e.gold, Predicted: e.predicted, Logits: e.logits, Presence: e.presence,
	}
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
