package torch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestEMA follows the definition on the host.
func TestEMA(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	x := p.Values("x", true, []float32{1, -2, 3}, 3)
	frozen := p.Values("frozen", false, []float32{7}, 1)
	noErr(t, p.Err())
	const decay = 0.5
	adam, err := NewAdam(p, AdamOptions{})
	noErr(t, err)
	defer adam.Close()
	ema, err := NewEMA(p, decay)
	noErr(t, err)
	defer ema.Close()

	param, _ := p.Lookup("x")
	shadow := []float64{1, -2, 3}
	want, values := make([]float32, len(shadow)), []float32(nil)
	for n := 1; n <= 20; n++ {
		values = []float32{float32(n), float32(-n * n), 0.5}
		noErr(t, param.SetFloat32s(values))
		adam.Step(s, 0, 0, ema)
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

	// The parameter is still one that Backward reaches and the average follows.
	s.Backward(s.Sum(s.Mul(x, x)))
	near(t, "gradient after two swaps", s.Float32s(s.Grad(x)), []float32{2 * values[0], 2 * values[1], 2 * values[2]}, 1e-6)
	adam.Step(s, 0, 0, ema)
	noErr(t, s.Err())
	near(t, "parameter after another update", float32s(t, x), values, 0)
}

// TestCopy holds that a parameter goes to the host and back bit by bit, as its
// bytes lie in memory, and that a gradient still reaches it.
func TestCopy(t *testing.T) {
	s, p := newScope(t), newParameters(t, 1)
	trained := p.Values("trained", true, []float32{1, float32(math.NaN()), -0.5}, 3)
	frozen := p.Values("frozen", false, []float32{3, 4, 5}, 3)
	noErr(t, p.Err())
	q, _ := p.Lookup("trained")
	host := make([]byte, q.Size())
	noErr(t, q.CopyTo(host))
	if want := []byte{0, 0, 0x80, 0x3f}; !slices.Equal(host[:4], want) { // 1 in IEEE 754
		t.Errorf("the first value is % x, want % x", host[:4], want)
	}
	noErr(t, q.SetFloat32s([]float32{7, 7, 7}))
	noErr(t, q.CopyFrom(host))
	back := make([]byte, q.Size())
	noErr(t, q.CopyTo(back))
	if !slices.Equal(back, host) {
		t.Errorf("came back as % x, want % x", back, host)
	}
	s.Backward(s.Sum(s.Mul(trained, frozen)))
	noErr(t, s.Err())
	near(t, "gradient after the way back", s.Float32s(s.Grad(trained)), []float32{3, 4, 5}, 0)

	for _, room := range [][]byte{nil, host[:8], append(host, 0)} {
		if err := q.CopyTo(room); err == nil || !strings.Contains(err.Error(), "trained") {
			t.Errorf("CopyTo with %d bytes for 12: %v", len(room), err)
		}
		if err := q.CopyFrom(room); err == nil || !strings.Contains(err.Error(), "trained") {
			t.Errorf("CopyFrom with %d bytes for 12: %v", len(room), err)
		}
	}
}

// TestEMAState holds that an average can be saved and go on elsewhere.
func TestEMAState(t *testing.T) {
	averages, optimizers := make([]*EMA, 2), make([]*Adam, 2)
	parameters := make([]*Parameters, 2)
	for i := range averages {
		parameters[i] = newParameters(t, 1)
		parameters[i].Values("x", true, []float32{1, -2, 3}, 3)
		noErr(t, parameters[i].Err())
		var err error
		optimizers[i], err = NewAdam(parameters[i], AdamOptions{})
		noErr(t, err)
		defer optimizers[i].Close()
		averages[i], err = NewEMA(parameters[i], 0.9)
		noErr(t, err)
		defer averages[i].Close()
	}
	s := newScope(t)
	first, second := averages[0], averages[1]
	x, _ := parameters[0].Lookup("x")
	noErr(t, x.SetFloat32s([]float32{4, 5, 6}))
	optimizers[0].Step(s, 0, 0, first)
	noErr(t, s.Err())

	host := make([]byte, x.Size())
	noErr(t, first.State()[0].CopyTo(host))
	noErr(t, second.State()[0].CopyFrom(host))
	second.SetUpdates(first.Updates())
	y, _ := parameters[1].Lookup("x")
	noErr(t, y.SetFloat32s([]float32{4, 5, 6}))
	var got [2][]float32
	for i, e := range averages {
		optimizers[i].Step(s, 0, 0, e)
		noErr(t, s.Err())
		v, err := e.State()[0].Float32s()
		noErr(t, err)
		got[i] = v
	}
	near(t, "average that went on elsewhere", got[1], got[0], 0)
	if first.State()[0].Name != "x" || first.Updates() != 2 {
		t.Errorf("state of %q after %d updates, want x, 2", first.State()[0].Name, first.Updates())
	}
}
