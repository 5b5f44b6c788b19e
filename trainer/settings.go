package trainer

import (
	"errors"
	"math"
	"runtime"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/torch"
	"absa/models"
)

// setCPU sets what the operations of the CPU run with, for batches of up to so
// many sentences.
//
// It sets the threads of a step: a setting of 0 takes the cores that the
// process may use, by its affinity and the quota of its control group (of which
// Go's runtime takes less than two for two), up to as many as the LSTM can use: a
// batch of B sentences is cut into 2·⌊B/8⌋ parts. It does not look at the load, as
// the order of a sum, and so the last digits of a result, depend on the number of
// threads.
//
// And it sets how the LSTM's large products are computed, which fails where the
// processor lacks the instructions.
func setCPU(c configs.Config, device torch.Device, batch int) error {
	n := c.Train.Threads
	if n == 0 {
		n = min(runtime.GOMAXPROCS(0), 2*max(1, batch/8))
	}
	torch.SetThreads(n)
	if c.Model.Kernels == "aten" {
		torch.SetATenThreads(n)
	}
	products := ""
	switch {
	case device != torch.CPU: // which does not use them
	case c.Model.Products == "bfloat16":
		if products = torch.BFloat16(); products == "" {
			return errors.New("model.products: bfloat16: this processor has neither AMX nor AVX512-BF16; bfloat16_portable computes the same slowly, float32 runs everywhere")
		}
	case c.Model.Products == "bfloat16_portable":
		products = "portable"
	}
	return torch.UseBFloat16(products)
}

// runAnywhere has a model that was trained with products in bfloat16 answer in
// float32 where the processor lacks the instructions.
func runAnywhere(c *configs.Config, note func(string, ...any)) {
	if c.Model.Products == "bfloat16" && torch.BFloat16() == "" {
		c.Model.Products = "float32"
		note("trained with model.products=bfloat16, which this processor does not have: it answers in float32, whose last digits are others")
	}
}

// kernels names what computes a step on a device: LibTorch, or absa's own
// operations for an instruction set.
func kernels(c configs.Config, device torch.Device) string {
	switch {
	case device != torch.CPU || c.Model.Kernels == "aten":
		return "aten"
	case c.Model.Products == "bfloat16":
		return torch.LSTMKernels() + ", products in bfloat16 by " + torch.BFloat16()
	case c.Model.Products == "bfloat16_portable":
		return torch.LSTMKernels() + ", products in bfloat16"
	}
	return torch.LSTMKernels()
}

func labelsOf(c configs.Config) models.Labels {
	return models.Labels{Aspects: c.Data.Learned(), Polarities: c.Data.Polarities, AbsentClass: c.Model.Head.AbsentClass}
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
