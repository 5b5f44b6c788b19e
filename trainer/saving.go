package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/internal/torch"
)

// saver writes a run's checkpoints in the background, one at a time. Training
// waits only while the tensors are copied to host memory.
type saver struct {
	policy  configs.Checkpoint
	files   checkpoint.Saver
	fixed   []checkpoint.Content // config, labels and vocabulary, the same in each
	image   *image
	writing chan written // of the save under way; nil when there is none
	at      Position     // of the newest save that was begun
	any     bool         // whether one was begun
	step    int          // of the last save, or where the process began
	time    time.Time
	failed  error // of the newest save, if it failed
}

// written is how a save ended. One with an error may have saved, and not have
// removed what the policy does not keep.
type written struct {
	dir string
	err error
}

func newSaver(t *Trainer) *saver {
	c := t.config.Checkpoint
	return &saver{
		policy: c,
		files: checkpoint.Saver{
			Run:     t.out.dir,
			Policy:  checkpoint.Policy{KeepLast: c.KeepLast, KeepBest: c.KeepBest, Lower: lowerIsBetter(t.config.Train)},
			Reached: t.reached,
		},
		fixed: t.out.fixed(),
		image: newImage(t.model.Parameters, t.optimizer, t.ema),
		step:  t.at.Step,
		time:  time.Now(),
	}
}

// on says whether the policy saves anything. A run without checkpoints still
// saves one when it is interrupted.
func (s *saver) on() bool {
	p := s.policy
	return p.EverySteps > 0 || p.EveryMinutes > 0 || p.EveryEpochs > 0
}

// dueAtStep says whether the policy wants a checkpoint after a step.
func (s *saver) dueAtStep(step int) bool {
	p := s.policy
	// A multiple has been passed since the last save: which steps are saved does
	// not depend on where a process began.
	return p.EverySteps > 0 && step/p.EverySteps > s.step/p.EverySteps ||
		p.EveryMinutes > 0 && time.Since(s.time).Minutes() >= p.EveryMinutes
}

// dueAtEpoch says whether the policy wants a checkpoint after an epoch, which is
// among the best to keep so far or the last one of all.
func (s *saver) dueAtEpoch(at Position, best, last bool) bool {
	p := s.policy
	return s.on() && (last || best) ||
		p.EveryEpochs > 0 && at.Epoch%p.EveryEpochs == 0 || s.dueAtStep(at.Step)
}

// begin copies the run as it is now and has it written in the background. It
// waits for the save before it.
func (t *Trainer) beginSave() error {
	s := t.saver
	t.endSave()
	t.board.flush()
	state, err := t.state()
	if err != nil {
		return err
	}
	if err := s.image.take(); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	manifest, contents, err := t.contents(state)
	if err != nil {
		return err
	}
	s.at, s.any, s.step, s.time, s.failed = t.at, true, t.at.Step, time.Now(), nil
	s.writing = make(chan written, 1)
	model, files, done := targets(s.image.model), s.files, s.writing
	go func() {
		if err := checkFinite(model); err != nil {
			done <- written{err: err}
			return
		}
		saved, err := files.Save(manifest, contents)
		done <- written{saved.Dir, err}
	}()
	return nil
}

// contents returns what the files of a checkpoint are to hold.
func (t *Trainer) contents(state State) (checkpoint.Manifest, []checkpoint.Content, error) {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return checkpoint.Manifest{}, nil, fmt.Errorf("save %s: %w", StateFile, err)
	}
	m := checkpoint.Manifest{
		Program: Program, LibTorch: torch.Version(), Written: time.Now().UTC().Truncate(time.Second),
		Epoch: t.at.Epoch, Step: t.at.Step, Metric: t.config.Train.Metric, Value: t.value,
	}
	contents := []checkpoint.Content{
		tensorsContent(WeightsFile, targets(t.saver.image.model)),
		tensorsContent(OptimizerFile, targets(t.saver.image.optimizer)),
		{Name: StateFile, Write: func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err }},
	}
	if t.bestWeights != nil && !t.isBest() {
		contents = append(contents, tensorsContent(BestFile, t.bestWeights))
	}
	return m, append(contents, t.saver.fixed...), nil
}

// isBest says whether the weights as they are now are the best ones: just after
// the validation that found it.
func (t *Trainer) isBest() bool {
	return t.best != nil && t.at.Batch == 0 && t.best.Epoch == t.at.Epoch
}

func tensorsContent(name string, tensors []safetensors.Tensor) checkpoint.Content {
	return checkpoint.Content{Name: name, Write: func(w io.Writer) error {
		return safetensors.Write(w, tensors, metadata())
	}}
}

func metadata() map[string]string { return map[string]string{"format": "pt", "absa": Program} }

// endSave waits for the save under way. That it failed is told once and kept.
func (t *Trainer) endSave() {
	if t.saver == nil || t.saver.writing == nil {
		return
	}
	if err := t.saveEnded(<-t.saver.writing); err != nil {
		t.tellUnsaved(t.saver.at.Step, err)
	}
}

// pollSave is endSave that does not wait.
func (t *Trainer) pollSave() {
	select {
	case w := <-t.saver.writing: // never ready when there is none
		if err := t.saveEnded(w); err != nil {
			t.tellUnsaved(t.saver.at.Step, err)
		}
	default:
	}
}

// saveEnded returns why the checkpoint is not saved, nil when it is.
func (t *Trainer) saveEnded(w written) error {
	t.saver.writing, t.saver.failed = nil, nil
	if w.err != nil && w.dir != "" {
		t.report(Note{Text: fmt.Sprintf("%s is saved, but not all was done that follows a save: %v", w.dir, w.err)})
		return nil
	}
	t.saver.failed = w.err
	return w.err
}

func (t *Trainer) tellUnsaved(step int, err error) {
	text := fmt.Sprintf("the checkpoint of step %d is not saved: %v", step, err)
	if t.stopped() == "" {
		text += "; training goes on"
	}
	t.report(Note{Text: text})
}

// saveAfterStep saves if the policy or the user wants it. A save that is due
// while another one is being written waits for a later step, not training for
// it.
func (t *Trainer) saveAfterStep() error {
	t.pollSave()
	t.saveIfAsked()
	if t.saver.writing != nil || !t.saver.dueAtStep(t.at.Step) || t.at.Batch >= t.batchesInEpoch() || t.exhausted() {
		return nil // the end of the epoch looks again
	}
	return t.beginSave()
}

// saveIfAsked saves if the user asked for it, by a signal.
func (t *Trainer) saveIfAsked() {
	select {
	case <-t.asked:
	default:
		return
	}
	if err := t.saveNow(); err != nil {
		t.tellUnsaved(t.at.Step, err)
		return
	}
	t.report(Note{Text: "saved " + checkpoint.StepDir(t.out.dir, t.at.Step)})
}

// saveNow saves the run as it is and waits until that is durable.
func (t *Trainer) saveNow() error {
	t.endSave()
	if s := t.saver; s.any && s.at == t.at && s.failed == nil {
		return nil
	}
	if err := t.beginSave(); err != nil {
		return err
	}
	return t.saveEnded(<-t.saver.writing)
}

// ErrUnsaved says that a run which ends early could not be saved.
var ErrUnsaved = errors.New("the run is not saved")

// interrupted saves a run that err ends, so that it can be resumed.
func (t *Trainer) interrupted(err error) error {
	if saving := t.saveNow(); saving != nil {
		return t.resumable(errors.Join(err, fmt.Errorf("%w: %w", ErrUnsaved, saving)))
	}
	saved := checkpoint.StepDir(t.out.dir, t.at.Step)
	if errors.Is(err, ErrNotFinite) { // resumed, it would come to the same end
		return fmt.Errorf("%w (the weights before are saved in %s: --init-from begins a new run with them)", err, saved)
	}
	return fmt.Errorf("%w (saved in %s; --resume %s goes on)", err, saved, t.out.dir)
}

// resumable adds to the error that ends a run where it can be taken up, when it
// could not be saved as it is now.
func (t *Trainer) resumable(err error) error {
	newest, _, none := checkpoint.Newest(t.out.dir)
	switch {
	case none != nil:
		return err
	case errors.Is(err, ErrNotFinite):
		return fmt.Errorf("%w\nthe newest checkpoint is %s: --init-from begins a new run with its weights", err, newest.Dir)
	}
	return fmt.Errorf("%w\nthe newest checkpoint is of step %d: --resume %s goes on from there", err, newest.Manifest.Step, t.out.dir)
}
