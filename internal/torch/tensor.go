package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Kind is the type of a tensor's elements, with LibTorch's numbers.
type Kind int32

// The kinds that are used.
const (
	Uint8   Kind = 0
	Int64   Kind = 4
	Float32 Kind = 6
	Float64 Kind = 7
	Bool    Kind = 11
)

func (k Kind) String() string {
	switch k {
	case Uint8:
		return "uint8"
	case Int64:
		return "int64"
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Bool:
		return "bool"
	}
	return fmt.Sprintf("kind %d", int32(k))
}

// Tensor is a handle. It does not own the memory behind it: the Scope or the
// Parameters that made it do. The zero Tensor is what a failed operation
// returns; passing it on is harmless, as the scope has failed.
type Tensor struct{ c libtch.Ctensor }

// live counts the handles that are owned and not yet freed.
var live atomic.Int64

// Live returns the number of tensors that are owned and not yet freed. It is 0
// once every Scope, Parameters and optimizer is closed.
func Live() int64 { return live.Load() }

func (t Tensor) free() {
	if t.c != nil {
		libtch.AtFree(t.c)
		live.Add(-1)
	}
}

// Defined reports whether there is a tensor behind the handle.
func (t Tensor) Defined() bool { return t.c != nil && libtch.AtDefined(t.c) }

// Shape returns the size of every dimension.
func (t Tensor) Shape() []int64 {
	if !t.Defined() {
		return nil
	}
	shape := make([]int64, libtch.AtDim(t.c))
	if len(shape) > 0 {
		libtch.AtShape(t.c, unsafe.Pointer(&shape[0]))
	}
	return shape
}

// Elements returns the number of elements.
func (t Tensor) Elements() int64 { return product(t.Shape()) }

// Kind returns the type of the elements.
func (t Tensor) Kind() Kind { return Kind(libtch.AtScalarType(t.c)) }

func (t Tensor) describe() string {
	if !t.Defined() {
		return "none"
	}
	sizes := make([]string, 0, 4)
	for _, n := range t.Shape() {
		sizes = append(sizes, fmt.Sprint(n))
	}
	return fmt.Sprintf("%v[%s]", t.Kind(), strings.Join(sizes, ","))
}

func product(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// element is a Go type with the layout of a Kind.
type element interface {
	~uint8 | ~int64 | ~float32 | ~float64 | ~bool
}

func kindOf[T element]() Kind {
	var zero T
	switch any(zero).(type) {
	case uint8:
		return Uint8
	case int64:
		return Int64
	case float32:
		return Float32
	case float64:
		return Float64
	}
	return Bool
}

// read copies t's elements, in row-major order, to the host.
func read[T element](t Tensor) ([]T, error) {
	if !t.Defined() {
		return nil, fmt.Errorf("read a tensor: it is undefined")
	}
	if got, want := t.Kind(), kindOf[T](); got != want {
		return nil, fmt.Errorf("read a tensor: it holds %v, want %v", got, want)
	}
	values := make([]T, t.Elements())
	if len(values) == 0 {
		return values, nil
	}
	libtch.AtCopyData(t.c, unsafe.Pointer(&values[0]), uint(len(values)), uint(unsafe.Sizeof(values[0])))
	return values, lastError()
}

// write copies values into t, which must have as many elements of that kind.
func write[T element](t Tensor, values []T) error {
	if got, want := kindOf[T](), t.Kind(); got != want {
		return fmt.Errorf("write a tensor: got %v, want %v", got, want)
	}
	if got, want := int64(len(values)), t.Elements(); got != want {
		return fmt.Errorf("write a tensor: got %d values, want %d for %s", got, want, t.describe())
	}
	if len(values) == 0 {
		return nil
	}
	size := C.int64_t(len(values)) * C.int64_t(unsafe.Sizeof(values[0]))
	return message(C.absa_copy_from_host(C.absa_tensor(t.c), unsafe.Pointer(&values[0]), size))
}

// handles returns a C array of tensors for the shim.
func handles(tensors []Tensor) *C.absa_tensor {
	if len(tensors) == 0 {
		return nil
	}
	return (*C.absa_tensor)(unsafe.Pointer(&tensors[0]))
}
