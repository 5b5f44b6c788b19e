package models

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"absa/configs"
	"absa/internal/torch"
)

// TestMain runs the tests with one thread and fails when any of them left a
// tensor behind.
func TestMain(m *testing.M) {
	torch.SetThreads(1)
	code := m.Run()
	if n := torch.Live(); n != 0 {
		fmt.Fprintf(os.Stderr, "%d tensors are live after the last test: close every Model and Scope that a test makes\n", n)
		code = max(code, 1)
	}
	os.Exit(code)
}

// newScope returns a scope of a training step, on this thread alone, that the
// end of the test closes.
func newScope(t testing.TB) *torch.Scope {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	s := torch.NewScope(torch.CPU)
	t.Cleanup(s.Close)
	return s
}

// noErr stops the test at an error.
func noErr(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	testWords     = 20 // V
	testDimension = 6  // D
)

// testVectors are the same random vectors at every call.
func testVectors() Vectors {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, testWords*testDimension)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return Vectors{Values: values, Dimension: testDimension, Trainable: true}
}

// newModel returns a model with random weights that the end of the test closes.
func newModel(t testing.TB, config configs.Model, labels Labels) *Model {
	t.Helper()
	m, err := New(config, labels, testVectors(), torch.CPU, 1)
	noErr(t, err)
	t.Cleanup(m.Close)
	return m
}

// feed makes the input of sentences, given longest first.
func feed(s *torch.Scope, sentences ...[]int64) Input {
	b, t := len(sentences), len(sentences[0])
	tokens, valid := make([]int64, b*t), make([]bool, b*t)
	lengths, last, counts := make([]int64, b), make([]int64, b), make([]float32, b)
	for i, sentence := range sentences {
		lengths[i], last[i], counts[i] = int64(len(sentence)), int64(len(sentence)-1), float32(len(sentence))
		for j, id := range sentence {
			tokens[i*t+j], valid[i*t+j] = id, true
		}
	}
	shape := []int64{int64(b), int64(t)}
	return Input{
		Tokens:  torch.New(s, tokens, shape...),
		Lengths: torch.NewHost(s, lengths, shape[0]),
		Valid:   torch.New(s, valid, shape...),
		Counts:  torch.New(s, counts, shape[0], 1),
		Last:    torch.New(s, last, shape[0], 1, 1),
		B:       shape[0],
		T:       shape[1],
	}
}

// norm is the Euclidean norm.
func norm(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// distance is the Euclidean norm of the difference; infinite where the lengths
// differ.
func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	difference := make([]float32, len(a))
	for i := range a {
		difference[i] = a[i] - b[i]
	}
	return norm(difference)
}

// near fails the test when got is further from want than limit times scale; a
// scale of 0 stands for the norm of want.
func near(t testing.TB, what string, got, want []float32, limit, scale float64) {
	t.Helper()
	if scale == 0 {
		scale = norm(want)
	}
	if d := distance(got, want); !(d <= limit*scale) { // also when it is NaN
		t.Errorf("%s: distance %.3g, want at most %g of %.3g\n got %v\nwant %v", what, d, limit, scale, got, want)
	}
}
