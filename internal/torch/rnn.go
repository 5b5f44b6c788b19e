package torch

import (
	"fmt"

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

	// Weights hold, for each layer, forward then reverse direction, the
	// matrices [4H,in] and [4H,H] and the biases [4H] and [4H], as PyTorch
	// orders them.
	Weights []Tensor
}

// Forward maps packed tokens [N,in] to the states of both directions [N,2H]; it
// also returns the last state of every layer and direction, [2·layers,B,H].
func (l *LSTM) Forward(s *Scope, x Packed, batch int64) (Packed, Tensor) {
	if s.err != nil {
		return Packed{}, Tensor{}
	}
	if got, want := len(l.Weights), int(8*l.Layers); got != want {
		s.Fail(fmt.Errorf("lstm: got %d weights, want %d", got, want))
		return Packed{}, Tensor{}
	}
	zeros := s.Zeros(2*l.Layers, batch, l.Hidden)
	if s.err != nil {
		return Packed{}, Tensor{}
	}
	train := int32(1)
	if s.inference {
		train = 0
	}
	p := s.out(3)
	libtch.AtgLstmData(p, x.Data.c, x.BatchSizes.c, []libtch.Ctensor{zeros.c, zeros.c}, 2,
		ctensors(l.Weights), len(l.Weights), 1, l.Layers, l.Dropout, train, 1)
	y, h, _ := s.got3(p, "lstm", x.Data, x.BatchSizes)
	return Packed{Data: y, BatchSizes: x.BatchSizes}, h
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
