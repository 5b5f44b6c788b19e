package docker

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		variant string
		want    []string
	}{
		{"cpu", []string{
			"nvidia/cu13/lib/libcudart.so.13",
			"torch/include/torch/version.h",
			"torch/lib/libc10.so",
			"torch/lib/libgomp.so.1",
			"torch/lib/libtorch_cpu.so",
			"torch/version.py",
			"torch-2.11.0.dist-info/licenses/LICENSE",
		}},
		{"cuda", []string{
			"nvidia/cu13/include/cuda.h",
			"nvidia/cu13/lib/libcudart.so.13",
			"nvidia/cu13/lib/libnvperf_target.so",
			"torch/include/torch/version.h",
			"torch/lib/libc10.so",
			"torch/lib/libgomp.so.1",
			"torch/lib/libtorch_cpu.so",
			"torch/lib/libtorch_cuda.so",
			"torch/version.py",
			"torch-2.11.0.dist-info/licenses/LICENSE",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.variant, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			c.setup("LIBTORCH_VARIANT=" + tt.variant)
			if diff := cmp.Diff(tt.want, c.files("libtorch/2.11.0-"+tt.variant)); diff != "" {
				t.Errorf("unpacked (-want +got):\n%s", diff)
			}
			if got := c.env("ABSA_LIBTORCH_VARIANT"); got != tt.variant {
				t.Errorf("variant: got %s, want %s", got, tt.variant)
			}
			want := filepath.Join(c.cache, "absa/libtorch/2.11.0-"+tt.variant, "torch")
			if got := c.env("ABSA_LIBTORCH"); got != want {
				t.Errorf("LibTorch: got %s, want %s", got, want)
			}
		})
	}
}

func TestSecondRunDoesNothing(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.setup()
	file := filepath.Join(c.dir, "libtorch.env")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	starts, tree := c.read(c.log), c.files("")
	c.setup()
	if got := c.read(c.log); got != starts {
		t.Errorf("Python was started:\n%s", strings.TrimPrefix(got, starts))
	}
	if diff := cmp.Diff(tree, c.files("")); diff != "" {
		t.Errorf("the cache changed (-first +second):\n%s", diff)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) {
		t.Errorf("libtorch.env was written again at %v", info.ModTime())
	}
}

func TestVariantChoice(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.fake("nvidia-smi", "#!/bin/sh\nexit 1\n") // present is enough: it is not started
	if _, err := os.Stat("/proc/driver/nvidia/version"); err == nil {
		t.Skip("this machine's own NVIDIA driver decides")
	}
	c.setup("LIBTORCH_VARIANT=")
	if got := c.env("ABSA_LIBTORCH_VARIANT"); got != "cuda" {
		t.Fatalf("with a driver: got %s, want cuda", got)
	}
	c.setup() // asks for cpu
	if got := c.env("ABSA_LIBTORCH_VARIANT"); got != "cuda" {
		t.Errorf("cpu with the CUDA variant in the cache: got %s, want cuda", got)
	}
	if got := c.pythonStarts("-m pip download"); got != 1 {
		t.Errorf("downloads: got %d, want 1", got)
	}
}

func TestGivenLibTorch(t *testing.T) {
	t.Parallel()
	header := "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n\n#define TORCH_VERSION_PATCH 0\n"
	whole := map[string]string{
		"build-version":       "2.11.0+cpu\n",
		"include/ATen/ATen.h": "",
		"lib/libc10.so":       abiMark,
		"lib/libtorch_cpu.so": "",
	}
	tests := []struct {
		name    string
		folder  string
		change  map[string]string // "-" removes
		env     string
		refused []string // nil: accepted
		variant string
	}{
		{name: "archive", variant: "cpu"},
		{name: "archive with CUDA", change: map[string]string{"lib/libtorch_cuda.so": ""}, variant: "cuda"},
		{name: "installed package", variant: "cpu",
			change: map[string]string{"build-version": "-", "version.py": "__version__ = '2.11.0+cu130'\ndebug = False\n"}},
		{name: "headers only", variant: "cpu",
			change: map[string]string{"build-version": "-", "include/torch/headeronly/version.h": header}},
		{name: "headers of the archive", variant: "cpu",
			change: map[string]string{"build-version": "-", "include/torch/csrc/api/include/torch/version.h": header}},
		{name: "other version", change: map[string]string{"build-version": "2.1.0+cpu"},
			refused: []string{"is LibTorch 2.1.0+cpu", "needs 2.11.0", "Unset LIBTORCH"}},
		{name: "prefix of the version", change: map[string]string{"build-version": "2.11.01"}, refused: []string{"needs 2.11.0"}},
		{name: "no version", change: map[string]string{"build-version": "-"}, refused: []string{"unknown version"}},
		{name: "old ABI", change: map[string]string{"lib/libc10.so": "_ZN3c105ErrorC1ENS_14SourceLocationESs"},
			refused: []string{"old C++ ABI", "C++11 ABI"}},
		{name: "no headers", change: map[string]string{"include/ATen/ATen.h": "-"}, refused: []string{"has no include/"}},
		{name: "no library", change: map[string]string{"lib/libtorch_cpu.so": "-"}, refused: []string{"libtorch_cpu.so"}},
		{name: "no CUDA in it", env: "LIBTORCH_VARIANT=cuda", refused: []string{"is a CPU build"}},
		{name: "a space in the path", folder: "my libtorch", refused: []string{"my libtorch", "spaces"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			folder := filepath.Join(c.dir, "libtorch"+tt.folder)
			for _, files := range []map[string]string{whole, tt.change} {
				for name, content := range files {
					if content != "-" {
						c.write(filepath.Join(folder, name), content, 0o644)
					} else if err := os.RemoveAll(filepath.Join(folder, strings.TrimSuffix(name, "/ATen/ATen.h"))); err != nil {
						t.Fatal(err)
					}
				}
			}
			env := []string{"LIBTORCH=" + folder, "LIBTORCH_VARIANT=", tt.env}
			if tt.refused != nil {
				c.refused(tt.refused, env...)
				return
			}
			c.setup(env...)
			if got := c.env("ABSA_LIBTORCH"); got != folder {
				t.Errorf("LibTorch: got %s, want %s", got, folder)
			}
			if got := c.env("ABSA_LIBTORCH_VARIANT"); got != tt.variant {
				t.Errorf("variant: got %s, want %s", got, tt.variant)
			}
			if got := c.read(c.log); got != "" {
				t.Errorf("Python was started: %s", got)
			}
		})
	}
}

// Every wheel is pinned by hash, and torch is the version that the scripts name.
func TestPins(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("libtorch.sh")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^libtorch_version=(\S+)$`).FindSubmatch(script)
	if version == nil {
		t.Fatal("libtorch.sh names no libtorch_version")
	}
	pin := regexp.MustCompile(`^[a-z0-9-]+==[0-9.]+ \\\n    --hash=sha256:[0-9a-f]{64}\n$`)
	for _, file := range []string{"libtorch-cpu.txt", "libtorch-cuda.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		content := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(b), "")
		if !strings.HasPrefix(content, "torch=="+string(version[1])+" ") {
			t.Errorf("%s does not begin with torch==%s", file, version[1])
		}
		for _, entry := range regexp.MustCompile(`(?m)^\S.*\n(?:\s.*\n)*`).FindAllString(content, -1) {
			if !pin.MatchString(entry) {
				t.Errorf("%s: %q is not a version with one hash", file, entry)
			}
		}
	}
}
