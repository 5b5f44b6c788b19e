package docker

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvFile(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.setup("GOFLAGS=-buildvcs=false")
	content := c.read(filepath.Join(c.dir, "libtorch.env"))
	line := regexp.MustCompile("^([A-Z_]+=\"[^\"$`\\\\]*\"|#.*)$") // what shells and editors read alike
	for _, l := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		if !line.MatchString(l) {
			t.Errorf("line %q is not KEY=\"VALUE\"", l)
		}
	}
	if got, want := c.env("GOFLAGS"), "-buildvcs=false -trimpath"; got != want {
		t.Errorf("GOFLAGS: got %q, want %q", got, want)
	}
	lib := filepath.Join(c.cache, "absa/libtorch/2.11.0-cpu/torch/lib")
	for _, want := range []string{"-L" + lib, "-Wl,-rpath," + lib, "-l:libgomp.so.1"} {
		if got := strings.Fields(c.env("CGO_LDFLAGS")); !slices.Contains(got, want) {
			t.Errorf("CGO_LDFLAGS: got %q, want %s in it", got, want)
		}
	}
	for _, key := range []string{"CGO_CFLAGS", "CGO_CXXFLAGS"} {
		if strings.Contains(c.env(key), "-march") {
			t.Errorf("%s ties the binary to this machine's processor", key)
		}
	}
	// With the file in the environment already, as after the documented step.
	c.setup("GOFLAGS=" + c.env("GOFLAGS"))
	if got := c.read(filepath.Join(c.dir, "libtorch.env")); got != content {
		t.Errorf("the second libtorch.env differs (-first +second):\n%s", cmp.Diff(content, got))
	}
}

// The flags are the same from every checkout and change with the header.
func TestGotchFolder(t *testing.T) {
	t.Parallel()
	a := newCheckout(t)
	for _, compiler := range []string{"gcc", "g++"} {
		if _, err := exec.LookPath(compiler); err != nil {
			t.Skipf("install %s to run this test", compiler)
		}
		a.unfake(compiler)
	}
	a.setup()
	b := newCheckout(t)
	b.cache = a.cache
	b.setup()
	if got, want := b.env("CGO_CXXFLAGS"), a.env("CGO_CXXFLAGS"); got != want {
		t.Errorf("another checkout: got %s, want %s", got, want)
	}
	first := header(a)
	if got, want := a.read(first), a.read(filepath.Join(a.dir, "docker/gotch/compat.h")); got != want {
		t.Errorf("installed header (-want +got):\n%s", cmp.Diff(want, got))
	}
	var want []string
	for _, l := range strings.Split(a.read(filepath.Join(a.dir, "docker/gotch/stubs.txt")), "\n") {
		if l != "" && l[0] != '#' {
			want = append(want, "lib"+l+".so")
		}
	}
	entries, err := os.ReadDir(filepath.Join(filepath.Dir(first), "stubs"))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]bool)
	for _, e := range entries {
		got[e.Name()] = true
	}
	for _, name := range want {
		if !got[name] {
			t.Errorf("no stub %s", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("stubs: got %d, want %d", len(got), len(want))
	}

	b.write(filepath.Join(b.dir, "docker/gotch/compat.h"), "// another\n", 0o644)
	b.setup()
	if got := header(b); got == first {
		t.Errorf("an edited header kept its path %s: Go would not compile it again", got)
	}
}

// header is the path of the header that libtorch.env has force-included.
func header(c *checkout) string {
	c.t.Helper()
	_, path, found := strings.Cut(c.env("CGO_CXXFLAGS"), "-include ")
	if !found {
		c.t.Fatal("CGO_CXXFLAGS includes no header")
	}
	return path
}
