package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// slabSize is the number of handles in one slab. A training step of the
// article's model makes some 300 tensors.
const slabSize = 256

// slab holds handles as integers. At every call cgo looks for Go pointers in the
// whole object that an argument points into; with slots that are pointers that
// takes longer than a small operation, in memory without pointers nothing.
type slab [slabSize]uintptr

func (b *slab) slot(i int) *libtch.Ctensor { return (*libtch.Ctensor)(unsafe.Pointer(&b[i])) }

// Scope owns every tensor made through it and carries the first error. Close
// frees the tensors. A scope belongs to one goroutine, the one that talks to
// LibTorch.
//
// Operations of a failed scope do nothing and return the zero Tensor, so the
// error needs checking once, at the end.
type Scope struct {
	device    Device
	inference bool
	err       error

	// Handles are written by LibTorch straight into the slabs, whose addresses
	// stay put, so an operation allocates nothing on the Go heap.
	slabs []*slab
	used  int // slots taken over all slabs
}

// NewScope returns a scope for a training step on device: operations are
// recorded for Backward and Dropout drops.
func NewScope(device Device) *Scope { return &Scope{device: device} }

// NewInferenceScope returns a scope whose operations record nothing for
// Backward and whose Dropout passes its input on. Until Close, the gradient
// mode of the whole thread is off: do not interleave it with a training scope.
func NewInferenceScope(device Device) *Scope {
	C.absa_set_grad_mode(false)
	return &Scope{device: device, inference: true}
}

// Close frees the tensors made through the scope.
func (s *Scope) Close() {
	s.Reset()
	if s.inference {
		C.absa_set_grad_mode(true)
		s.inference = false
	}
}

// Reset frees the tensors and forgets the error, so that a loop can use one
// scope, and its memory, for every step.
func (s *Scope) Reset() {
	for i := range s.used {
		slot := s.slabs[i/slabSize].slot(i % slabSize)
		Tensor{*slot}.free()
		*slot = nil
	}
	s.used, s.err = 0, nil
}

// Err returns the first error of the scope.
func (s *Scope) Err() error { return s.err }

// Device returns the device that the scope puts new tensors on.
func (s *Scope) Device() Device { return s.device }

// Fail records err as the scope's error unless it has one.
func (s *Scope) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// out returns n slots side by side for the results of an operation: LibTorch
// writes several results next to each other.
func (s *Scope) out(n int) *libtch.Ctensor {
	if s.used%slabSize+n > slabSize {
		s.used += slabSize - s.used%slabSize
	}
	if s.used/slabSize == len(s.slabs) {
		s.slabs = append(s.slabs, new(slab))
	}
	slot := s.slabs[s.used/slabSize].slot(s.used % slabSize)
	s.used += n
	return slot
}

// given reports whether an operation on n sizes or tensors can go on. None is an
// error: the binding takes the address of the first.
func (s *Scope) given(op string, n int) bool {
	if s.err == nil && n == 0 {
		s.Fail(fmt.Errorf("%s: no sizes or tensors given", op))
	}
	return s.err == nil
}

// got returns the tensor in a slot, or records the operation's error. The
// shapes of args are looked up only then.
func (s *Scope) got(slot *libtch.Ctensor, op string, args ...Tensor) Tensor {
	if *slot == nil {
		s.failed(op, args)
		return Tensor{}
	}
	live.Add(1)
	return Tensor{*slot}
}

// got2 and got3 are got for operations with several results.
func (s *Scope) got2(slot *libtch.Ctensor, op string, args ...Tensor) (Tensor, Tensor) {
	if *slot == nil {
		s.failed(op, args)
		return Tensor{}, Tensor{}
	}
	live.Add(2)
	r := (*[2]libtch.Ctensor)(unsafe.Pointer(slot))
	return Tensor{r[0]}, Tensor{r[1]}
}

func (s *Scope) got3(slot *libtch.Ctensor, op string, args ...Tensor) (Tensor, Tensor, Tensor) {
	if *slot == nil {
		s.failed(op, args)
		return Tensor{}, Tensor{}, Tensor{}
	}
	live.Add(3)
	r := (*[3]libtch.Ctensor)(unsafe.Pointer(slot))
	return Tensor{r[0]}, Tensor{r[1]}, Tensor{r[2]}
}

func (s *Scope) failed(op string, args []Tensor) {
	err := lastError()
	if err == nil {
		err = fmt.Errorf("LibTorch returned nothing")
	}
	s.Fail(fmt.Errorf("%s: %w", describe(op, args), err))
}

// check records err, with the operation's name and shapes, if there is one.
func (s *Scope) check(err error, op string, args ...Tensor) {
	if err != nil {
		s.Fail(fmt.Errorf("%s: %w", describe(op, args), err))
	}
}

// Backward adds the gradient of loss, a scalar, to every parameter it was
// computed from. It frees what the forward pass recorded.
func (s *Scope) Backward(loss Tensor) {
	if s.err != nil {
		return
	}
	libtch.AtBackward(loss.c, 0, 0)
	s.check(lastError(), "backward", loss)
}

// Leaf returns a tensor with the memory of x of which Gradient may be asked. What
// x was computed from has no part in it.
func (s *Scope) Leaf(x Tensor) Tensor {
	return s.unary("set_requires_grad", func(out *libtch.Ctensor, x libtch.Ctensor) {
		libtch.AtgSetRequiresGrad(out, x, 1)
	}, s.unary("detach", libtch.AtgDetach, x))
}

// Gradient returns that of y, a scalar, with respect to x, in x's shape. Unlike
// Backward it adds nothing to parameters.
func (s *Scope) Gradient(y, x Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtRunBackward(&y.c, 1, &x.c, 1, p, 0, 0)
	return s.got(p, "gradient", y, x)
}

// Grad returns the gradient accumulated in t, which shares its memory; it is
// undefined when t took no part in a Backward.
func (s *Scope) Grad(t Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgGrad(p, t.c)
	return s.got(p, "grad", t)
}

// Float32s copies t's elements, in row-major order, to the host. It waits for
// the device.
func (s *Scope) Float32s(t Tensor) []float32 { return values[float32](s, t) }

// Int64s is Float32s for integers.
func (s *Scope) Int64s(t Tensor) []int64 { return values[int64](s, t) }

// Float64s is Float32s for doubles.
func (s *Scope) Float64s(t Tensor) []float64 { return values[float64](s, t) }

// Item returns the value of a scalar tensor of float32.
func (s *Scope) Item(t Tensor) float64 {
	v := s.Float32s(t)
	if s.err != nil || len(v) != 1 {
		s.check(fmt.Errorf("it is not a scalar"), "item", t)
		return 0
	}
	return float64(v[0])
}

// Read appends the values of tensors on the scope's device to to, in order and
// as float64. It waits for the device once, for all of them.
func (s *Scope) Read(to []float64, tensors ...Tensor) []float64 {
	if s.err != nil {
		return to
	}
	n := int(C.absa_elements(handles(tensors), C.int(len(tensors))))
	if n == 0 {
		return to
	}
	at := len(to)
	to = slices.Grow(to, n)[:at+n]
	s.check(message(C.absa_read(handles(tensors), C.int(len(tensors)), (*C.double)(&to[at]))), "read", tensors...)
	return to
}

func values[T element](s *Scope, t Tensor) []T {
	if s.err != nil {
		return nil
	}
	v, err := read[T](t)
	s.check(err, "read", t)
	return v
}

// New returns a tensor on the scope's device with the values, in row-major
// order, of a Go slice; the slice may be changed afterwards.
func New[T element](s *Scope, values []T, shape ...int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	t := NewHost(s, values, shape...)
	if s.err != nil || s.device.IsCPU() {
		return t
	}
	p := s.out(1)
	libtch.AtgTo(p, t.c, s.device.index())
	return s.got(p, "to "+s.device.String(), t)
}

// NewHost is New in the host's memory, whatever the scope's device: the lengths
// of packed sequences live there.
func NewHost[T element](s *Scope, values []T, shape ...int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	if product(shape) != int64(len(values)) {
		s.Fail(fmt.Errorf("new tensor: %d values for shape %v", len(values), shape))
		return Tensor{}
	}
	if len(values) == 0 || len(shape) == 0 {
		s.Fail(fmt.Errorf("new tensor: no values or no shape"))
		return Tensor{}
	}
	p := s.out(1)
	*p = libtch.AtTensorOfData(unsafe.Pointer(&values[0]), shape, uint(len(shape)), uint(unsafe.Sizeof(values[0])), int(kindOf[T]()))
	return s.got(p, "new tensor")
}
