package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// DType names the type of a tensor's elements, as the header writes it.
type DType string

// The element types that the package knows.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U8   DType = "U8"
	Bool DType = "BOOL" // one byte each, 0 or 1
)

// Size is the bytes of one element, 0 when d is not known.
func (d DType) Size() int64 {
	switch d {
	case F64, I64:
		return 8
	case F32, I32:
		return 4
	case F16, BF16, I16:
		return 2
	case I8, U8, Bool:
		return 1
	}
	return 0
}

// dtypes lists them for messages.
const dtypes = "F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL"

// Tensor is one named array. Data holds its elements row by row, little-endian:
// product(Shape) × DType.Size() bytes.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64
	Data  []byte
}

// NewFloat32 makes an F32 tensor. It fails when values does not hold
// product(shape) of them.
func NewFloat32(name string, shape []int64, values []float32) (Tensor, error) {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return newTensor(name, F32, shape, data)
}

// NewInt64 makes an I64 tensor. It fails when values does not hold
// product(shape) of them.
func NewInt64(name string, shape []int64, values []int64) (Tensor, error) {
	data := make([]byte, 0, 8*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return newTensor(name, I64, shape, data)
}

func newTensor(name string, d DType, shape []int64, data []byte) (Tensor, error) {
	t := Tensor{Name: name, DType: d, Shape: slices.Clone(shape), Data: data}
	if err := t.check(); err != nil {
		return Tensor{}, err
	}
	return t, nil
}

// Float32 returns a copy of the elements of an F32 tensor, row by row.
func (t Tensor) Float32() ([]float32, error) {
	if err := t.checkIs(F32); err != nil {
		return nil, err
	}
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values, nil
}

// Int64 returns a copy of the elements of an I64 tensor, row by row.
func (t Tensor) Int64() ([]int64, error) {
	if err := t.checkIs(I64); err != nil {
		return nil, err
	}
	values := make([]int64, len(t.Data)/8)
	for i := range values {
		values[i] = int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
	}
	return values, nil
}

func (t Tensor) checkIs(want DType) error {
	if t.DType != want {
		return fmt.Errorf("tensor %q: elements are %s, want %s", t.Name, t.DType, want)
	}
	return t.check()
}

// check says whether the tensor may stand in a file.
func (t Tensor) check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	want, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	if int64(len(t.Data)) != want {
		return fmt.Errorf("tensor %q: %d bytes of data, but %s %v takes %d", t.Name, len(t.Data), t.DType, t.Shape, want)
	}
	return nil
}

// metadataKey is the one key of the header that is not a tensor.
const metadataKey = "__metadata__"

func checkName(name string) error {
	switch {
	case name == metadataKey:
		return fmt.Errorf("tensor %q: the name is reserved for the file's metadata", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("tensor %q: the name is not UTF-8", name)
	}
	return nil
}

// byteSize is the bytes that a tensor takes.
func byteSize(d DType, shape []int64) (int64, error) {
	size := d.Size()
	if size == 0 {
		return 0, fmt.Errorf("dtype %q is not known (known: %s)", d, dtypes)
	}
	for _, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if n > 0 && size > math.MaxInt64/n {
			return 0, errors.New("the shape's size does not fit in 64 bits")
		}
		size *= n
	}
	return size, nil
}
