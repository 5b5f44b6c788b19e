package trainer

import (
	"runtime"
	"slices"

	"absa/internal/metrics"
	"absa/internal/torch"
)

// Program is the version of this program that runs carry.
const Program = "0.1.0"

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
	Kernels            string   `json:"kernels"` // of the CPU: portable, avx2, avx512
	TestedEpoch        int      `json:"tested_epoch"`
	Steps              int      `json:"steps"`
	Stopped            string   `json:"stopped"` // what ended training: epochs, patience, max_steps
	Parameters         int64    `json:"parameters"`
	Versions           Versions `json:"versions"`
}

// AspectResult is one row of the table.
type AspectResult struct {
	Accuracy metrics.Score `json:"accuracy"`
	Majority metrics.Score `json:"majority"`
	Support  int           `json:"support"`
	MacroF1  metrics.Score `json:"macro_f1"`
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
}

// Versions are those of what computed a result.
type Versions struct {
	Program  string `json:"absa"`
	LibTorch string `json:"libtorch"`
	Go       string `json:"go"`
}

// CurrentVersions returns the versions of the running program.
func CurrentVersions() Versions {
	return Versions{Program: Program, LibTorch: torch.Version(), Go: runtime.Version()}
}

// Score is the part of a Result that a test gives.
type Score struct {
	Accuracy metrics.Score `json:"accuracy"` // over labelled pairs
	Majority metrics.Score `json:"majority"`
	MacroF1  metrics.Score `json:"macro_f1"`
	// MajorityMacroF1 is that of the majority class.
	MajorityMacroF1 metrics.Score           `json:"majority_macro_f1"`
	Aspects         map[string]AspectResult `json:"aspects"`
}

// Scores puts a table into the form of result.json.
func Scores(scores metrics.Result) Score {
	s := Score{
		Accuracy:        scores.Overall.Model.Accuracy(),
		Majority:        scores.Overall.Majority.Accuracy(),
		MacroF1:         scores.Overall.Model.MacroF1(),
		MajorityMacroF1: scores.Overall.Majority.MacroF1(),
		Aspects:         map[string]AspectResult{},
	}
	for _, row := range scores.Aspects {
		s.Aspects[row.Name] = AspectResult{
			Accuracy: row.Model.Accuracy(),
			Majority: row.Majority.Accuracy(),
			Support:  row.Model.Support(),
			MacroF1:  row.Model.MacroF1(),
		}
	}
	return s
}

// throughput is training sentences by training time of the median epoch after
// the first, which warms caches and allocators up. Evaluation and saving are
// not in it.
func throughput(epochs []Epoch) float64 {
	if len(epochs) > 1 {
		epochs = epochs[1:]
	}
	rates := make([]float64, 0, len(epochs))
	for _, e := range epochs {
		if e.Seconds > 0 {
			rates = append(rates, float64(e.Sentences)/e.Seconds)
		}
	}
	if len(rates) == 0 {
		return 0
	}
	slices.Sort(rates)
	mid := len(rates) / 2
	if len(rates)%2 == 1 {
		return rates[mid]
	}
	return (rates[mid-1] + rates[mid]) / 2
}

// table lays a saved score out as that of a test, nil without one.
func (s Score) table(aspects []string) *metrics.Table {
	if len(s.Aspects) == 0 {
		return nil
	}
	t := &metrics.Table{MajorityMacroF1: s.MajorityMacroF1, MacroF1: s.MacroF1}
	all := metrics.Line{Name: "overall", Majority: s.Majority, Model: s.Accuracy}
	for _, name := range aspects {
		a := s.Aspects[name]
		t.Lines = append(t.Lines, metrics.Line{Name: name, Support: a.Support, Majority: a.Majority, Model: a.Accuracy})
		all.Support += a.Support
	}
	t.Lines = append(t.Lines, all)
	return t
}
