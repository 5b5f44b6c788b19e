package torch

import (
	"fmt"
	"testing"
)

// TestEMA follows the definition on the host.
func TestEMA(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	x := p.Values("x", true, []float32{1, -2, 3}, 3)
	frozen := p.Values("frozen", false, []float32{7}, 1)
	noErr(t, p.Err())
	const decay = 0.5
	ema, err := NewEMA(p, decay)
	noErr(t, err)
	defer ema.Close()

	param, _ := p.Lookup("x")
	shadow := []float64{1, -2, 3}
	want, values := make([]float32, len(shadow)), []float32(nil)
	for n := 1; n <= 20; n++ {
		values = []float32{float32(n), float32(-n * n), 0.5}
		noErr(t, param.SetFloat32s(values))
		ema.Update(s)
		d := min(decay, float64(1+n)/float64(10+n)) // reaches 0.5 at n = 8
		for i, v := range values {
			shadow[i] = d*shadow[i] + (1-d)*float64(v)
			want[i] = float32(shadow[i])
		}
		noErr(t, ema.Swap())
		near(t, fmt.Sprintf("average after %d updates", n), float32s(t, x), want, 1e-6)
		noErr(t, ema.Swap())
		near(t, fmt.Sprintf("parameter after %d updates", n), float32s(t, x), values, 0)
	}
	noErr(t, s.Err())
	near(t, "frozen parameter", float32s(t, frozen), []float32{7}, 0)

	// The parameter is still one that Backward reaches and Update follows.
	s.Backward(s.Sum(s.Mul(x, x)))
	near(t, "gradient after two swaps", s.Float32s(s.Grad(x)), []float32{2 * values[0], 2 * values[1], 2 * values[2]}, 1e-6)
	ema.Update(s)
	noErr(t, s.Err())
	near(t, "parameter after another update", float32s(t, x), values, 0)
}

func TestSnapshot(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	trained := p.Values("trained", true, []float32{1, 2}, 2)
	frozen := p.Values("frozen", false, []float32{3, 4}, 2)
	noErr(t, p.Err())
	best, err := NewSnapshot(p)
	noErr(t, err)
	defer best.Close()

	for range 2 { // a snapshot can be restored again
		for _, q := range p.All() {
			noErr(t, q.SetFloat32s([]float32{-1, -1}))
		}
		noErr(t, best.Restore())
		near(t, "trained", float32s(t, trained), []float32{1, 2}, 0)
		near(t, "frozen", float32s(t, frozen), []float32{3, 4}, 0)
	}

	s.Backward(s.Sum(s.Mul(trained, frozen)))
	noErr(t, s.Err())
	near(t, "gradient after restoring", s.Float32s(s.Grad(trained)), []float32{3, 4}, 0)
}
