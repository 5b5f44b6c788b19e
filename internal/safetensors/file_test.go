package safetensors

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names lists a folder, so that a temporary file left behind shows.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWriteFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "model.safetensors")
	first := []Tensor{{Name: "a", DType: U8, Shape: []int64{1}, Data: []byte{1}}}
	second := []Tensor{{Name: "b", DType: U8, Shape: []int64{1}, Data: []byte{2}}}
	broken := []Tensor{{Name: "c", DType: U8, Shape: []int64{9}}}

	check := func(step string, want []Tensor) {
		t.Helper()
		got, _, err := ReadFile(path)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: tensors (-want +got):\n%s", step, diff)
		}
		if diff := cmp.Diff([]string{"model.safetensors"}, names(t, folder)); diff != "" {
			t.Errorf("%s: folder (-want +got):\n%s", step, diff)
		}
	}
	if err := WriteFile(path, first, nil); err != nil {
		t.Fatal(err)
	}
	check("write", first)
	if err := WriteFile(path, second, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("WriteFile over a file: %v, want %v", err, fs.ErrExist)
	}
	check("write again", first)
	if err := ReplaceFile(path, broken, nil); err == nil {
		t.Error("ReplaceFile of a broken tensor returned no error")
	}
	check("replace in vain", first)
	if err := ReplaceFile(path, second, nil); err != nil {
		t.Fatal(err)
	}
	check("replace", second)
}

func TestWriteFileLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	// A rename over a folder that is not empty cannot succeed.
	path := filepath.Join(folder, "taken")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(path, nil, nil); err == nil {
		t.Error("ReplaceFile over a folder returned no error")
	}
	if diff := cmp.Diff([]string{"taken"}, names(t, folder)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
	if err := WriteFile(filepath.Join(folder, "absent", "file"), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WriteFile into a missing folder: %v, want %v", err, fs.ErrNotExist)
	}
}

func TestOpenFolder(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("Open of a folder returned no error")
	}
}
