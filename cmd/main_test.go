package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is the path of the built command; the tests run it as a user would.
var program string

// TestMain builds the program once.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "absa-cmd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "absa")
	build := exec.Command("go", "build", "-o", program, "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v (the flags of libtorch.env are needed, see the Makefile)\n%s", err, out)
		return 1
	}
	return m.Run()
}

// outcome is what a finished process left.
type outcome struct {
	status         int
	stdout, stderr string
}

// command is a call of the program in a folder of its own, with nothing of the
// user's that bears on it.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = t.TempDir()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ABSA_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "XDG_CACHE_HOME="+c.Dir)
	return c
}

// finish runs a command to its end.
func finish(t testing.TB, c *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// absa runs the program with arguments.
func absa(t testing.TB, args ...string) outcome {
	t.Helper()
	return finish(t, command(t, args...))
}

// little are the flags of a training that ends in a moment.
func little(more ...string) []string {
	return append([]string{
		"train", "--device", "cpu", "--set", "train.threads=1", "--set", "model.hidden=8", "--set", "vectors.dimension=8",
		"--set", "train.max_steps=2", "--out", "run",
	}, more...)
}

// wantStatus fails the test at once when the status differs.
func (o outcome) wantStatus(t testing.TB, want int) {
	t.Helper()
	if o.status != want {
		t.Fatalf("exit status %d, want %d\nstdout: %s\nstderr: %s", o.status, want, o.stdout, o.stderr)
	}
}

// wantError fails unless the program ended with the status, nothing on stdout,
// and a last paragraph on stderr that begins with its name and says all that is
// wanted.
func (o outcome) wantError(t testing.TB, status int, want ...string) {
	t.Helper()
	o.wantStatus(t, status)
	if o.stdout != "" {
		t.Errorf("stdout: got %q, want nothing", o.stdout)
	}
	_, message, ok := strings.Cut("\n"+o.stderr, "\nabsa: ")
	if !ok {
		t.Fatalf("stderr has no line that begins with the program's name:\n%s", o.stderr)
	}
	for _, w := range want {
		if !strings.Contains(message, w) {
			t.Errorf("message %q, want in it %q", message, w)
		}
	}
	for _, unwanted := range []string{"goroutine", "panic", "C++", "Usage:"} {
		if strings.Contains(o.stderr, unwanted) {
			t.Errorf("stderr holds %q:\n%s", unwanted, o.stderr)
		}
	}
}

// write makes a file in a folder of the test's own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// files lists a folder, nil when it is not there.
func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
