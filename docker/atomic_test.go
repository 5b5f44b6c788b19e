package docker

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A set-up that is killed half-way leaves no half LibTorch, and the next one
// succeeds and sweeps up.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		signal syscall.Signal
		exit   int
		swept  bool // by the dying set-up itself
	}{
		{"SIGINT", syscall.SIGINT, 130, true},
		{"SIGTERM", syscall.SIGTERM, 143, true},
		{"SIGKILL", syscall.SIGKILL, -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			cmd := c.command("FAKE_PIP=hang")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pip := c.waitForPID(filepath.Join(c.cache, "absa/libtorch/hangs"))
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			signalled := time.Now()
			_ = cmd.Wait()                                            // the exit code is looked at next
			if took := time.Since(signalled); took > 30*time.Second { // the hanging pip lasts 60 s
				t.Errorf("the set-up ended %v after the signal", took)
			}
			if got := cmd.ProcessState.ExitCode(); got != tt.exit {
				t.Errorf("exit code: got %d, want %d", got, tt.exit)
			}
			alive := syscall.Kill(pip, 0) == nil
			if alive {
				if err := syscall.Kill(pip, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
			if tt.swept && alive {
				t.Error("the download went on")
			}
			if _, err := os.Stat(filepath.Join(c.cache, "absa/libtorch/2.11.0-cpu")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("LibTorch after the interruption: got %v, want none", err)
			}
			if got := c.scratch(); tt.swept && len(got) > 0 || !tt.swept && len(got) == 0 {
				t.Errorf("temporary folders after the interruption: got %v, want swept %v", got, tt.swept)
			}
			c.setup()
			if got := c.scratch(); len(got) > 0 {
				t.Errorf("temporary folders after the next set-up: %v", got)
			}
			if got := c.env("ABSA_LIBTORCH"); !strings.HasSuffix(got, "2.11.0-cpu/torch") {
				t.Errorf("LibTorch: got %s", got)
			}
		})
	}
}

// Of two set-ups at once one fetches, and both end well.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	a := newCheckout(t)
	b := newCheckout(t)
	b.cache, b.log, b.path = a.cache, a.log, a.path
	both := []*exec.Cmd{a.command(), b.command()}
	for _, cmd := range both {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range both {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got := a.pythonStarts("-m pip download"); got != 1 {
		t.Errorf("downloads: got %d, want 1", got)
	}
	if got := a.scratch(); len(got) > 0 {
		t.Errorf("temporary folders: %v", got)
	}
	if x, y := a.read(filepath.Join(a.dir, "libtorch.env")), b.read(filepath.Join(b.dir, "libtorch.env")); x != y {
		t.Errorf("the two checkouts differ:\n%s\n%s", x, y)
	}
}

// Where the system's pip is absent or may not be used, one in a virtual
// environment is, and nothing of that stays.
func TestPipOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, pip := range []string{"managed", "none"} {
		t.Run(pip, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			c.setup("FAKE_PIP=" + pip)
			if got := c.pythonStarts("-m venv"); got != 1 {
				t.Errorf("virtual environments: got %d, want 1", got)
			}
			if got := c.scratch(); len(got) > 0 {
				t.Errorf("temporary folders: %v", got)
			}
		})
	}
}

// scratch lists what a set-up puts beside the final places while it works.
func (c *checkout) scratch() []string {
	c.t.Helper()
	var found []string
	for _, pattern := range []string{c.cache + "/absa/*/.tmp.*", c.dir + "/.libtorch.env.*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			c.t.Fatal(err)
		}
		found = append(found, names...)
	}
	return found
}

// waitForPID waits for the file to which the hanging pip writes its process id.
func (c *checkout) waitForPID(path string) int {
	c.t.Helper()
	for range 1000 {
		if b, err := os.ReadFile(path); err == nil && strings.HasSuffix(string(b), "\n") {
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err != nil {
				c.t.Fatal(err)
			}
			return pid
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Fatal("pip was not started within 20 s")
	return 0
}
