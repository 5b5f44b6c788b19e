package checkpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also what the tests start, to kill it or to take powers from it.
func TestMain(m *testing.M) {
	switch run := os.Getenv("CHECKPOINT_RUN"); os.Getenv("CHECKPOINT_CHILD") {
	case "":
		os.Exit(m.Run())
	case "save":
		_, err := Save(run, Manifest{Step: 2}, little(2))
		exit(err)
	case "open":
		_, err := Open(run)
		exit(err)
	case "lock":
		_, err := Lock(run)
		say(err, "locked")
		time.Sleep(time.Hour)
	case "loop":
		exit(loop(run))
	}
}

func exit(err error) {
	say(err, "done")
	os.Exit(0)
}

// say ends the child on an error and otherwise says what it did.
func say(err error, done string) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(done)
}

// loop saves for ever and says so after every save.
func loop(run string) error {
	lock, err := Lock(run)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := Sweep(run); err != nil {
		return err
	}
	step := 0
	if c, _, err := Newest(run); err == nil {
		step = c.Manifest.Step
	}
	saver := Saver{Run: run, Policy: Policy{KeepLast: 2, KeepBest: 1}}
	for {
		if rand.N(3) > 0 { // else the same step again
			step++
		}
		value := rand.Float64()
		if _, err := saver.Save(Manifest{Step: step, Value: &value}, filled(step, 100_000)); err != nil {
			return err
		}
		fmt.Println(step)
	}
}

// child starts this test binary as something to kill. What it prints is read
// line by line.
func child(t *testing.T, role, run string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := childCommand(t, role, run)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c, bufio.NewScanner(out)
}

func childCommand(t *testing.T, role, run string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), "CHECKPOINT_CHILD="+role, "CHECKPOINT_RUN="+run)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// unprivileged is what the child says without root's power to read and write
// anywhere.
func unprivileged(t *testing.T, role, run string) string {
	t.Helper()
	c := childCommand(t, role, run)
	if os.Getuid() == 0 {
		const powers = "-dac_override,-dac_read_search,-fowner"
		setpriv, err := exec.LookPath("setpriv")
		if err != nil {
			t.Skip("root may write everywhere, and there is no setpriv to give that up: run the test as an ordinary user")
		}
		flags := []string{"--bounding-set", powers, "--inh-caps", powers}
		if out, err := exec.Command(setpriv, append(flags, "true")...).CombinedOutput(); err != nil {
			t.Skipf("root may write everywhere, and may not give that up here: %v: %s", err, out)
		}
		wrapped := exec.Command(setpriv, append(flags, c.Path)...)
		wrapped.Env, wrapped.Stderr = c.Env, c.Stderr
		c = wrapped
	}
	out, err := c.Output()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return string(out)
}

// mount makes a file system in memory of the given size and returns its folder.
func mount(t *testing.T, size int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs a small file system to fill, which only root can mount")
	}
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skipf("needs a small file system to fill, and root may not mount one here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// remount makes what mount made read-only.
func remount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// text is the content of a file with that text.
func text(name, s string) Content {
	return Content{name, func(w io.Writer) error { _, err := io.WriteString(w, s); return err }}
}

// little is the content of a small checkpoint, another one for each step.
func little(step int) []Content {
	return []Content{
		text("model.safetensors", fmt.Sprintf("weights of %d", step)),
		text("state.json", fmt.Sprintf(`{"step": %d}`, step)),
		text("empty", ""),
	}
}

// filled is the content of a checkpoint with a part of so many bytes.
func filled(step, size int) []Content {
	model := Content{"model.safetensors", func(w io.Writer) error {
		piece := bytes.Repeat([]byte{byte(step), 1, 2, 3, 4, 5, 6, 7}, 512)
		for left := size; left > 0; left -= len(piece) {
			if _, err := w.Write(piece[:min(left, len(piece))]); err != nil {
				return err
			}
		}
		return nil
	}}
	return append([]Content{model}, little(step)[1:]...)
}

// save is Save of a small checkpoint in a test.
func save(t *testing.T, run string, step int) string {
	t.Helper()
	dir, err := Save(run, Manifest{Step: step}, little(step))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tree returns the content of every file under dir by path, "folder" for a
// folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			files[name] = "folder"
			return nil
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wantError fails unless err has all parts, and none of a temporary name.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("got %q, want %q in it", err, p)
		}
	}
	if strings.Contains(err.Error(), ".tmp") || strings.Contains(err.Error(), ".old") {
		t.Errorf("%q has a temporary name", err)
	}
}

func soak() bool { return os.Getenv("ABSA_SOAK") == "1" }
