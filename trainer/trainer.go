package trainer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"absa/configs"
	"absa/data"
	"absa/internal/metrics"
	"absa/internal/torch"
	"absa/models"
)

// Options say what to train and where its files go.
type Options struct {
	Config configs.Config
	Out    string      // the run folder: empty or not there
	Report func(Event) // told what happens, from the calling goroutine; may be nil
}

// ErrInterrupted says that the context ended training. The weights so far are
// in the run folder.
var ErrInterrupted = errors.New("training was interrupted")

// Trainer is a run in progress.
type Trainer struct {
	config configs.Config
	out    *folder
	report func(Event)

	data      *Dataset
	batches   *data.Loader
	model     *models.Model
	loss      *models.Loss
	optimizer *torch.Adam
	ema       *torch.EMA      // nil when off
	best      *torch.Snapshot // weights of the best epoch; nil until there is one
	scope     *torch.Scope

	at      position
	history []Epoch
	bestAt  int // epoch of best, from 1; 0 is none
}

// position is how far a run has come.
type position struct {
	Epoch int // epochs completed
	Step  int // steps done
}

// Train trains as options say and returns what came of it. When ctx ends, the
// step under way is finished, the weights are kept in last.safetensors, and the
// error wraps ErrInterrupted.
func Train(ctx context.Context, options Options) (result *Result, err error) {
	if options.Report == nil {
		options.Report = func(Event) {}
	}
	if err := checkFolder(options.Out); err != nil {
		return nil, err
	}
	err = torch.Locked(func() error {
		t, err := newTrainer(ctx, options)
		if err != nil {
			return err
		}
		defer t.close()
		result, err = t.run(ctx)
		return err
	})
	return result, err
}

func newTrainer(ctx context.Context, options Options) (_ *Trainer, err error) {
	c := options.Config
	t := &Trainer{config: c, report: options.Report}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	device, err := torch.ParseDevice(c.Train.Device)
	if err != nil {
		return nil, fmt.Errorf("train.device: %w", err)
	}
	torch.SetThreads(threads(c.Train.Threads))
	busy := watchOthers() // while the data is being read
	if t.data, err = Prepare(ctx, c, t.report); err != nil {
		return nil, err
	}
	if n := <-busy; torch.Threads() > 1 && n > sharedCores {
		t.report(Note{Text: fmt.Sprintf("other processes keep %.1f cores busy: the %d threads of a step wait for each other, and --set train.threads=1 may be many times faster", n, torch.Threads())})
	}
	t.batches, err = data.NewLoader(t.data.Train, data.Options{
		BatchSize: c.Loader.BatchSize,
		Shuffle:   c.Loader.Order == "shuffle",
		Buckets:   c.Loader.Buckets,
		Seed:      int64(torch.Mix(uint64(c.Train.Seed), streamOrder)),
		Prefetch:  4,
	})
	if err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	labels := labelsOf(c)
	if t.model, err = models.New(c.Model, labels, t.data.Vectors, device, torch.Mix(uint64(c.Train.Seed), streamInit)); err != nil {
		return nil, err
	}
	if t.loss, err = models.NewLoss(c.Loss, labels); err != nil {
		return nil, err
	}
	if t.optimizer, err = torch.NewAdam(t.model.Parameters, adamOptions(c.Train)); err != nil {
		return nil, err
	}
	if c.Train.EMA > 0 {
		if t.ema, err = torch.NewEMA(t.model.Parameters, c.Train.EMA); err != nil {
			return nil, err
		}
	}
	t.scope = torch.NewScope(device)
	if t.out, err = newFolder(options.Out, c, labels, t.data); err != nil {
		return nil, err
	}
	trainable, _ := t.model.Parameters.Elements()
	t.report(Prepared{
		Train: len(t.data.Train), Valid: len(t.data.Valid), Test: len(t.data.Test),
		Words: t.data.Vocabulary.Len(), Trainable: trainable,
		Device: device.String(), Threads: torch.Threads(),
		Epochs: c.Train.Epochs, StepsInEpoch: t.stepsInEpoch(), Out: options.Out,
	})
	return t, nil
}

func (t *Trainer) close() {
	if t.scope != nil {
		t.scope.Close()
	}
	if t.best != nil {
		t.best.Close()
	}
	if t.ema != nil {
		t.ema.Close()
	}
	if t.optimizer != nil {
		t.optimizer.Close()
	}
	if t.model != nil {
		t.model.Close()
	}
	torch.ReleaseThreads()
}

// run is the training loop.
func (t *Trainer) run(ctx context.Context) (*Result, error) {
	stopped := "epochs"
	for t.at.Epoch < t.config.Train.Epochs {
		epoch, err := t.epoch(ctx)
		if err != nil {
			return nil, t.keep(err, "weights so far")
		}
		best, err := t.validate(ctx, &epoch)
		if err != nil {
			return nil, t.keep(err, "weights so far")
		}
		t.at.Epoch++
		t.history = append(t.history, epoch)
		if err := t.out.append(epoch); err != nil {
			return nil, t.keep(err, "weights so far")
		}
		t.report(EpochDone{Epoch: epoch, Epochs: t.config.Train.Epochs, Best: best})
		if t.stale() {
			stopped = "patience"
			break
		}
		if t.exhausted() {
			stopped = "max_steps"
			break
		}
	}
	return t.finish(ctx, stopped)
}

// epoch trains on every batch once.
func (t *Trainer) epoch(ctx context.Context) (Epoch, error) {
	e := Epoch{Epoch: t.at.Epoch + 1}
	defer torch.ReleaseThreads()
	steps := t.stepsInEpoch()
	var correct, pairs int
	start := time.Now()
	order := t.at.Epoch
	if t.config.Train.OverfitBatches > 0 {
		order = 0 // the same batches in every epoch
	}
	for batch, err := range t.batches.Epoch(order, 0) {
		if err != nil {
			return e, fmt.Errorf("epoch %d: %w", e.Epoch, err)
		}
		if ctx.Err() != nil {
			return e, fmt.Errorf("%w at step %d: %w", ErrInterrupted, t.at.Step, context.Cause(ctx))
		}
		o, err := t.step(batch)
		if err != nil {
			return e, fmt.Errorf("step %d: %w", t.at.Step+1, err)
		}
		t.at.Step++
		e.Steps++
		e.Sentences += batch.Size()
		e.TrainLoss += (o.loss - e.TrainLoss) / float64(e.Steps)
		correct, pairs = correct+o.correct, pairs+o.pairs
		e.TrainAccuracy = ratio(correct, pairs)
		e.Seconds = time.Since(start).Seconds()
		t.report(StepDone{
			Epoch: e.Epoch, Epochs: t.config.Train.Epochs, Batch: e.Steps, Batches: steps,
			Loss: e.TrainLoss, Accuracy: float64(e.TrainAccuracy),
			SentencesPerSec: float64(e.Sentences) / e.Seconds, SentencesInEpoch: e.Sentences,
		})
		if e.Steps == steps || t.exhausted() {
			break
		}
	}
	return e, nil
}

// validate evaluates the weights that would be tested and remembers the best.
func (t *Trainer) validate(ctx context.Context, e *Epoch) (best bool, err error) {
	if len(t.data.Valid) == 0 {
		return false, nil
	}
	err = t.averaged(func() error {
		v, err := t.evaluate(ctx, t.data.Valid)
		if err != nil {
			return err
		}
		accuracy := ratio(v.accuracy())
		best = t.bestAt == 0 || accuracy > *t.history[t.bestAt-1].ValidAccuracy
		e.ValidLoss, e.ValidAccuracy = &v.loss, &accuracy
		if !best {
			return nil
		}
		t.bestAt = e.Epoch
		if t.config.Train.Select != "best" {
			return nil
		}
		if t.best != nil {
			t.best.Close()
		}
		t.best, err = torch.NewSnapshot(t.model.Parameters)
		return err
	})
	return best, err
}

// averaged runs f with the moving average in place of the weights, if there is
// one.
func (t *Trainer) averaged(f func() error) error {
	if t.ema == nil {
		return f()
	}
	if err := t.ema.Swap(); err != nil {
		return err
	}
	return errors.Join(f(), t.ema.Swap())
}

func (t *Trainer) evaluate(ctx context.Context, examples []data.Example) (*evaluation, error) {
	defer torch.ReleaseThreads()
	v, err := evaluate(ctx, t.config, t.model, t.loss, examples)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w in evaluation after step %d: %w", ErrInterrupted, t.at.Step, err)
	}
	if err == nil && !finite(v.loss) {
		return nil, fmt.Errorf("evaluation after step %d: %w: loss %g; %s", t.at.Step, ErrNotFinite, v.loss, tamer)
	}
	return v, err
}

// finish tests the chosen weights once and writes what is left to write.
func (t *Trainer) finish(ctx context.Context, stopped string) (*Result, error) {
	tested := t.at.Epoch
	if t.best != nil {
		tested = t.bestAt
		if err := t.best.Restore(); err != nil {
			return nil, err
		}
	} else if t.ema != nil {
		if err := t.ema.Swap(); err != nil {
			return nil, err
		}
	}
	_, all := t.model.Parameters.Elements()
	r := &Result{
		Score:  Score{Accuracy: undefined(), Majority: undefined(), MacroF1: undefined(), Aspects: map[string]AspectResult{}},
		Epochs: t.history, TestedEpoch: tested, Steps: t.at.Step, Stopped: stopped,
		SentencesPerSecond: throughput(t.history),
		Seed:               t.config.Train.Seed,
		Device:             t.model.Parameters.Device().String(), Threads: torch.Threads(),
		Parameters: all, Versions: CurrentVersions(),
	}
	if t.bestAt > 0 {
		r.BestEpoch = &t.bestAt
	}
	if len(t.data.Test) > 0 {
		v, err := t.evaluate(ctx, t.data.Test)
		if err != nil {
			return nil, t.keep(err, "weights to be tested")
		}
		scores, err := metrics.Evaluate(t.model.Labels.Aspects, t.model.Labels.Polarities, v.gold, v.predicted, t.data.Majority)
		if err != nil {
			return nil, fmt.Errorf("test: %w", err)
		}
		r.Score = Scores(scores)
		t.report(Tested{Result: scores})
	}
	if err := t.out.writeWeights(WeightsFile, t.model.Parameters); err != nil {
		return nil, err
	}
	if err := t.out.writeJSON(ResultFile, r); err != nil {
		return nil, err
	}
	return r, nil
}

// keep saves the weights of a run that err ends, and the best so far; which says
// what the former are.
func (t *Trainer) keep(err error, which string) error {
	saving := t.out.writeWeights(LastFile, t.model.Parameters)
	if t.best != nil {
		restoring := t.best.Restore()
		if restoring == nil {
			restoring = t.out.writeWeights(BestFile, t.model.Parameters)
		}
		saving = errors.Join(saving, restoring)
	}
	if saving != nil {
		return errors.Join(err, saving)
	}
	return fmt.Errorf("%w (the %s, of %d steps, are in %s)", err, which, t.at.Step, t.out.path(LastFile))
}

// stale reports whether validation has not improved for train.patience epochs.
func (t *Trainer) stale() bool {
	patience := t.config.Train.Patience
	return patience > 0 && t.bestAt > 0 && t.at.Epoch-t.bestAt >= patience
}

// exhausted reports whether train.max_steps is reached.
func (t *Trainer) exhausted() bool {
	limit := t.config.Train.MaxSteps
	return limit > 0 && t.at.Step >= limit
}

// stepsInEpoch is the number of batches, or of those that train.overfit_batches
// leaves.
func (t *Trainer) stepsInEpoch() int {
	n := t.batches.Batches()
	if limit := t.config.Train.OverfitBatches; limit > 0 {
		return min(n, limit)
	}
	return n
}

func ratio(correct, pairs int) metrics.Score {
	if pairs == 0 {
		return undefined()
	}
	return metrics.Score(float64(correct) / float64(pairs))
}
