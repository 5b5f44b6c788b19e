package torch

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkPackedLSTM is the fused LSTM alone at the size of the article's model,
// forward and backward over 32 sentences of 1 to 32 tokens. make bench runs it
// beside PyTorch's nn.LSTM.
func BenchmarkPackedLSTM(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			lock(b)
			SetThreads(threads)
			defer SetThreads(1)
			defer ReleaseThreads()
			c := lstmCase{in: 100, hidden: 128, layers: 2}
			for i := range int64(32) {
				c.lengths = append(c.lengths, 32-i)
			}
			in := newLSTMInputs[float32](newScope(b), c)
			s := newScope(b)
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				s.Reset()
				s.Backward(s.Sum(s.Mul(in.run(s, c, false)[0], in.up[0])))
				took = append(took, time.Since(start))
			}
			noErr(b, s.Err())
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
		})
	}
}
