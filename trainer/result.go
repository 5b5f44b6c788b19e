package trainer

import (
	"runtime"
	"slices"

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
	Calibration  = runs.Calibration
	Epoch        = runs.Epoch
	Versions     = runs.Versions
)

// CurrentVersions returns the versions of the running program.
func CurrentVersions() Versions {
	return Versions{Program: Program, LibTorch: torch.Version(), Go: runtime.Version()}
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
