package torch

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// unary runs an operation of one tensor.
func (s *Scope) unary(op string, f func(out *libtch.Ctensor, x libtch.Ctensor), x Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	f(p, x.c)
	return s.got(p, op, x)
}

// binary runs an operation of two tensors.
func (s *Scope) binary(op string, f func(out *libtch.Ctensor, a, b libtch.Ctensor), a, b Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	f(p, a.c, b.c)
	return s.got(p, op, a, b)
}

// scalar runs an operation of a tensor and a number.
func (s *Scope) scalar(op string, f func(out *libtch.Ctensor, x libtch.Ctensor, v libtch.Cscalar), x Tensor, v float64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	c := libtch.AtsFloat(v)
	defer libtch.AtsFree(c)
	p := s.out(1)
	f(p, x.c, c)
	return s.got(p, op, x)
}

// Add returns a + b, elementwise, broadcasting.
func (s *Scope) Add(a, b Tensor) Tensor { return s.binary("add", libtch.AtgAdd, a, b) }

// Mul returns a · b, elementwise, broadcasting.
func (s *Scope) Mul(a, b Tensor) Tensor { return s.binary("mul", libtch.AtgMul, a, b) }

// Div returns a / b, elementwise, broadcasting.
func (s *Scope) Div(a, b Tensor) Tensor { return s.binary("div", libtch.AtgDiv, a, b) }

// Scale returns v · x.
func (s *Scope) Scale(x Tensor, v float64) Tensor {
	return s.scalar("mul", libtch.AtgMulScalar, x, v)
}

// Tanh returns tanh(x), elementwise.
func (s *Scope) Tanh(x Tensor) Tensor { return s.unary("tanh", libtch.AtgTanh, x) }

// LogAddExp returns log(exp(a) + exp(b)), elementwise, broadcasting.
func (s *Scope) LogAddExp(a, b Tensor) Tensor {
	return s.binary("logaddexp", libtch.AtgLogaddexp, a, b)
}

// Sigmoid returns 1 / (1 + exp(-x)), elementwise.
func (s *Scope) Sigmoid(x Tensor) Tensor { return s.unary("sigmoid", libtch.AtgSigmoid, x) }

// Matmul returns the matrix product of [..,n,k] and [..,k,m], broadcasting the
// leading dimensions.
func (s *Scope) Matmul(a, b Tensor) Tensor { return s.binary("matmul", libtch.AtgMatmul, a, b) }

// MaskedFill returns x with v where mask, a Bool tensor that broadcasts to x's
// shape, is true.
func (s *Scope) MaskedFill(x, mask Tensor, v float64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	c := libtch.AtsFloat(v)
	defer libtch.AtsFree(c)
	p := s.out(1)
	libtch.AtgMaskedFill(p, x.c, mask.c, c)
	return s.got(p, "masked_fill", x, mask)
}

// Not returns the negation of a Bool tensor.
func (s *Scope) Not(x Tensor) Tensor { return s.unary("logical_not", libtch.AtgLogicalNot, x) }

// Sum returns the sum of all elements, a scalar.
func (s *Scope) Sum(x Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgSum(p, x.c, int32(x.Kind()))
	return s.got(p, "sum", x)
}

// SumDim returns the sum over dimension dim, which disappears.
func (s *Scope) SumDim(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgSumDimIntlist(p, x.c, []int64{dim}, 1, 0, int32(x.Kind()))
	return s.got(p, "sum", x)
}

// Max returns the largest element over dimension dim, which disappears. The
// gradient is shared equally among ties.
func (s *Scope) Max(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgAmax(p, x.c, []int64{dim}, 1, 0)
	return s.got(p, "amax", x)
}

// Argmax returns the index of the largest element over dimension dim, which
// disappears.
func (s *Scope) Argmax(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgArgmax(p, x.c, dim, 0, 0)
	return s.got(p, "argmax", x)
}

// Reshape returns x with another shape of as many elements; one size may be -1.
func (s *Scope) Reshape(x Tensor, shape ...int64) Tensor {
	if !s.given("reshape", len(shape)) {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgReshape(p, x.c, shape, len(shape))
	return s.got(p, "reshape", x)
}

// Transpose returns x with two dimensions exchanged.
func (s *Scope) Transpose(x Tensor, a, b int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgTranspose(p, x.c, a, b)
	return s.got(p, "transpose", x)
}

// Expand returns x with dimensions of size 1 repeated to the given shape; no
// memory is copied.
func (s *Scope) Expand(x Tensor, shape ...int64) Tensor {
	if !s.given("expand", len(shape)) {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgExpand(p, x.c, shape, len(shape), 0)
	return s.got(p, "expand", x)
}

// Unsqueeze returns x with a dimension of size 1 inserted at dim.
func (s *Scope) Unsqueeze(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgUnsqueeze(p, x.c, dim)
	return s.got(p, "unsqueeze", x)
}

// Squeeze returns x without dimension dim, which has size 1.
func (s *Scope) Squeeze(x Tensor, dim int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgSqueezeDim(p, x.c, dim)
	return s.got(p, "squeeze", x)
}

// Select returns the slice of x at index along dimension dim, which disappears.
// A negative index counts from the end.
func (s *Scope) Select(x Tensor, dim, index int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgSelect(p, x.c, dim, index)
	return s.got(p, "select", x)
}

// Narrow returns elements start..start+length of x along dimension dim.
func (s *Scope) Narrow(x Tensor, dim, start, length int64) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgNarrow(p, x.c, dim, start, length)
	return s.got(p, "narrow", x)
}

// IndexSelect returns the slices of x along dimension dim that index, of
// int64 [n], names.
func (s *Scope) IndexSelect(x Tensor, dim int64, index Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgIndexSelect(p, x.c, dim, index.c)
	return s.got(p, "index_select", x, index)
}

// Gather picks, along dimension dim, the elements of x that index names; index
// has x's number of dimensions and the shape of the result.
func (s *Scope) Gather(x Tensor, dim int64, index Tensor) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgGather(p, x.c, dim, index.c, 0)
	return s.got(p, "gather", x, index)
}

// Cat joins tensors along the existing dimension dim.
func (s *Scope) Cat(dim int64, tensors ...Tensor) Tensor {
	if !s.given("cat", len(tensors)) {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgCat(p, ctensors(tensors), len(tensors), dim)
	return s.got(p, "cat", tensors...)
}

// Stack joins tensors of one shape along a new dimension dim.
func (s *Scope) Stack(dim int64, tensors ...Tensor) Tensor {
	if !s.given("stack", len(tensors)) {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgStack(p, ctensors(tensors), len(tensors), dim)
	return s.got(p, "stack", tensors...)
}

// ctensors views handles as gotch's type; a Tensor is nothing but one.
func ctensors(tensors []Tensor) []libtch.Ctensor {
	if len(tensors) == 0 {
		return nil
	}
	return unsafe.Slice((*libtch.Ctensor)(unsafe.Pointer(&tensors[0])), len(tensors))
}
