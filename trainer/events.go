package trainer

import (
	"time"

	"absa/internal/metrics"
)

// Event is something that happened during a run: one of the types below.
type Event interface{ event() }

// Note is a sentence for the user: what was found, dropped or decided.
type Note struct{ Text string }

// VectorsRead tells how much of a file of word vectors has been read.
type VectorsRead struct {
	Path        string
	Done, Total int64 // bytes
}

// CorpusRead tells how much of a corpus has been read that is converted, or looked
// through for the names of its labels.
type CorpusRead struct {
	Path        string
	Done, Total int64 // bytes
	Names       bool  // it is for the names
}

// Prepared says what is about to be trained.
type Prepared struct {
	Train, Valid, Test int   // sentences
	Words              int   // V, rows of the embedding
	Trainable          int64 // values that the optimizer updates
	Device             string
	Threads            int
	Epochs             int
	BatchesInEpoch     int
	Out                string // the run folder
}

// StepDone is reported after every step of training.
type StepDone struct {
	Epoch, Epochs   int // from 1
	Batch, Batches  int // of the epoch, from 1
	Step            int // of the run, from 1
	Loss, Accuracy  float64
	SentencesPerSec float64       // in this epoch so far
	Left            time.Duration // of the run, its validations included
}

// EpochDone is reported after the evaluation that follows an epoch.
type EpochDone struct {
	Epoch  Epoch
	Epochs int
	Best   bool // the best on validation so far
}

// Ended is reported in place of everything else when the run to be resumed has
// ended already.
type Ended struct {
	Result *Result
	Table  *metrics.Table // nil where there was nothing to test on
	Out    string
}

// Tested carries the table of the final test.
type Tested struct{ Table *metrics.Table }

// FoldBegun says that Calibrate trains on all but the next part of the corpus.
type FoldBegun struct{ Fold, Folds int }

func (Note) event()        {}
func (VectorsRead) event() {}
func (CorpusRead) event()  {}
func (Prepared) event()    {}
func (StepDone) event()    {}
func (EpochDone) event()   {}
func (Ended) event()       {}
func (Tested) event()      {}
func (FoldBegun) event()   {}
