package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// libraries are imported in one folder each, so that replacing one is work in
// one place.
var libraries = []struct{ prefix, folder, instead string }{
	{"github.com/sugarme/gotch", "internal/torch", "add the operation to internal/torch"},
	{"C", "internal/torch", "put the C++ into internal/torch, the only package that needs cgo"},
	{"github.com/spf13/viper", "configs", "pass a configs.Config, or the part that is needed"},
	{"github.com/spf13/cobra", "cmd", "return a value or an error and let cmd talk to the user"},
	{"github.com/schollz/progressbar", "cmd", "report an event and let cmd show it"},
	{"gonum.org/v1/plot", "internal/report", "draw charts there"},
	{"google.golang.org/protobuf", "internal/tensorboard", "encode messages there"},
}

func TestLibrariesAreImportedInOneFolder(t *testing.T) {
	files := sources(t)
	for _, l := range libraries {
		used := false
		for _, f := range files {
			for _, i := range f.imports {
				if i != l.prefix && !strings.HasPrefix(i, l.prefix+"/") {
					continue
				}
				if !within(f.dir, l.folder) {
					t.Errorf("%s imports %q, which only %s may: %s", f.path, i, l.folder, l.instead)
				}
				used = true
			}
		}
		if !used {
			t.Errorf("nothing imports %q: take it out of libraries", l.prefix)
		}
	}
}

// needLibTorch are the folders whose packages stand on LibTorch. All others are
// pure Go and pass their tests with CGO_ENABLED=0.
var needLibTorch = []string{".", "cmd", "trainer", "models", "internal/torch"}

func pure(dir string) bool {
	return !slices.ContainsFunc(needLibTorch, func(f string) bool { return dir == f || f != "." && within(dir, f) })
}

// mayImport says whether the rules allow a package to import another one of the
// module: the arrows go main → cmd → trainer → models and data → the rest.
func mayImport(from, to string) bool {
	internal := within(to, "internal")
	switch {
	case from != "." && within(to, from): // folders of its own
		return true
	case from == ".":
		return within(to, "cmd")
	case within(from, "cmd"):
		return internal || within(to, "configs", "data", "models", "trainer")
	case within(from, "trainer"):
		return internal || within(to, "trainer", "configs", "data", "models")
	case within(from, "models"):
		return to == "configs" || to == "internal/torch" || internal && pure(to)
	case within(from, "data"):
		return within(to, "data", "configs") || internal && pure(to)
	case from == "internal/torch":
		return internal && pure(to)
	case within(from, "configs"):
		return internal && pure(to)
	}
	return pure(to) && (internal || to == "configs") // pure internal parts
}

func TestImportsRunOneWay(t *testing.T) {
	for _, f := range sources(t) {
		for _, i := range f.imports {
			to, ok := ours(i)
			if !ok || f.test && to == f.dir { // an external test imports what it tests
				continue
			}
			if !mayImport(f.dir, to) {
				t.Errorf("%s imports %q, against the arrows main → cmd → trainer → models, data → configs and the rest of internal: move what is shared down, or pass it in (see ARCHITECTURE.md)", f.path, i)
			}
		}
	}
}

func TestMayImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{".", "cmd", true},
		{".", "trainer", false},
		{"cmd", "trainer", true},
		{"cmd", "internal/torch", true},
		{"trainer", "models", true},
		{"trainer", "cmd", false},
		{"trainer/sweep", "trainer", true},
		{"models", "internal/torch", true},
		{"models", "data", false},
		{"models", "data/vectors", false},
		{"models", "trainer", false},
		{"data", "models", false},
		{"data/vectors", "internal/torch", false},
		{"data", "data/sample", true},
		{"data", "internal/atomicfile", true},
		{"trainer", "internal/checkpoint", true},
		{"cmd", "internal/checkpoint", true},
		{"internal/checkpoint", "internal/atomicfile", true},
		{"internal/checkpoint", "trainer", false},
		{"configs", "internal/torch", false},
		{"configs", "data", false},
		{"internal/metrics", "internal/torch", false},
		{"internal/metrics", "internal/host", true},
		{"internal/torch", "models", false},
		{"internal/torch", "internal/host", true},
	} {
		if got := mayImport(c.from, c.to); got != c.want {
			t.Errorf("%s → %s: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// TestPurePackagesNeedNoLibTorch follows the imports of every pure package, and
// of its tests, through the module.
func TestPurePackagesNeedNoLibTorch(t *testing.T) {
	files := sources(t)
	edges := map[string][]string{} // of packages without their tests
	for _, f := range files {
		for _, i := range f.imports {
			if to, ok := ours(i); ok && !f.test {
				edges[f.dir] = append(edges[f.dir], to)
			}
		}
	}
	found := map[string]bool{}
	for _, f := range files {
		if !pure(f.dir) {
			continue
		}
		found[f.dir] = true
		for _, i := range f.imports {
			to, ok := ours(i)
			if !ok {
				continue
			}
			if chain := reaches(edges, to, "internal/torch", nil); chain != nil {
				t.Errorf("%s is in a pure package, but needs LibTorch by %s: cut the chain, or add %s to needLibTorch", f.path, fmt.Sprint(chain), f.dir)
			}
		}
	}
	for _, want := range []string{"configs", "data", "data/sample", "data/vectors", "internal/checkpoint", "internal/metrics", "internal/safetensors", "internal/fetch", "internal/host", "internal/report", "internal/runs", "internal/tensorboard"} {
		if !found[want] {
			t.Errorf("%s is not among the pure packages", want)
		}
	}
}

// reaches returns the chain of imports from one package to another, nil when
// there is none.
func reaches(edges map[string][]string, from, to string, seen []string) []string {
	if slices.Contains(seen, from) {
		return nil
	}
	seen = append(seen, from)
	if from == to {
		return seen
	}
	for _, next := range edges[from] {
		if chain := reaches(edges, next, to, seen); chain != nil {
			return chain
		}
	}
	return nil
}
