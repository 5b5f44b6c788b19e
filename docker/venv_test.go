package docker

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestVenv(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	requirements := filepath.Join(c.dir, "reference/requirements.txt")
	link := filepath.Join(c.dir, ".venv")
	c.write(requirements, "numpy==2\n", 0o644)

	if err := c.script("docker/venv.sh", "FAKE_INSTALL=1").Run(); err == nil {
		t.Error("a failed installation: got no error")
	}
	if _, err := os.Lstat(link); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf(".venv after a failed installation: got %v, want none", err)
	}

	venv := func(want int) string {
		t.Helper()
		if out, err := c.script("docker/venv.sh").CombinedOutput(); err != nil {
			t.Fatalf("venv.sh: %v\n%s", err, out)
		}
		if got := c.pythonStarts("-m pip install"); got != want {
			t.Errorf("installations so far: got %d, want %d", got, want)
		}
		target, err := os.Readlink(link)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	first := venv(2)
	if again := venv(2); again != first {
		t.Errorf("second run: got %s, want %s", again, first)
	}
	c.write(requirements, "numpy==3\n", 0o644)
	if other := venv(3); other == first {
		t.Errorf("other requirements: got the same %s", other)
	}
	c.write(requirements, "numpy==2\n", 0o644)
	if back := venv(3); back != first {
		t.Errorf("the first requirements again: got %s, want %s", back, first)
	}
}
