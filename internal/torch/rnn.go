package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Packed is a batch of sequences without padding: the tokens of the first step
// of all sequences, then of the second step of those that have one, and so on.
// The sequences are ordered by length, longest first.
type Packed struct {
	Data       Tensor // [N,..] over the N tokens of the batch
	BatchSizes Tensor // int64 [T] on the host: sequences that reach each step
}

// Pack leaves the padding out of x [B,T,..]; lengths is int64 [B] on the host,
// descending, each at least 1.
func (s *Scope) Pack(x, lengths Tensor) Packed {
	if s.err != nil {
		return Packed{}
	}
	p := s.out(2)
	libtch.Atg_PackPaddedSequence(p, x.c, lengths.c, 1)
	data, sizes := s.got2(p, "pack_padded_sequence", x, lengths)
	return Packed{Data: data, BatchSizes: sizes}
}

// Pad puts the padding back, as zeros: [B,T,..].
func (s *Scope) Pad(packed Packed) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	zero := libtch.AtsFloat(0)
	defer libtch.AtsFree(zero)
	p := s.out(2)
	libtch.Atg_PadPackedSequence(p, packed.Data.c, packed.BatchSizes.c, 1, zero, 0)
	x, _ := s.got2(p, "pad_packed_sequence", packed.Data, packed.BatchSizes)
	return x
}

// LSTM is a stacked bidirectional LSTM with H units per direction.
type LSTM struct {
	Hidden  int64
	Layers  int64
	Dropout float64 // between layers, in training scopes

	// ATen takes LibTorch's own LSTM on the CPU too, the reference that the
	// fused one of lstm.cpp is several times faster than. Both draw the same
	// dropout after the same seed. On CUDA it is always LibTorch's, which is
	// cuDNN's.
	ATen bool

	// Weights hold, for each layer, forward then reverse direction, the
	// matrices [4H,in] and [4H,H] and the biases [4H] and [4H], as PyTorch
	// orders them.
	Weights []Tensor
}

// Forward maps packed tokens [N,in] to the states of both directions [N,2H],
// from zero states; it also returns the last state of every layer and direction,
// [2·layers,B,H].
func (l *LSTM) Forward(s *Scope, x Packed, batch int64) (Packed, Tensor) {
	if s.err != nil {
		return Packed{}, Tensor{}
	}
	var zeros Tensor
	if l.aten(s) { // the fused one makes its own
		zeros = s.Zeros(2*l.Layers, batch, l.Hidden)
	}
	y, h, _ := l.ForwardFrom(s, x, zeros, zeros)
	return y, h
}

// ForwardFrom is Forward from given states and cells, [2·layers,B,H] each, and
// returns the last cells too.
func (l *LSTM) ForwardFrom(s *Scope, x Packed, h, c Tensor) (Packed, Tensor, Tensor) {
	if s.err != nil {
		return Packed{}, Tensor{}, Tensor{}
	}
	if got, want := len(l.Weights), int(8*l.Layers); got != want {
		s.Fail(fmt.Errorf("lstm: got %d weights, want %d", got, want))
		return Packed{}, Tensor{}, Tensor{}
	}
	p := s.out(3)
	if l.aten(s) {
		libtch.AtgLstmData(p, x.Data.c, x.BatchSizes.c, []libtch.Ctensor{h.c, c.c}, 2,
			ctensors(l.Weights), len(l.Weights), 1, l.Layers, l.Dropout, flag(!s.inference), 1)
	} else {
		dropout := l.Dropout
		if s.inference {
			dropout = 0
		}
		err := message(C.absa_lstm(C.absa_tensor(x.Data.c), C.absa_tensor(x.BatchSizes.c),
			C.absa_tensor(h.c), C.absa_tensor(c.c), handles(l.Weights), C.int64_t(l.Layers),
			C.int64_t(l.Hidden), C.double(dropout), (*C.absa_tensor)(unsafe.Pointer(p))))
		if err != nil {
			s.check(err, "lstm", x.Data, x.BatchSizes)
			return Packed{}, Tensor{}, Tensor{}
		}
	}
	y, last, cells := s.got3(p, "lstm", x.Data, x.BatchSizes)
	return Packed{Data: y, BatchSizes: x.BatchSizes}, last, cells
}

func (l *LSTM) aten(s *Scope) bool { return l.ATen || !s.device.IsCPU() }

func flag(on bool) int32 {
	if on {
		return 1
	}
	return 0
}

// LSTMKernels names the instruction set that the fused LSTM runs with: portable,
// avx2 or avx512, the best one that the processor has.
func LSTMKernels() string { return C.GoString(C.absa_lstm_variant()) }

// UseLSTMKernels takes those of the given name, or the best ones for "".
func UseLSTMKernels(name string) error {
	var c *C.char
	if name != "" {
		c = C.CString(name)
		defer C.free(unsafe.Pointer(c))
	}
	if !C.absa_lstm_use(c) {
		return fmt.Errorf("lstm: no kernels %q on this processor", name)
	}
	return nil
}

// BFloat16 names the instructions that the processor has for products in bfloat16:
// amx or avx512bf16, "" for none.
func BFloat16() string { return C.GoString(C.absa_bfloat16()) }

// UseBFloat16 takes the large products of the fused LSTM, those of the inputs and
// of the gradients, in bfloat16: operands are rounded to it, sums and everything
// else stay float32. name is one of [BFloat16] or portable, which computes the
// same slowly on any processor; "" takes float32 again.
func UseBFloat16(name string) error {
	var c *C.char
	if name != "" {
		c = C.CString(name)
		defer C.free(unsafe.Pointer(c))
	}
	if !C.absa_use_bfloat16(c) {
		return fmt.Errorf("lstm: no products %q in bfloat16 on this processor", name)
	}
	return nil
}

// Zeros returns a float32 tensor of zeros on the scope's device.
func (s *Scope) Zeros(shape ...int64) Tensor {
	if !s.given("zeros", len(shape)) {
		return Tensor{}
	}
	p := s.out(1)
	libtch.AtgZeros(p, shape, len(shape), int32(Float32), s.device.index())
	return s.got(p, "zeros")
}
