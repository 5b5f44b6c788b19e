package trainer

import (
	"runtime"
	"slices"

	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/internal/torch"
)

// Program is the version of this program that runs carry.
const Program = "0.1.0"

// What a run leaves to read is described in internal/runs.
type (
	Result       = runs.Result
	Score        = runs.Score
	AspectResult = runs.AspectResult
	Epoch        = runs.Epoch
	Versions     = runs.Versions
)

// CurrentVersions returns the versions of the running program.
func CurrentVersions() Versions {
	return Versions{Program: Program, LibTorch: torch.Version(), Go: runtime.Version()}
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
func table(s Score, aspects []string) *metrics.Table {
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
