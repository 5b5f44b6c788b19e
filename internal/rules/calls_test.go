package rules

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var must = regexp.MustCompile(`^Must($|[A-Z0-9_])`)

// ending returns what f calls that ends the program, or hides an error, instead
// of returning it.
func ending(f source) []string {
	var found []string
	add := func(name, instead string) { found = append(found, fmt.Sprintf("%s: %s", name, instead)) }
	imported := map[string]string{} // name in the file → path
	for n, i := range f.file.Imports {
		name := path.Base(f.imports[n])
		if i.Name != nil {
			name = i.Name.Name
		}
		imported[name] = f.imports[n]
	}
	ast.Inspect(f.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				add("func init", "nothing runs by being imported; build it where it is used")
			}
		case *ast.CallExpr:
			switch f := ast.Unparen(n.Fun).(type) {
			case *ast.Ident:
				if f.Name == "panic" {
					add("panic", "return an error")
				} else if must.MatchString(f.Name) {
					add(f.Name, "call the form that returns an error")
				}
			case *ast.SelectorExpr:
				name := f.Sel.Name
				from := ""
				if id, ok := f.X.(*ast.Ident); ok {
					from = imported[id.Name]
				}
				switch {
				case from == "os" && name == "Exit":
					add("os.Exit", "return an error; main alone decides on the exit code")
				case from == "log" && slices.Contains([]string{"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"}, name):
					add("log."+name, "return an error")
				case from == "regexp" && name == "MustCompile" && literal(n.Args):
					// Fails, if ever, in every test of the package.
				case must.MatchString(name):
					add(name, "call the form that returns an error")
				}
			}
		}
		return true
	})
	return found
}

// literal reports whether all arguments are written out.
func literal(args []ast.Expr) bool {
	return !slices.ContainsFunc(args, func(a ast.Expr) bool { _, ok := a.(*ast.BasicLit); return !ok })
}

// TestErrorsAreReturned holds that only main.go and tests end the program.
func TestErrorsAreReturned(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || f.path == "main.go" {
			continue
		}
		for _, call := range ending(f) {
			t.Errorf("%s calls %s", f.path, call)
		}
	}
}

func TestEnding(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       int
	}{
		{"returned", `import "os"; func f() error { return os.Remove("x") }`, 0},
		{"os.Exit", `import "os"; func f() { os.Exit(1) }`, 1},
		{"renamed", `import system "os"; func f() { system.Exit(1) }`, 1},
		{"another Exit", `type os struct{}; func (os) Exit(int) {}; func f(o os) { o.Exit(1) }`, 0},
		{"log", `import "log"; func f() { log.Fatalf("x"); log.Panicln(); log.Println() }`, 2},
		{"panic", `func f() { defer func() { panic("x") }() }`, 1},
		{"must", `import "regexp"; func f(t T, s string) { regexp.MustCompile(s); t.MustDrop(); Must(1); Mustard() }`, 3},
		{"a pattern written out", `import "regexp"; var x = regexp.MustCompile("x")`, 0},
		{"init", `func init() {}; type t struct{}; func (t) init() {}`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parse("a/a.go", []byte("package a\n"+c.code))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, len(ending(f))); d != "" {
				t.Errorf("findings %q (-want +got)\n%s", ending(f), d)
			}
		})
	}
}
