package trainer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"absa/configs"
	"absa/data"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// Options say what to train and where its files go.
type Options struct {
	Config configs.Config
	Out    string // the run folder: empty or not there, unless Resume goes on in it
	// Resume is empty for a new run, ResumeAuto, or a run or step folder. With
	// one of these and another Out the run goes on in that folder, as a branch.
	Resume string
	Save   <-chan struct{} // asks for a checkpoint after the step under way; may be nil
	Report func(Event)     // told what happens, from the calling goroutine; may be nil
	// Profile has the time of a step measured by part; the end of the run writes
	// ProfileFile.
	Profile bool

	// Fold, unless it is the zero value, is held out for the test, in place of a test
	// corpus.
	Fold Fold

	reached func(checkpoint.Point) // told how far each save has come, from another goroutine
}

// ErrInterrupted says that the context ended training. The run is saved and can
// be resumed.
var ErrInterrupted = errors.New("training was interrupted")

// Trainer is a run in progress.
type Trainer struct {
	config  configs.Config
	device  torch.Device
	out     *folder
	report  func(Event)
	asked   <-chan struct{} // for a checkpoint
	reached func(checkpoint.Point)
	fold    Fold

	data      *Dataset
	batches   *data.Loader
	tasks     []*task // of the auxiliary corpora
	model     *models.Model
	loss      *models.Loss
	optimizer *torch.Adam
	schedule  schedule
	ema       *torch.EMA // nil when off
	scope     *torch.Scope
	saver     *saver
	board     *board

	// What a checkpoint holds.
	at          Position
	now         UnderWay
	history     []Epoch
	plateau     plateau
	best        *Best                // nil before the first validation
	value       *float64             // of train.metric at this very step, nil within an epoch
	bestWeights []safetensors.Tensor // with train.select: best
	before      float64              // seconds of training in earlier processes

	labels [][]int64 // of the step under way
	values []float64 // read from the device

	begun   time.Time
	pace    pace
	profile *profiler // nil when off
}

// Train trains as options say and returns what came of it. When ctx ends, the
// step under way is finished, the run is saved, and the error wraps
// ErrInterrupted. A run that is resumed after its end returns its result again.
func Train(ctx context.Context, options Options) (result *Result, err error) {
	if options.Report == nil {
		options.Report = func(Event) {}
	}
	begin, err := newStart(options, noter(options.Report))
	if err != nil {
		return nil, err
	}
	defer begin.close()
	if options.Out == "" {
		options.Out = checkpoint.RunOf(options.Resume)
	}
	if begin.finished != nil {
		options.Report(Ended{Result: begin.finished, Table: begin.finished.Table(options.Config.Data.Learned()), Out: options.Out})
		return begin.finished, nil
	}
	err = torch.Locked(func() error {
		t, err := newTrainer(ctx, options, begin)
		if err != nil {
			return err
		}
		defer t.close()
		result, err = t.run(ctx)
		return err
	})
	return result, err
}

// noter makes a note of a format.
func noter(report func(Event)) func(string, ...any) {
	return func(format string, args ...any) { report(Note{Text: fmt.Sprintf(format, args...)}) }
}

func newTrainer(ctx context.Context, options Options, begin *start) (_ *Trainer, err error) {
	c := options.Config
	t := &Trainer{config: c, report: options.Report, asked: options.Save, reached: options.reached, fold: options.Fold, plateau: newPlateau(), begun: time.Now()}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if options.Profile {
		t.profile = &profiler{}
	}
	if t.device, err = torch.ParseDevice(c.Train.Device); err != nil {
		return nil, fmt.Errorf("train.device: %w", err)
	}
	if err := setCPU(c, t.device, c.Loader.BatchSize); err != nil {
		return nil, err
	}
	source, err := begin.source(c, noter(t.report))
	if err != nil {
		return nil, err
	}
	source.fold = options.Fold
	if t.data, err = Prepare(ctx, c, source, t.report); err != nil {
		return nil, err
	}
	if begin.from != nil {
		if err := begin.checkData(c, t.data.Fingerprint); err != nil {
			return nil, err
		}
		begin.sayChanges(t.device.String(), kernels(c, t.device), torch.Threads(), noter(t.report))
	}
	if err := t.build(source); err != nil {
		return nil, err
	}
	if err := t.open(options, begin); err != nil {
		return nil, err
	}
	trainable, _ := t.model.Parameters.Elements()
	t.report(Prepared{
		Train: t.data.Train.Len(), Valid: t.data.Valid.Len(), Test: t.data.Test.Len(),
		Words: t.data.Vocabulary.Len(), Trainable: trainable,
		Device: t.device.String(), Threads: torch.Threads(),
		Epochs: c.Train.Epochs, BatchesInEpoch: t.batchesInEpoch(), Out: options.Out,
	})
	return t, nil
}

// build makes the loader, the network and what trains it.
func (t *Trainer) build(source source) (err error) {
	c := t.config
	t.batches, err = data.NewLoader(t.data.Train, loaderOptions(c))
	if err != nil {
		return fmt.Errorf("training data: %w", err)
	}
	labels := labelsOf(c)
	if t.model, err = models.New(c.Model, labels, t.data.Vectors, t.device, torch.Mix(uint64(c.Train.Seed), streamInit)); err != nil {
		return err
	}
	if b := source.base; b != nil {
		fresh, err := b.fill(c, t.model, noter(t.report))
		if err != nil {
			return err
		}
		noteBase(b.path, fresh, len(labels.Aspects), noter(t.report))
	}
	if t.loss, err = models.NewLoss(c.Loss, labels); err != nil {
		return err
	}
	for i := range t.data.Auxiliary {
		if err := t.addTask(&t.data.Auxiliary[i]); err != nil {
			return err
		}
	}
	if t.optimizer, err = torch.NewAdam(t.model.Parameters, adamOptions(c.Train)); err != nil {
		return err
	}
	if c.Train.EMA > 0 {
		if t.ema, err = torch.NewEMA(t.model.Parameters, c.Train.EMA); err != nil {
			return err
		}
	}
	t.schedule = newSchedule(c.Train, t.steps())
	t.scope = torch.NewScope(t.device)
	return nil
}

// loaderOptions are those of training. Further numbers keep the order of another
// corpus apart.
func loaderOptions(c configs.Config, more ...uint64) data.Options {
	return data.Options{
		BatchSize: c.Loader.BatchSize,
		Shuffle:   c.Loader.Order == "shuffle",
		Buckets:   c.Loader.Buckets,
		Seed:      int64(torch.Mix(append([]uint64{uint64(c.Train.Seed), streamOrder}, more...)...)),
		Prefetch:  4,
	}
}

// open makes the run folder or takes up the run that is in it.
func (t *Trainer) open(options Options, begin *start) (err error) {
	if begin.from != nil {
		t.config.Train.InitFrom = begin.began
	}
	if t.out, err = newFolder(options.Out, begin.lock, t.config, t.model.Labels, t.data); err != nil {
		return err
	}
	defer func() { begin.lock = t.out.lock }()
	t.saver = newSaver(t)
	note := noter(t.report)
	t.board = newBoard(options.Out, t.config, note)
	switch {
	case begin.again:
		t.board.begin()
		return errors.Join(t.out.rewrite(), t.out.rewriteMetrics(nil))
	case begin.from == nil:
		return t.out.make(note, nil)
	}
	if err := t.restore(begin); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if begin.branch {
		// Its checkpoint comes first: with it, the folder can be resumed.
		if err := t.out.make(note, t.saveNow); err != nil {
			return err
		}
		t.board.resume(checkpoint.RunOf(begin.from.Dir), t.at)
		return t.out.rewriteMetrics(t.history)
	}
	// The run is left as it is until nothing more can go wrong. A checkpoint with
	// the new settings shows that there is room, and keeps them.
	if begin.changed {
		if err := t.saveNow(); err != nil {
			return fmt.Errorf("resume: %w", err)
		}
	}
	t.saver.at, t.saver.any = t.at, true // what is saved need not be saved again
	// A process that was killed after its last save has not come to prune.
	if _, err := checkpoint.Prune(options.Out, t.saver.files.Policy); err != nil {
		note("what is no longer kept stays: %v", err)
	}
	if err := begin.reopen(options.Out, t.config.Train.Epochs, note); err != nil {
		return err
	}
	t.board.resume(options.Out, t.at)
	return errors.Join(t.out.rewrite(), t.out.rewriteMetrics(t.history))
}

// restore takes the tensors and the state of the checkpoint to go on from.
func (t *Trainer) restore(begin *start) (err error) {
	if err := t.saver.image.restore(begin.from); err != nil {
		return err
	}
	switch {
	case begin.from.Has(BestFile):
		t.bestWeights, _, err = safetensors.ReadFile(begin.from.Path(BestFile))
	case begin.state.Best != nil && t.config.Train.Select == "best":
		t.bestWeights, _, err = safetensors.ReadFile(begin.from.Path(WeightsFile))
	}
	if err != nil {
		return err
	}
	if err := t.adopt(begin.state); err != nil {
		return err
	}
	t.value = begin.from.Manifest.Value
	t.saver.step = t.at.Step
	return nil
}

func (t *Trainer) close() {
	t.endSave()
	t.board.close()
	if t.scope != nil {
		t.scope.Close()
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
	if t.data != nil {
		t.data.Close()
	}
	torch.ReleaseThreads()
}
