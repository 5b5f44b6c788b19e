package trainer

import (
	"math"
	"runtime"

	"absa/configs"
	"absa/internal/host"
	"absa/internal/metrics"
	"absa/internal/torch"
	"absa/models"
)

// threads is the number that a setting of 0 stands for: every core that the
// process may use. It does not look at the load, as the order of a sum, and so
// the last digits of a result, depend on the number of threads.
func threads(setting int) int {
	if setting > 0 {
		return setting
	}
	return runtime.NumCPU()
}

// sharedCores is how many cores' worth of other work makes a host a shared one.
const sharedCores = 0.5

// watchOthers measures, beside what the caller does, how many cores other
// processes use. It is a remark for the user: where it cannot be had, it is 0.
func watchOthers() <-chan float64 {
	found := make(chan float64, 1)
	go func() {
		n, err := host.BusyByOthers()
		if err != nil {
			n = 0
		}
		found <- n
	}()
	return found
}

func labelsOf(c configs.Config) models.Labels {
	return models.Labels{Aspects: c.Data.Aspects, Polarities: c.Data.Polarities, AbsentClass: c.Model.Head.AbsentClass}
}

func adamOptions(c configs.Train) torch.AdamOptions {
	return torch.AdamOptions{
		Beta1: c.Beta1, Beta2: c.Beta2, Eps: c.Eps,
		WeightDecay: c.WeightDecay, Decoupled: c.Optimizer == "adamw",
		ClipNorm: c.ClipNorm,
	}
}

// lowerIsBetter says which way train.metric goes.
func lowerIsBetter(c configs.Train) bool { return c.Metric == "loss" }

// better compares two values of train.metric; equal ones are not better.
func better(c configs.Train, a, b float64) bool {
	if lowerIsBetter(c) {
		return a < b
	}
	return a > b
}

func undefined() metrics.Score { return metrics.Score(math.NaN()) }
