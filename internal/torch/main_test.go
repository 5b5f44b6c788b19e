package torch

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"

	"absa/internal/host"
)

// TestMain runs the tests with one thread, unless a test says otherwise, and
// fails when any of them left a tensor behind.
func TestMain(m *testing.M) {
	if os.Getenv(idleEnv) != "" {
		os.Exit(idle())
	}
	if path := cudaAtStart(); path != "" {
		fmt.Fprintf(os.Stderr, "%s was loaded at start: CUDA is opened when it is asked for, see OpenCUDA; look for it in the flags of libtorch.env\n", path)
		os.Exit(1)
	}
	SetThreads(1)
	code := m.Run()
	if n := Live(); n != 0 {
		fmt.Fprintf(os.Stderr, "%d tensors are live after the last test: close every Scope, Parameters, Adam and EMA that a test makes\n", n)
		code = max(code, 1)
	}
	os.Exit(code)
}

// cudaAtStart returns the path of a CUDA library that came with the program, ""
// when there is none.
func cudaAtStart() string {
	for _, name := range []string{"libtorch_cuda.so", "libc10_cuda.so", "libcuda.so.1"} {
		if path := host.LoadedLibrary(name); path != "" {
			return path
		}
	}
	return ""
}

// lock keeps the test on one OS thread, as Locked does for a program.
func lock(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}

// newScope returns a scope of a training step that the end of the test closes.
func newScope(t testing.TB) *Scope {
	t.Helper()
	lock(t)
	s := NewScope(CPU)
	t.Cleanup(s.Close)
	return s
}

// newParameters returns an empty set that the end of the test closes.
func newParameters(t testing.TB, seed uint64) *Parameters {
	t.Helper()
	p := NewParameters(CPU, seed)
	t.Cleanup(p.Close)
	return p
}

// noErr stops the test at an error.
func noErr(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// float32s returns the values of t in a scope of its own.
func float32s(t testing.TB, x Tensor) []float32 {
	t.Helper()
	v, err := read[float32](x)
	noErr(t, err)
	return v
}

// relativeError is |got-want| / |want|, Euclidean norms. Where want is zero it is
// |got|, so that only zero agrees with it.
func relativeError(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var difference, norm float64
	for i, w := range want {
		d := float64(got[i]) - float64(w)
		difference += d * d
		norm += float64(w) * float64(w)
	}
	if norm == 0 {
		return math.Sqrt(difference)
	}
	return math.Sqrt(difference / norm)
}

// near fails the test when got is further than limit from want, in norm.
func near(t testing.TB, what string, got, want []float32, limit float64) {
	t.Helper()
	if e := relativeError(got, want); !(e <= limit) { // also when it is NaN
		t.Errorf("%s: relative error %.2g, want at most %g\n got %v\nwant %v", what, e, limit, got, want)
	}
}
