package trainer

import (
	"fmt"
	"path/filepath"
	"strings"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/tensorboard"
)

// BoardFolder of a run folder holds its events for TensorBoard.
const BoardFolder = "tensorboard"

// Beginnings of the names of the figures there.
const (
	stepTag  = "step/"  // of one step
	epochTag = "epoch/" // as in metrics.jsonl
	testTag  = "test/"  // as in result.json
)

// board writes a run's figures for TensorBoard. They are no part of the run: what
// goes wrong with them is said once, and training goes on without.
type board struct {
	dir    string
	config configs.Config
	note   func(string, ...any)
	writer *tensorboard.Writer // nil until there is a figure, and after an error
	off    bool
}

func newBoard(run string, c configs.Config, note func(string, ...any)) *board {
	return &board{dir: filepath.Join(run, BoardFolder), config: c, note: note, off: c.Train.TensorBoard == 0}
}

// resume puts the events of the run folder from where the run stands: a step or
// an epoch whose figures come again is not there twice.
func (b *board) resume(from string, at Position) {
	err := tensorboard.Resume(filepath.Join(from, BoardFolder), b.dir, func(step int, tag string) bool {
		switch {
		case strings.HasPrefix(tag, stepTag):
			return step <= at.Step
		case strings.HasPrefix(tag, epochTag):
			return step < at.Step || step == at.Step && at.Batch == 0
		}
		return false // tested at an end that was none
	})
	b.failed(err)
}

// begin takes away the events of a run that begins again.
func (b *board) begin() { b.failed(tensorboard.Remove(b.dir)) }

func (b *board) step(step int, o outcome, rate float64) {
	if b.off || step%b.config.Train.TensorBoard != 0 {
		return
	}
	b.scalars(step, stepTag,
		tensorboard.Scalar{Tag: "loss", Value: o.loss},
		tensorboard.Scalar{Tag: "gradient_norm", Value: o.norm},
		tensorboard.Scalar{Tag: "learning_rate", Value: rate})
}

func (b *board) epoch(step int, e Epoch) {
	list := []tensorboard.Scalar{
		{Tag: "train_loss", Value: e.TrainLoss},
		{Tag: "train_accuracy", Value: float64(e.TrainAccuracy)},
		{Tag: "sentences_per_second", Value: float64(e.Sentences) / e.Seconds},
	}
	for k, loss := range e.AuxiliaryLoss {
		list = append(list, tensorboard.Scalar{Tag: fmt.Sprintf("auxiliary_loss_%d", k), Value: loss})
	}
	if e.ValidLoss != nil {
		list = append(list,
			tensorboard.Scalar{Tag: "valid_loss", Value: *e.ValidLoss},
			tensorboard.Scalar{Tag: "valid_accuracy", Value: float64(*e.ValidAccuracy)},
			tensorboard.Scalar{Tag: "valid_macro_f1", Value: float64(*e.ValidMacroF1)})
	}
	b.scalars(step, epochTag, list...)
	b.flush()
}

// end writes what the test came to, and that the run ended.
func (b *board) end(step int, s Score) {
	list := []tensorboard.Scalar{{Tag: "accuracy", Value: float64(s.Accuracy)}, {Tag: "macro_f1", Value: float64(s.MacroF1)}}
	b.scalars(step, testTag, list...)
	if b.open() {
		b.failed(b.writer.End(step))
	}
	b.flush()
}

// scalars writes those that are defined.
func (b *board) scalars(step int, prefix string, list ...tensorboard.Scalar) {
	var defined []tensorboard.Scalar
	for _, s := range list {
		if metrics.Score(s.Value).Defined() {
			defined = append(defined, tensorboard.Scalar{Tag: prefix + s.Tag, Value: s.Value})
		}
	}
	if len(defined) > 0 && b.open() {
		b.failed(b.writer.Scalars(step, defined...))
	}
}

// open says whether there is a file to write to.
func (b *board) open() bool {
	if b.off || b.writer != nil {
		return !b.off
	}
	values := configs.Values(b.config)
	for key := range values {
		if key == "version" || strings.HasPrefix(key, "checkpoint.") {
			delete(values, key)
		}
	}
	var err error
	b.writer, err = tensorboard.Open(b.dir, values)
	b.failed(err)
	return err == nil
}

// flush makes what was written readable by others.
func (b *board) flush() {
	if b.writer != nil {
		b.failed(b.writer.Flush())
	}
}

func (b *board) failed(err error) {
	if err == nil {
		return
	}
	if !b.off {
		b.note("TensorBoard's events end here, training goes on: %v", err)
	}
	b.off = true
	b.close()
}

func (b *board) close() {
	if b == nil || b.writer == nil {
		return
	}
	w := b.writer
	b.writer = nil
	b.failed(w.Close())
}
