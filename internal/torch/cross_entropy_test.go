package torch

import (
	"fmt"
	"testing"
)

// TestCrossEntropyShapes holds that the leading dimensions do not matter, that the
// plain composition agrees, and what is refused.
func TestCrossEntropyShapes(t *testing.T) {
	values := make([]float32, 2*3*4)
	for i := range values {
		values[i] = float32(Mix(uint64(i))%1000)/100 - 5
	}
	class, weight := []int64{0, 3, 1, 2, 2, 0}, []float32{1, 0, 0.5, 2, 0.25, 1}
	s, p := newScope(t), newParameters(t, 1)
	var losses, gradients [][]float32
	for i, loss := range []func(x, target, weight Tensor) Tensor{s.plainCrossEntropy, s.CrossEntropy, s.CrossEntropy} {
		rows := [][]int64{{2, 3}, {2, 3}, {6}}[i]
		x := p.Values(fmt.Sprint(i), true, values, append(rows, 4)...)
		noErr(t, p.Err())
		y := s.Scale(loss(x, New(s, class, rows...), New(s, weight, rows...)), 3)
		s.Backward(y)
		losses, gradients = append(losses, s.Float32s(y)), append(gradients, s.Float32s(s.Grad(x)))
		noErr(t, s.Err())
		near(t, fmt.Sprintf("loss %d", i), losses[i], losses[0], 1e-6)
		near(t, fmt.Sprintf("gradient %d", i), gradients[i], gradients[0], 1e-6)
	}

	x := New(s, values, 6, 4)
	for _, c := range []struct {
		name   string
		target Tensor
		weight Tensor
	}{
		{"class of none", New(s, []int64{0, 3, 1, 2, 2, 4}, 6), New(s, weight, 6)},
		{"a class too few", New(s, class[:5], 5), New(s, weight, 6)},
		{"weights of another shape", New(s, class, 6), New(s, weight, 2, 3)},
	} {
		s.CrossEntropy(x, c.target, c.weight)
		if s.Err() == nil {
			t.Errorf("%s: no error", c.name)
		}
		s.err = nil
	}
}
