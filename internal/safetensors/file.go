package safetensors

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"absa/internal/atomicfile"
)

// WriteFile writes the tensors to a new file. A file of that name is an error
// that wraps fs.ErrExist, and stays as it is. Whatever happens, the final name
// never shows a partial file.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	// Asked early, so that nothing large is written in vain.
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return Write(w, tensors, metadata) })
}

// ReplaceFile writes as WriteFile does, in place of a file of that name.
func ReplaceFile(path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Replace(path, func(w io.Writer) error { return Write(w, tensors, metadata) })
}
