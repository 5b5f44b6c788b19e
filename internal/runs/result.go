package runs

import "absa/internal/metrics"

// Result is what a run came to; result.json holds it. Fields may be added, but
// keep their names: scripts rely on them.
type Result struct {
	Score                       // on the test corpus; null without one
	Epochs             []Epoch  `json:"epochs"`
	BestEpoch          *int     `json:"best_epoch"` // null without validation
	SentencesPerSecond float64  `json:"sentences_per_second"`
	Seed               int64    `json:"seed"`
	Device             string   `json:"device"`
	Threads            int      `json:"threads"`
	Kernels            string   `json:"kernels"` // what computed: aten, or absa's own for portable, avx2 or avx512
	TestedEpoch        int      `json:"tested_epoch"`
	Steps              int      `json:"steps"`
	Stopped            string   `json:"stopped"` // what ended training: epochs, patience, max_steps
	Parameters         int64    `json:"parameters"`
	Versions           Versions `json:"versions"`

	Auxiliary []Auxiliary `json:"auxiliary,omitempty"` // corpora that were trained on too
	Leakage   []Leakage   `json:"leakage,omitempty"`   // none where no text leaks
}

// Auxiliary is a corpus that was trained on beside the main one.
type Auxiliary struct {
	Path      string  `json:"path"`
	Weight    float64 `json:"weight"` // of its loss
	Heads     string  `json:"heads"`  // shared or own
	Sentences int     `json:"sentences"`
	Labels    int     `json:"labels"`
	Dropped   int     `json:"dropped"` // sentences left out, as they leak
}

// Leakage counts the sentences to train on whose texts are among those that are
// tested or validated on, letter case, punctuation and white space aside.
type Leakage struct {
	Corpus    string `json:"corpus"`  // the key of the one to train on: data.train
	Against   string `json:"against"` // data.test
	Sentences int    `json:"sentences"`
	TrainedOn bool   `json:"trained_on"` // false where they were left out
}

// Epoch is one pass over the training data and the evaluation after it. Where
// there is no validation data its figures are null.
type Epoch struct {
	Epoch         int            `json:"epoch"` // from 1
	TrainLoss     float64        `json:"train_loss"`
	TrainAccuracy metrics.Score  `json:"train_accuracy"`
	ValidLoss     *float64       `json:"valid_loss"`
	ValidAccuracy *metrics.Score `json:"valid_accuracy"`
	ValidMacroF1  *metrics.Score `json:"valid_macro_f1"`
	LearningRate  float64        `json:"learning_rate"` // after the last step
	Seconds       float64        `json:"seconds"`       // of training alone
	Sentences     int            `json:"sentences"`
	Steps         int            `json:"steps"`

	AuxiliaryLoss []float64 `json:"auxiliary_loss,omitempty"` // of each auxiliary corpus, before its weight
}

// Versions are those of what computed a result.
type Versions struct {
	Program  string `json:"absa"`
	LibTorch string `json:"libtorch"`
	Go       string `json:"go"`
}
