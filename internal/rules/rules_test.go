// Package rules holds what the code base promises about itself: who may import
// whom, and that errors are returned. It has tests alone and needs no LibTorch.
package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path of this module, and of its main package.
const module = "absa"

// source is one Go file of the module.
type source struct {
	dir     string // of the package, "." at the top
	path    string // from the top of the repository
	test    bool
	imports []string
	file    *ast.File
}

// root returns the top of the repository: the folder above that holds go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod in this folder or above")
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	top := os.DirFS(root(t))
	var out []source
	err := fs.WalkDir(top, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := p != "." && strings.HasPrefix(d.Name(), ".")
			if hidden || d.Name() == "testdata" || p == "data/raw" || p == "checkpoints" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(top, p)
		if err != nil {
			return err
		}
		f, err := parse(p, text)
		out = append(out, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("found only %d Go files: is the walk still right?", len(out))
	}
	return out
}

func parse(p string, text []byte) (source, error) {
	file, err := parser.ParseFile(token.NewFileSet(), p, text, parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	f := source{dir: path.Dir(p), path: p, test: strings.HasSuffix(p, "_test.go"), file: file}
	for _, i := range file.Imports {
		f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
	}
	return f, nil
}

// ours returns the folder of a package of this module.
func ours(imported string) (dir string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// within reports whether dir is one of the folders or lies in one.
func within(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return dir == f || strings.HasPrefix(dir, f+"/") })
}
