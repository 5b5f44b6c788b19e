package trainer

import (
	"math"

	"absa/data"
	"absa/internal/torch"
	"absa/models"
)

// feed turns a batch into the tensors that the model reads.
func feed(s *torch.Scope, batch data.Batch) models.Input {
	b, t := int64(batch.Size()), int64(batch.Length)
	valid := make([]bool, b*t)
	counts := make([]float32, b)
	last := make([]int64, b)
	for i, n := range batch.Lengths {
		for j := range n {
			valid[int64(i)*t+j] = true
		}
		counts[i] = float32(n)
		last[i] = n - 1
	}
	in := models.Input{
		Tokens:  torch.New(s, batch.Tokens, b, t),
		Lengths: torch.NewHost(s, batch.Lengths, b),
		Valid:   torch.New(s, valid, b, t),
		Counts:  torch.New(s, counts, b, 1),
		Last:    torch.New(s, last, b, 1, 1),
		B:       b,
		T:       t,
	}
	if bounds := batch.NGramBounds; bounds != nil {
		scale := make([]float32, b)
		for i, from := range bounds[:b] {
			scale[i] = float32(1 / math.Sqrt(float64(max(1, bounds[i+1]-from))))
		}
		in.NGrams = torch.New(s, batch.NGrams, int64(len(batch.NGrams)))
		in.NGramBounds, in.NGramScale = torch.New(s, bounds, b+1), torch.New(s, scale, b, 1)
	}
	return in
}
