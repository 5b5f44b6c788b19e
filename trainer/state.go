package trainer

import (
	"encoding/json"
	"fmt"
	"os"

	"absa/internal/checkpoint"
	"absa/internal/torch"
)

// Position is how far a run has come. Order and dropout are functions of it and
// of the seed.
type Position struct {
	Epoch int `json:"epoch"` // epochs completed, their validation included
	Batch int `json:"batch"` // batches done of the epoch under way
	Step  int `json:"step"`  // steps done
}

// State is what a checkpoint holds of a run besides tensors: state.json.
// checkpoints/README.md describes it.
type State struct {
	Position     Position          `json:"position"`
	UnderWay     UnderWay          `json:"epoch_under_way"`
	History      []Epoch           `json:"history"`
	Best         *Best             `json:"best"` // null until there is a validation
	Plateau      plateau           `json:"plateau"`
	EMAUpdates   int64             `json:"ema_updates"`
	LearningRate float64           `json:"learning_rate"` // of the next step
	Random       map[string][]byte `json:"random"`        // state of each device's generator
	Seconds      float64           `json:"seconds"`       // of training, all processes together
	Threads      int               `json:"threads"`
	Device       string            `json:"device"`
	Kernels      string            `json:"kernels,omitempty"`
	Data         Fingerprint       `json:"data"`
}

// UnderWay counts what has been done of an epoch.
type UnderWay struct {
	Loss      float64 `json:"loss"` // mean over its steps
	Correct   int     `json:"correct"`
	Pairs     int     `json:"pairs"`
	Sentences int     `json:"sentences"`
	Steps     int     `json:"steps"`
	Seconds   float64 `json:"seconds"` // of training alone

	Auxiliary []float64 `json:"auxiliary_loss,omitempty"` // of each auxiliary corpus, as Loss
}

// add counts a step; seconds is the training time of the epoch so far.
func (u *UnderWay) add(o outcome, seconds float64) {
	u.Steps++
	u.Sentences += o.sentences
	u.Loss += (o.loss - u.Loss) / float64(u.Steps)
	if u.Auxiliary == nil {
		u.Auxiliary = make([]float64, len(o.auxiliary))
	}
	for k, loss := range o.auxiliary {
		u.Auxiliary[k] += (loss - u.Auxiliary[k]) / float64(u.Steps)
	}
	u.Correct, u.Pairs = u.Correct+o.correct, u.Pairs+o.pairs
	u.Seconds = seconds
}

// epoch is what metrics.jsonl says of the training part.
func (u *UnderWay) epoch(number int) Epoch {
	return Epoch{
		Epoch: number, TrainLoss: u.Loss, TrainAccuracy: ratio(u.Correct, u.Pairs),
		Seconds: u.Seconds, Sentences: u.Sentences, Steps: u.Steps, AuxiliaryLoss: u.Auxiliary,
	}
}

// Best is the best validation so far, by train.metric.
type Best struct {
	Epoch int     `json:"epoch"` // from 1
	Step  int     `json:"step"`
	Value float64 `json:"value"`
}

// ReadState reads state.json of a checkpoint.
func ReadState(c *checkpoint.Checkpoint) (State, error) {
	var s State
	path := c.Path(StateFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	p := s.Position
	if p.Epoch < 0 || p.Batch < 0 || p.Step < 0 || p.Epoch != len(s.History) {
		return s, fmt.Errorf("%s: position %+v with a history of %d epochs", path, p, len(s.History))
	}
	return s, nil
}

// state is the run's state as it is now.
func (t *Trainer) state() (State, error) {
	s := State{
		Position: t.at, UnderWay: t.now, History: t.history, Best: t.best, Plateau: t.plateau,
		LearningRate: t.learningRate(),
		Random:       map[string][]byte{},
		Seconds:      t.seconds(),
		Threads:      torch.Threads(),
		Device:       t.device.String(),
		Kernels:      kernels(t.config, t.device),
		Data:         t.data.Fingerprint,
	}
	if t.ema != nil {
		s.EMAUpdates = t.ema.Updates()
	}
	for _, d := range t.generators() {
		state, err := torch.RandomState(d)
		if err != nil {
			return s, err
		}
		s.Random[d.String()] = state
	}
	return s, nil
}

// adopt takes a checkpoint's state for the run's own.
func (t *Trainer) adopt(s State) error {
	t.at, t.now, t.history, t.best, t.plateau = s.Position, s.UnderWay, s.History, s.Best, s.Plateau
	t.before = s.Seconds
	if t.ema != nil {
		t.ema.SetUpdates(s.EMAUpdates)
	}
	for _, d := range t.generators() {
		// Another device than before has no state, and needs none: every step
		// seeds its generators.
		if state, ok := s.Random[d.String()]; ok {
			if err := torch.SetRandomState(d, state); err != nil {
				return err
			}
		}
	}
	return nil
}

// generators are the devices whose random numbers the run uses.
func (t *Trainer) generators() []torch.Device {
	if t.device.IsCPU() {
		return []torch.Device{torch.CPU}
	}
	return []torch.Device{torch.CPU, t.device}
}
