package trainer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"absa/configs"
	"absa/data"
	"absa/internal/torch"
	"absa/models"
)

// PredictOptions say which model predicts, and how.
type PredictOptions struct {
	Run       string // a run, whose newest checkpoint counts until it has ended, or a step folder
	Device    string // as train.device; empty takes the run's
	Threads   int    // as train.threads; 0 takes the run's
	BatchSize int    // sentences at a time; 0 takes 128
	Report    func(Event)
}

// Predictor is a trained model that labels sentences. A goroutine of its own
// does the work, so it may be asked from several at once; they take turns.
type Predictor struct {
	Labels models.Labels
	// Presence says that the model tells which aspects are mentioned. Without it,
	// each sentence has an opinion of every aspect.
	Presence bool
	// Alone says that the answer of this model depends on the batch, so that it
	// is given one sentence at a time.
	Alone bool
	// Words cuts a text into the words that the model reads. It may be called from
	// several goroutines.
	Words data.Locator
	// Temperature is what the model's probabilities are calibrated by, nil where it
	// has none; Uncalibrated then says why.
	Temperature  *Calibration
	Uncalibrated string

	batch int
	asked chan question
	ended chan struct{}
}

// Prediction is what a model says of one sentence: an opinion of each aspect, in
// the order of Labels.Aspects.
type Prediction []Opinion

// Opinion is what a sentence says of an aspect, if it mentions it.
type Opinion struct {
	Polarity int // index into Labels.Polarities; data.Absent where a class of its own says so
	// Probabilities has one for each polarity: the softmax of the logits, divided by
	// Predictor.Temperature where there is one. Beside an absent class they sum to
	// less than 1.
	Probabilities []float32
	Presence      float32 // probability that the aspect is mentioned; 0 if Predictor.Presence is false
}

// question is what the goroutine of the model is to do.
type question struct {
	do   func(*labeller) error
	done chan<- error
}

// NewPredictor loads the tested weights of a run, or those of a checkpoint. Words
// that training did not see are looked up in the file of vectors that it used,
// as by Evaluate; where that is not there any more, they are read as unknown. The
// context ends the loading.
func NewPredictor(ctx context.Context, o PredictOptions) (*Predictor, error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	p := &Predictor{batch: cmp.Or(o.BatchSize, evalBatch), asked: make(chan question), ended: make(chan struct{})}
	loaded := make(chan error)
	go func() {
		defer close(p.ended)
		// Its errors have all been sent.
		_ = torch.Locked(func() error {
			l, err := newLabeller(ctx, o)
			if err == nil {
				defer l.close()
				p.Labels, p.Presence, p.Alone = l.model.Labels, l.config.Model.Head.Presence, l.config.BatchDependent()
				p.Words = l.locate
				p.Temperature, p.Uncalibrated = l.temperature, l.uncalibrated
			}
			loaded <- err
			for q := range p.asked {
				q.done <- q.do(l)
			}
			return nil
		})
	}()
	if err := <-loaded; err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Predict labels texts, in their order. Any number will do: batches are of
// similar length inside them. A text of which cleaning leaves nothing is read as
// one unknown word.
func (p *Predictor) Predict(ctx context.Context, texts []string) (predictions []Prediction, err error) {
	err = p.ask(func(l *labeller) (err error) {
		predictions, err = l.label(ctx, texts)
		return err
	})
	return predictions, err
}

// ask has the goroutine of the model do something.
func (p *Predictor) ask(do func(*labeller) error) error {
	done := make(chan error, 1)
	p.asked <- question{do, done}
	return <-done
}

// Close frees the model. No call of Predict may follow or be under way.
func (p *Predictor) Close() {
	close(p.asked)
	<-p.ended
}

// labeller is the model of a Predictor, used by its goroutine alone.
type labeller struct {
	config   configs.Config
	tokenize data.Tokenizer
	locate   data.Locator
	words    *lexicon
	model    *models.Model
	batch    int
	scope    *torch.Scope

	temperature  *Calibration // nil without
	uncalibrated string       // why
}

func newLabeller(ctx context.Context, o PredictOptions) (_ *labeller, err error) {
	if o.BatchSize < 0 {
		return nil, fmt.Errorf("batch size %d, want at least 1", o.BatchSize)
	}
	saved, err := open(o.Run, noter(o.Report))
	if err != nil {
		return nil, err
	}
	c, device, err := saved.settings(o.Device, o.Threads, o.BatchSize, noter(o.Report))
	defer func() { // close does so otherwise
		if err != nil {
			torch.ReleaseThreads()
		}
	}()
	if err != nil {
		return nil, err
	}
	tokenize, err := data.NewTokenizer(c.Text)
	if err != nil {
		return nil, err
	}
	// Explanations need gradients, but no dropout.
	c.Model.EmbeddingDropout, c.Model.LayerDropout, c.Model.OutputDropout, c.Model.Head.Dropout = 0, 0, 0, 0
	locate, err := data.NewLocator(c.Text)
	if err != nil {
		return nil, err
	}
	l := &labeller{config: c, tokenize: tokenize, locate: locate, batch: cmp.Or(o.BatchSize, evalBatch)}
	if c.BatchDependent() {
		l.batch = 1
	}
	if l.temperature, l.uncalibrated, err = saved.temperature(); err != nil {
		return nil, err
	}
	if l.words, err = newLexicon(ctx, saved, c, l.batch*c.Text.MaxTokens, o.Report); err != nil {
		return nil, err
	}
	if l.model, err = saved.model(c, device); err != nil {
		l.words.close()
		return nil, err
	}
	l.words.embedding, _ = l.model.Parameters.Lookup(embeddingName)
	l.scope = torch.NewInferenceScope(device)
	return l, nil
}

func (l *labeller) close() {
	l.scope.Close()
	l.model.Close()
	l.words.close()
	torch.ReleaseThreads()
}

func (l *labeller) label(ctx context.Context, texts []string) ([]Prediction, error) {
	sentences := make([][]string, len(texts))
	for i, text := range texts {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("predict: %w", context.Cause(ctx))
		}
		sentences[i] = l.tokenize(text)
	}
	predictions := make([]Prediction, len(texts))
	err := l.batches(ctx, sentences, func(at []int) error { return l.labelBatch(sentences, at, predictions) })
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return predictions, nil
}

// batches calls use with the positions of each batch, the longest sentence first.
func (l *labeller) batches(ctx context.Context, sentences [][]string, use func(at []int) error) error {
	order := make([]int, len(sentences))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(sentences[j]), len(sentences[i])) })
	for at := range slices.Chunk(order, l.batch) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := use(at); err != nil {
			return err
		}
	}
	return nil
}

// batchOf is that of the sentences at some positions. They come longest first already,
// so it keeps their order.
func (l *labeller) batchOf(sentences [][]string, at []int) (data.Batch, error) {
	some := make([][]string, len(at))
	for row, i := range at {
		some[row] = sentences[i]
	}
	ids, err := l.words.number(some)
	if err != nil {
		return data.Batch{}, err
	}
	return data.NewBatch(ids, data.NGrams(some, l.config.Model.NGrams)), nil
}

// labelBatch fills in the predictions of the sentences at some positions, which
// come longest first.
func (l *labeller) labelBatch(sentences [][]string, at []int, predictions []Prediction) error {
	batch, err := l.batchOf(sentences, at)
	if err != nil {
		return err
	}
	s := l.scope
	s.Reset()
	out := l.model.Forward(s, feed(s, batch))
	classes := s.Int64s(s.Argmax(out.Logits, -1))
	scaled := out.Logits
	if l.temperature != nil {
		scaled = s.Scale(scaled, 1/l.temperature.Temperature)
	}
	shares := s.Float32s(s.Softmax(scaled, -1))
	var presence []float32
	if l.config.Model.Head.Presence {
		presence = s.Float32s(s.Sigmoid(out.Presence))
	}
	if err := s.Err(); err != nil {
		return err
	}
	l.spread(at, classes, shares, presence, predictions)
	return nil
}

// spread puts classes [B,A], shares [B,A,C] and presence [B,A] or nil where they
// belong.
func (l *labeller) spread(at []int, classes []int64, shares, presence []float32, predictions []Prediction) {
	labels := l.model.Labels
	aspects, offset := len(labels.Aspects), labels.Offset()
	c := offset + len(labels.Polarities)
	opinions := make([]Opinion, len(at)*aspects)
	for i := range opinions {
		opinions[i] = Opinion{Polarity: int(classes[i]) - offset, Probabilities: shares[i*c+offset : (i+1)*c]}
		if presence != nil {
			opinions[i].Presence = presence[i]
		}
	}
	for row, i := range at {
		predictions[i] = opinions[row*aspects : (row+1)*aspects]
	}
}
