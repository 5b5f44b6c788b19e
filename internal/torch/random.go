package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"hash/fnv"

	"github.com/sugarme/gotch/libtch"
)

// Seed sets the state of the random generators of all devices. Randomness is a
// function of what is passed here: the caller seeds every step with a number
// derived from (seed, step), see Mix, so that no hidden state has to be saved.
func Seed(seed uint64) error {
	if err := message(C.absa_seed(C.uint64_t(seed))); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// Mix derives a seed from several numbers, so that neighbouring steps of
// neighbouring seeds get unrelated streams (the finalizer of SplitMix64;
// Steele, Lea and Flood 2014).
func Mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h += p + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// MixName is Mix with a name in place of the second number.
func MixName(seed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return Mix(seed, h.Sum64())
}

// RandomState returns the state of d's random generator, opaque bytes.
func RandomState(d Device) ([]byte, error) {
	var c libtch.Ctensor
	if err := message(C.absa_rng_state(C.int(d.index()), (*C.absa_tensor)(&c))); err != nil {
		return nil, fmt.Errorf("random state of %v: %w", d, err)
	}
	t := Tensor{c}
	live.Add(1)
	defer t.free()
	return read[uint8](t)
}

// SetRandomState restores a state that RandomState returned for d.
func SetRandomState(d Device, state []byte) error {
	s := NewScope(CPU)
	defer s.Close()
	t := NewHost(s, state, int64(len(state)))
	if s.err != nil {
		return fmt.Errorf("set random state of %v: %w", d, s.err)
	}
	if err := message(C.absa_set_rng_state(C.int(d.index()), C.absa_tensor(t.c))); err != nil {
		return fmt.Errorf("set random state of %v: %w", d, err)
	}
	return nil
}
