package torch

import (
	"testing"

	"github.com/sugarme/gotch/libtch"
)

// BenchmarkAdd is one small addition: through a scope that is reset as often as
// in a training step, and through the bare C binding.
func BenchmarkAdd(b *testing.B) {
	inputs := newScope(b)
	x, y := inputs.Zeros(8), inputs.Zeros(8)
	noErr(b, inputs.Err())

	b.Run("scope", func(b *testing.B) {
		s := newScope(b)
		n := 0
		for b.Loop() {
			s.Add(x, y)
			if n++; n%slabSize == 0 {
				s.Reset()
			}
		}
		noErr(b, s.Err())
	})
	b.Run("libtch", func(b *testing.B) {
		lock(b)
		var out libtch.Ctensor
		for b.Loop() {
			libtch.AtgAdd(&out, x.c, y.c)
			libtch.AtFree(out)
		}
	})
}

// BenchmarkParallelRegion is an addition of a million numbers with two threads:
// with the workers at hand, and after ReleaseThreads, so the difference is what
// ending and starting them costs.
func BenchmarkParallelRegion(b *testing.B) {
	s := newScope(b)
	SetATenThreads(2)
	defer SetATenThreads(1)
	defer ReleaseThreads()
	for _, c := range []struct {
		name    string
		release bool
	}{{"kept", false}, {"released", true}} {
		b.Run(c.name, func(b *testing.B) {
			lock(b)
			for b.Loop() {
				s.Reset()
				parallel(s)
				if c.release {
					ReleaseThreads()
				}
			}
			noErr(b, s.Err())
			ReleaseThreads()
		})
	}
}
