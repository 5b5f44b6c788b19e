package metrics

import (
	"math"
	"testing"
)

// The values are those of scipy.stats.t.sf(abs(t), freedom) * 2, SciPy 1.17.1.
func TestStudentT(t *testing.T) {
	for _, test := range []struct {
		t       float64
		freedom int
		want    float64
	}{
		{0, 1, 1}, {0, 4, 1},
		{0.5, 1, 0.704832764699133},
		{-2.5, 1, 0.242237883181687},
		{2, 2, 0.183503419072274},
		{1.3, 3, 0.284467508727897},
		{2.776, 4, 0.0500227783199764},
		{-2.145, 14, 0.0499801518227362},
		{0.01, 14, 0.992162390841407},
		{8, 9, 2.21348168094002e-05},
		{3, 29, 0.00549919213390341},
	} {
		if got := studentT(test.t, test.freedom); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("t = %v, %d degrees of freedom: got %v, want %v", test.t, test.freedom, got, test.want)
		}
	}
}

func TestResampledT(t *testing.T) {
	d := []float64{0.02, -0.01, 0.03, 0.01, 0, 0.02}
	got := ResampledT(d, 0.5)
	// The variance of d is 0.000 216 666…; 1/6 + 1/2 of it is 0.000 144 444….
	want := Resampled{Difference: 0.07 / 6, StandardError: Score(math.Sqrt(0.65e-3 / 3 * 2 / 3)), P: 0}
	want.P = Score(studentT(float64(want.Difference/want.StandardError), 5))
	for _, x := range [][2]Score{{got.Difference, want.Difference}, {got.StandardError, want.StandardError}, {got.P, want.P}} {
		if math.Abs(float64(x[0]-x[1])) > 1e-9 {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if same := ResampledT([]float64{0, 0, 0}, 0.5); same.P != 1 || same.StandardError != 0 {
		t.Errorf("of equal models: %+v", same)
	}
	if always := ResampledT([]float64{0.25, 0.25}, 0.5); always.P != 0 || always.Difference != 0.25 {
		t.Errorf("of one that is always as much better: %+v", always)
	}
}
