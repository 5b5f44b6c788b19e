package trainer

import (
	"math"
	"runtime"

	"absa/configs"
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

func undefined() metrics.Score { return metrics.Score(math.NaN()) }
