package docker

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// abiMark is the name in libc10.so by which the set-up knows the C++11 ABI.
const abiMark = "_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"

// checkout is a copy of the set-up scripts with a cache and a PATH of its own.
// Its fake python3 plays pip and copies tiny wheels, so nothing is fetched.
type checkout struct {
	t     *testing.T
	dir   string // the copy; docker/ and go.mod in it
	bin   string // first on PATH
	cache string // XDG_CACHE_HOME
	log   string // one line for every start of the fake python3
	path  string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the set-up scripts run on Linux x86-64 only")
	}
	python, err := realPython()
	if err != nil {
		t.Skip("install python3 to run this test")
	}
	dir := t.TempDir()
	c := &checkout{
		t:     t,
		dir:   filepath.Join(dir, "checkout"),
		bin:   filepath.Join(dir, "bin"),
		cache: filepath.Join(dir, "cache"),
		log:   filepath.Join(dir, "python.log"),
	}
	c.path = c.bin + ":" + os.Getenv("PATH")
	c.write(c.log, "", 0o644)
	if err := os.CopyFS(filepath.Join(c.dir, "docker"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	c.write(filepath.Join(c.dir, "go.mod"), "module absa\n\ngo 1.26.0\n", 0o644)
	wheels := filepath.Join(dir, "wheels")
	c.zip(filepath.Join(wheels, "torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl"), map[string]string{
		"torch/__init__.py":                           "",
		"torch/version.py":                            "__version__ = '2.11.0+cu130'\n",
		"torch/include/torch/version.h":               "",
		"torch/lib/libc10.so":                         abiMark,
		"torch/lib/libgomp.so.1":                      "",
		"torch/lib/libtorch_cpu.so":                   "",
		"torch/lib/libtorch_cuda.so":                  "",
		"torch/lib/libtorch_python.so":                "",
		"torch-2.11.0.dist-info/licenses/LICENSE":     "",
		"torch-2.11.0.dist-info/RECORD":               "",
		"torchgen/packaged/ATen/native/functions.yml": "",
	})
	c.zip(filepath.Join(wheels, "nvidia_cuda_runtime-13.0.96-py3-none-manylinux_2_17_x86_64.whl"), map[string]string{
		"nvidia/cu13/include/cuda.h":          "",
		"nvidia/cu13/lib/libcudart.so.13":     "",
		"nvidia/cu13/lib/libcudart_static.a":  "",
		"nvidia/cu13/lib/libnvperf_target.so": "",
	})
	c.fake("sync", "#!/bin/sh\n") // the real one waits for all that this machine is writing
	c.fake("python3", fmt.Sprintf(fakePython, c.log, wheels, python))
	c.fake("g++", "#!/bin/sh\n")
	c.fake("gcc", "#!/bin/bash\n>\"${!#}\"\n") // an empty file for -o FILE, its last argument
	return c
}

// fakePython is told by FAKE_PIP how to behave: as a pip that works (unset),
// fails, hangs half-way, refuses to touch the system's Python (PEP 668) or is
// not there.
const fakePython = `#!/bin/bash
echo "$1 $2 $3" >>%q
if [[ "$1 $2" == "-m venv" ]]; then
	mkdir -p "$3/bin"
	printf '#!/bin/bash\nFAKE_PIP= exec %%q "$@"\n' "$0" >"$3/bin/python"
	chmod +x "$3/bin/python"
elif [[ "$1 $2" == "-m pip" ]]; then
	[[ $FAKE_PIP == none ]] && exit 1
	[[ $3 == --version ]] && exit 0
	[[ $3 == install ]] && exit "${FAKE_INSTALL:-0}"
	while [[ $1 != --dest ]]; do shift; done
	case $FAKE_PIP in
	fail) echo "no such wheel" >&2; exit 1 ;;
	managed) echo "error: externally-managed-environment" >&2; exit 1 ;;
	hang) echo half >"$2/torch.whl"; echo $$ >"$2/../../hangs"; exec sleep 60 ;;
	esac
	cp %q/*.whl "$2"
else
	exec %q "$@"
fi
`

// realPython is the Python 3 that unpacks the wheels, past any wrapper that
// picks one at every start.
var realPython = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	return strings.TrimSpace(string(out)), err
})

// fake puts a program before the real one of its name.
func (c *checkout) fake(name, script string) {
	c.t.Helper()
	c.write(filepath.Join(c.bin, name), script, 0o755)
}

// unfake removes a fake again, so that the real program is used.
func (c *checkout) unfake(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.bin, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.t.Fatal(err)
	}
}

// without gives the checkout a PATH that lacks the program name: all others
// that the scripts call lie in bin.
func (c *checkout) without(name string) {
	c.t.Helper()
	c.unfake(name)
	for _, tool := range []string{
		"awk", "bash", "cat", "chmod", "cp", "df", "dirname", "flock", "g++", "gcc", "getconf", "go", "grep",
		"make", "mkdir", "mktemp", "mv", "printenv", "rm", "sed", "sha256sum", "sort", "uname",
	} {
		path, err := exec.LookPath(tool)
		if tool == name || errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err := os.Symlink(path, filepath.Join(c.bin, tool)); err != nil && !errors.Is(err, fs.ErrExist) {
			c.t.Fatal(err)
		}
	}
	c.path = c.bin
}

// command is docker/setup.sh for the CPU variant, with env on top.
func (c *checkout) command(env ...string) *exec.Cmd {
	return c.script("docker/setup.sh", env...)
}

// script is one of the scripts in this checkout's surroundings, with env on top.
func (c *checkout) script(name string, env ...string) *exec.Cmd {
	cmd := exec.Command("bash", name)
	cmd.Dir = c.dir
	for _, kv := range os.Environ() { // the flags of this very test run must not leak in
		if !slices.ContainsFunc([]string{"LIBTORCH", "CGO_", "GOFLAGS=", "PYTHON=", "ABSA_"}, func(p string) bool {
			return strings.HasPrefix(kv, p)
		}) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "PATH="+c.path, "XDG_CACHE_HOME="+c.cache, "LIBTORCH_VARIANT=cpu")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// setup runs the set-up and fails the test if that fails.
func (c *checkout) setup(env ...string) {
	c.t.Helper()
	if out, err := c.command(env...).CombinedOutput(); err != nil {
		c.t.Fatalf("setup.sh: %v\n%s", err, out)
	}
}

// refused runs the set-up, which must end with exit status 1 and every one of
// the words, and must leave no libtorch.env.
func (c *checkout) refused(words []string, env ...string) {
	c.t.Helper()
	var stderr bytes.Buffer
	cmd := c.command(env...)
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		c.t.Fatalf("setup.sh: got %v, want exit status 1\n%s", err, &stderr)
	}
	for _, w := range words {
		if !strings.Contains(stderr.String(), w) {
			c.t.Errorf("setup.sh said %q, want it to contain %q", &stderr, w)
		}
	}
	if _, err := os.Stat(filepath.Join(c.dir, "libtorch.env")); !errors.Is(err, fs.ErrNotExist) {
		c.t.Errorf("libtorch.env after a refusal: got %v, want none", err)
	}
}

// pythonStarts counts the starts of the fake python3 with the given arguments.
func (c *checkout) pythonStarts(args string) int {
	c.t.Helper()
	return strings.Count(c.read(c.log), args)
}

// env reads a value of libtorch.env the way the documented step does.
func (c *checkout) env(key string) string {
	c.t.Helper()
	cmd := exec.Command("bash", "-c", `set -a; . ./libtorch.env; set +a; printenv "$1"`, "-", key)
	cmd.Dir = c.dir
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("libtorch.env: %s: %v", key, err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// files lists the files below a folder of the cache, sorted.
func (c *checkout) files(folder string) []string {
	c.t.Helper()
	root := filepath.Join(c.cache, "absa", folder)
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, root+"/"))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.t.Fatal(err)
	}
	return names
}

func (c *checkout) read(path string) string {
	c.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

func (c *checkout) write(path, content string, mode fs.FileMode) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) zip(path string, members map[string]string) {
	c.t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range members {
		f, err := w.Create(name)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.write(path, b.String(), 0o644)
}
