package torch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// idleEnv makes the test binary, in place of the tests, work with two threads,
// do nothing for a while and print the processor time that took: "own" with the
// workers of this package, "kept" with LibTorch's as they are, "released" with
// those after ReleaseThreads.
const idleEnv = "ABSA_TEST_IDLE"

// pause is how long idle does nothing.
const pause = 300 * time.Millisecond

func idle() int {
	err := Locked(func() error {
		mode := os.Getenv(idleEnv)
		SetThreads(2)
		if mode != "own" {
			SetATenThreads(2)
			settle()
		}
		s := NewScope(CPU)
		defer s.Close()
		if mode == "own" {
			w := Affine{Weight: s.Zeros(64, 64), Bias: s.Zeros(64)}
			s.AdditiveScores(s.Zeros(1<<12, 64), []Affine{w, w}, []Tensor{s.Zeros(1, 64), s.Zeros(1, 64)})
		} else {
			parallel(s)
		}
		if err := s.Err(); err != nil {
			return err
		}
		if mode == "released" {
			ReleaseThreads()
		}
		before := processorTime()
		time.Sleep(pause)
		fmt.Println((processorTime() - before).Microseconds())
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// settle waits until the process rests: SetATenThreads also starts the pool of
// LibTorch's quantised operations, whose workers spin once, for some 30 ms.
func settle() {
	for range 100 {
		before := processorTime()
		time.Sleep(50 * time.Millisecond)
		if processorTime()-before < 2*time.Millisecond {
			return
		}
	}
}

// parallel is an operation large enough for LibTorch to divide among threads.
func parallel(s *Scope) {
	x := s.Zeros(1 << 20)
	s.Add(x, x)
}

// processorTime is what all threads of the process have used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestIdleThreadsDoNotSpin measures a process whose workers are told to wait
// actively, so that they would spin for the whole pause and not for the
// milliseconds of libgomp's default: with them kept, to know that the
// measurement sees it, released, and with the workers of this package.
func TestIdleThreadsDoNotSpin(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("needs two cores")
	}
	const limit = 10 * time.Millisecond
	used := func(mode string) time.Duration {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), idleEnv+"="+mode, "OMP_WAIT_POLICY=active")
		c.Stderr = os.Stderr
		out, err := c.Output()
		noErr(t, err)
		us, err := strconv.Atoi(strings.TrimSpace(string(out)))
		noErr(t, err)
		return time.Duration(us) * time.Microsecond
	}
	if kept := used("kept"); kept < 2*limit {
		t.Errorf("with the workers kept: %v of processor time in %v; they do not spin, so this test shows nothing", kept, pause)
	}
	for _, mode := range []string{"released", "own"} {
		if got := used(mode); got >= limit {
			t.Errorf("%s: %v of processor time in %v, want less than %v", mode, got, pause, limit)
		}
	}
}

// TestThreads holds that a setting reaches LibTorch, and that one out of range
// does not end the program.
func TestThreads(t *testing.T) {
	lock(t)
	defer SetThreads(1)
	for _, c := range []struct{ set, want int }{{2, 2}, {1, 1}, {0, 1}, {-3, 1}} {
		SetThreads(c.set)
		if got := Threads(); got != c.want {
			t.Errorf("after SetThreads(%d): got %d, want %d", c.set, got, c.want)
		}
	}
	ReleaseThreads() // also when there are none
}

// TestOneOpenMP holds that all code of the process shares one OpenMP runtime:
// two would each start workers for the same cores.
func TestOneOpenMP(t *testing.T) {
	text, err := os.ReadFile("/proc/self/maps")
	noErr(t, err)
	found := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		i := strings.IndexByte(line, '/')
		if i < 0 {
			continue
		}
		path := strings.TrimSpace(line[i:])
		for _, name := range []string{"libgomp", "libiomp", "libomp"} {
			if strings.HasPrefix(filepath.Base(path), name) {
				found[path] = true
			}
		}
	}
	if len(found) != 1 {
		t.Errorf("got OpenMP runtimes %v, want LibTorch's alone: the flag -l:libgomp.so.1 must find it before the compiler's", found)
	}
}
