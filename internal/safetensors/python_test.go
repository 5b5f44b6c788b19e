package safetensors

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// python runs a script by the Python named by ABSA_TEST_PYTHON.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	program := os.Getenv("ABSA_TEST_PYTHON")
	if program == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has safetensors and numpy (pip install safetensors numpy)")
	}
	if out, err := exec.Command(program, "-c", "import numpy, safetensors").CombinedOutput(); err != nil {
		t.Fatalf("%s lacks safetensors or numpy (pip install safetensors numpy): %s", program, out)
	}
	out, err := exec.Command(program, append([]string{"-c", script}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return string(out)
}

func TestPythonReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "go.safetensors")
	ints, err := NewInt64("ints", []int64{3}, []int64{1, -2, 3})
	if err != nil {
		t.Fatal(err)
	}
	floats, err := NewFloat32("floats", []int64{2, 2}, []float32{0.5, 1.5, -2, 4})
	if err != nil {
		t.Fatal(err)
	}
	tensors := []Tensor{
		ints, floats,
		{Name: "empty", DType: F32, Shape: []int64{0, 3}},
		{Name: "scalar", DType: U8, Data: []byte{7}},
		{Name: "flag", DType: Bool, Shape: []int64{2}, Data: []byte{1, 0}},
	}
	if err := WriteFile(path, tensors, map[string]string{"made by": "go"}); err != nil {
		t.Fatal(err)
	}
	got := python(t, `
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], "np") as f:
    print(f.metadata())
    for k in sorted(f.keys()):
        v = f.get_tensor(k)
        print(k, v.dtype, v.shape, v.tolist())
`, path)
	want := `{'made by': 'go'}
empty float32 (0, 3) []
flag bool (2,) [True, False]
floats float32 (2, 2) [[0.5, 1.5], [-2.0, 4.0]]
ints int64 (3,) [1, -2, 3]
scalar uint8 () 7
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Python read (-want +got):\n%s", diff)
	}
}

func TestPythonWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "python.safetensors")
	python(t, `
import sys
import numpy as np
from safetensors.numpy import save_file
save_file({
    "floats": np.array([[0.5, 1.5], [-2, 4]], dtype=np.float32),
    "ints": np.array([1, -2, 3], dtype=np.int64),
    "half": np.array([1.0], dtype=np.float16),
    "flag": np.array([True, False]),
    "empty": np.zeros((0, 3), dtype=np.float64),
    "scalar": np.array(7, dtype=np.uint8),
}, sys.argv[1], metadata={"made by": "python"})
`, path)
	tensors, metadata, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"made by": "python"}, metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	got := map[string]Tensor{}
	for _, tensor := range tensors {
		got[tensor.Name] = tensor
	}
	floats, err := NewFloat32("floats", []int64{2, 2}, []float32{0.5, 1.5, -2, 4})
	if err != nil {
		t.Fatal(err)
	}
	ints, err := NewInt64("ints", []int64{3}, []int64{1, -2, 3})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Tensor{
		"floats": floats,
		"ints":   ints,
		"half":   {Name: "half", DType: F16, Shape: []int64{1}, Data: []byte{0x00, 0x3c}},
		"flag":   {Name: "flag", DType: Bool, Shape: []int64{2}, Data: []byte{1, 0}},
		"empty":  {Name: "empty", DType: F64, Shape: []int64{0, 3}, Data: []byte{}},
		"scalar": {Name: "scalar", DType: U8, Shape: []int64{}, Data: []byte{7}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Go read (-want +got):\n%s", diff)
	}
}
