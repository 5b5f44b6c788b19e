package torch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestParallel runs testdata/parallel.cpp: every part of a region is done once,
// whatever the number of threads and of callers; and again with the compiler's
// detector of races.
func TestParallel(t *testing.T) {
	for _, c := range []struct{ name, flag, regions string }{
		{"plain", "-O2", "20000"},
		{"races", "-fsanitize=thread", "300"},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "parallel")
			build := exec.Command("g++", "-std=c++17", "-pthread", c.flag, "-o", program, "parallel.cpp", "testdata/parallel.cpp")
			if out, err := build.CombinedOutput(); err != nil {
				if strings.Contains(string(out), "libtsan") {
					t.Skipf("no detector of races on this machine: %s", out)
				}
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.Command(program, c.regions)
			run.Env = append(os.Environ(), "TSAN_OPTIONS=halt_on_error=1")
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
