package trainer

import (
	"math"
	"runtime"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/torch"
	"absa/models"
)

// setThreads sets the threads of a step. A setting of 0 takes the cores that the
// process may use, by its affinity and the quota of its control group, up to as
// many as the LSTM can use: a batch of B sentences is cut into 2·⌊B/8⌋ parts. It
// does not look at the load, as the order of a sum, and so the last digits of a
// result, depend on the number of threads.
func setThreads(c configs.Config) {
	n := c.Train.Threads
	if n == 0 {
		n = min(runtime.GOMAXPROCS(0), 2*max(1, c.Loader.BatchSize/8))
	}
	torch.SetThreads(n)
	if c.Model.LSTM == "aten" {
		torch.SetATenThreads(n)
	}
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
