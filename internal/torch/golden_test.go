package torch

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/safetensors"
)

// goldenLimit is the relative error in norm that an operation may have.
const goldenLimit = 1e-5

// goldens are tensors written by PyTorch (reference/goldens.py) and, as JSON by
// name, what each case is.
type goldens struct {
	tensors map[string]safetensors.Tensor
	cases   map[string]json.RawMessage
}

func readGoldens(t testing.TB, path string) goldens {
	t.Helper()
	list, metadata, err := safetensors.ReadFile(path)
	noErr(t, err)
	g := goldens{tensors: map[string]safetensors.Tensor{}}
	for _, x := range list {
		g.tensors[x.Name] = x
	}
	noErr(t, json.Unmarshal([]byte(metadata["cases"]), &g.cases))
	return g
}

// names lists the tensors <prefix><name> as <name>, in order.
func (g goldens) names(prefix string) []string {
	var names []string
	for full := range g.tensors {
		if name, ok := strings.CutPrefix(full, prefix); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (g goldens) get(t testing.TB, name string) safetensors.Tensor {
	t.Helper()
	x, ok := g.tensors[name]
	if !ok {
		t.Fatalf("no tensor %s in the goldens: run reference/goldens.py", name)
	}
	return x
}

func (g goldens) float32s(t testing.TB, name string) []float32 {
	t.Helper()
	v, err := g.get(t, name).Float32()
	noErr(t, err)
	return v
}

func (g goldens) int64s(t testing.TB, name string) []int64 {
	t.Helper()
	v, err := g.get(t, name).Int64()
	noErr(t, err)
	return v
}

// load makes the inputs of a case: trainable parameters of p where they are
// floating, tensors of s otherwise.
func (g goldens) load(t testing.TB, s *Scope, p *Parameters, name string) inputs {
	t.Helper()
	in := inputs{}
	for _, input := range g.names(name + ".in.") {
		x := g.get(t, name+".in."+input)
		switch x.DType {
		case safetensors.F32:
			in[input] = p.Values(input, true, g.float32s(t, x.Name), x.Shape...)
		case safetensors.I64:
			in[input] = New(s, g.int64s(t, x.Name), x.Shape...)
		case safetensors.Bool:
			values := make([]bool, len(x.Data))
			for i, b := range x.Data {
				values[i] = b != 0
			}
			in[input] = New(s, values, x.Shape...)
		default:
			t.Fatalf("%s has elements of %s, which this test does not read", x.Name, x.DType)
		}
	}
	noErr(t, p.Err())
	noErr(t, s.Err())
	return in
}

func TestGoldens(t *testing.T) {
	g := readGoldens(t, "testdata/ops.safetensors")
	for _, c := range goldenCases {
		t.Run(c.name, func(t *testing.T) {
			s, p := newScope(t), newParameters(t, 1)
			in := g.load(t, s, p, c.name)
			out := c.run(s, in)
			noErr(t, s.Err())

			compareOutput(t, s, g.get(t, c.name+".out"), out[0])
			for i, name := range c.further {
				compareOutput(t, s, g.get(t, c.name+".out."+name), out[1+i])
			}

			upstream := g.get(t, c.name+".upstream")
			shape := upstream.Shape
			if len(shape) == 0 {
				shape = []int64{1}
			}
			s.Backward(s.Sum(s.Mul(out[0], New(s, g.float32s(t, upstream.Name), shape...))))
			noErr(t, s.Err())
			for _, name := range g.names(c.name + ".grad.") {
				got := s.Float32s(s.Grad(in[name]))
				noErr(t, s.Err())
				near(t, "gradient of "+name, got, g.float32s(t, c.name+".grad."+name), goldenLimit)
			}
		})
	}
}

func compareOutput(t *testing.T, s *Scope, want safetensors.Tensor, got Tensor) {
	t.Helper()
	if d := cmp.Diff(append([]int64{}, want.Shape...), append([]int64{}, got.Shape()...)); d != "" {
		t.Errorf("%s: shape (-want +got)\n%s", want.Name, d)
	}
	if want.DType == safetensors.I64 {
		ints, err := want.Int64()
		noErr(t, err)
		if d := cmp.Diff(ints, s.Int64s(got)); d != "" {
			t.Errorf("%s (-want +got)\n%s", want.Name, d)
		}
		return
	}
	floats, err := want.Float32()
	noErr(t, err)
	near(t, want.Name, s.Float32s(got), floats, goldenLimit)
}

func TestEveryGoldenIsCompared(t *testing.T) {
	g := readGoldens(t, "testdata/ops.safetensors")
	listed := map[string]bool{}
	for _, c := range goldenCases {
		listed[c.name] = true
		if _, ok := g.cases[c.name]; !ok {
			t.Errorf("case %s is not in testdata/ops.safetensors: add it to reference/golden_ops.py and run reference/goldens.py", c.name)
		}
	}
	for name := range g.cases {
		if !listed[name] {
			t.Errorf("case %s of testdata/ops.safetensors is compared with nothing: add it to goldenCases, or take it out of reference/golden_ops.py", name)
		}
	}
}

// TestEveryOpHasAGolden finds the exported operations, which take a tensor and a
// *Scope and return a tensor, and fails for one that goldenCases does not call.
func TestEveryOpHasAGolden(t *testing.T) {
	const definition = "TestOwnOperations compares it with its definition in other operations"
	exempt := map[string]string{
		"Grad":    "TestGoldens reads every gradient through it",
		"Dropout": "random: TestDropout",

		"Leaf":     "models' TestExplainAsPyTorch reads gradients of leaves",
		"Gradient": "models' TestExplainAsPyTorch compares it with PyTorch's autograd",

		"GroupedLinear":          definition,
		"GroupedHeads":           definition,
		"GroupedHeadsTransposed": definition,
		"Attend":                 definition,
		"WeightedSums":           definition,
	}
	files, err := filepath.Glob("*.go")
	noErr(t, err)
	ops, called := map[string]bool{}, map[string]bool{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") && path != "golden_cases_test.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		noErr(t, err)
		if path == "golden_cases_test.go" {
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if f, ok := call.Fun.(*ast.SelectorExpr); ok {
						called[f.Sel.Name] = true
					}
				}
				return true
			})
			continue
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && isOp(f) {
				ops[f.Name.Name] = true
			}
		}
	}
	if len(ops) < 20 {
		t.Fatalf("found only the operations %v: does isOp still recognise them?", ops)
	}
	for op := range ops {
		if !called[op] && exempt[op] == "" {
			t.Errorf("operation %s has no golden: add a case to reference/golden_ops.py, run reference/goldens.py, and call %s in goldenCases", op, op)
		}
	}
	for op := range exempt {
		if !ops[op] {
			t.Errorf("%s is no operation any more: take it out of exempt", op)
		}
	}
}

// isOp reports whether f is exported, has a *Scope as receiver or parameter,
// takes a tensor and returns one.
func isOp(f *ast.FuncDecl) bool {
	mentions := func(fields *ast.FieldList, names ...string) bool {
		found := false
		if fields != nil {
			for _, field := range fields.List {
				ast.Inspect(field.Type, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && slices.Contains(names, id.Name) {
						found = true
					}
					return true
				})
			}
		}
		return found
	}
	return f.Name.IsExported() &&
		(mentions(f.Recv, "Scope") || mentions(f.Type.Params, "Scope")) &&
		mentions(f.Type.Params, "Tensor", "Packed") &&
		mentions(f.Type.Results, "Tensor", "Packed")
}
