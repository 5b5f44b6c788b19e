package torch

// #include "shim.h"
import "C"

import (
	"fmt"

	"github.com/sugarme/gotch/libtch"
)

// AdamOptions are the settings of Adam and AdamW, PyTorch's names and meaning.
type AdamOptions struct {
	Beta1, Beta2 float64
	Eps          float64
	WeightDecay  float64
	Decoupled    bool    // AdamW: decay the weights instead of adding to the gradient
	ClipNorm     float64 // scale the gradients down to this total norm; 0 is off
}

// Adam is Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019),
// updated by one fused operation of LibTorch. Its state is in named tensors of
// our own: exp_avg, exp_avg_sq and step for every parameter.
type Adam struct {
	options AdamOptions
	params  []Parameter
	targets []Tensor
	expAvg  []Tensor
	expAvgS []Tensor
	steps   []Tensor
}

// NewAdam returns an optimizer of p's trainable parameters with zero state. It
// owns that state; p must outlive it.
func NewAdam(p *Parameters, options AdamOptions) (*Adam, error) {
	a := &Adam{options: options, params: p.Trainable()}
	a.targets = tensors(a.params)
	s := NewScope(p.device)
	defer s.Close()
	for _, t := range a.targets {
		shape := t.Shape()
		for _, state := range []*[]Tensor{&a.expAvg, &a.expAvgS} {
			if z := s.Zeros(shape...); s.err == nil {
				*state = append(*state, keep(z))
			}
		}
		if z := s.zeroScalar(); s.err == nil {
			a.steps = append(a.steps, keep(z))
		}
	}
	if s.err != nil {
		a.Close()
		return nil, fmt.Errorf("adam: %w", s.err)
	}
	return a, nil
}

// zeroScalar returns 0 as a float32 tensor without dimensions.
func (s *Scope) zeroScalar() Tensor { return s.Select(s.Zeros(1), 0, 0) }

// Close frees the state.
func (a *Adam) Close() {
	for _, group := range [][]Tensor{a.expAvg, a.expAvgS, a.steps} {
		for _, t := range group {
			t.free()
		}
	}
	a.expAvg, a.expAvgS, a.steps = nil, nil, nil
}

// State returns the state as named tensors, <parameter>.exp_avg,
// <parameter>.exp_avg_sq and <parameter>.step, in the parameters' order.
func (a *Adam) State() []Parameter {
	state := make([]Parameter, 0, 3*len(a.params))
	for i, q := range a.params {
		state = append(state,
			Parameter{Name: q.Name + ".exp_avg", Tensor: a.expAvg[i]},
			Parameter{Name: q.Name + ".exp_avg_sq", Tensor: a.expAvgS[i]},
			Parameter{Name: q.Name + ".step", Tensor: a.steps[i]})
	}
	return state
}

// ZeroGrad drops the gradients.
func (a *Adam) ZeroGrad(s *Scope) {
	if s.err != nil {
		return
	}
	s.check(message(C.absa_zero_grad(handles(a.targets), C.int(len(a.targets)))), "zero_grad")
}

// Step updates the parameters that have a gradient, at learning rate lr. norm
// is the total norm of the gradients, as Parameters.GradNorm returns it, and is
// used for clipping alone (Pascanu et al. 2013), as clip_grad_norm_ does.
func (a *Adam) Step(s *Scope, lr, norm float64) {
	if s.err != nil {
		return
	}
	n := C.int(len(a.targets))
	o := a.options
	if o.ClipNorm > 0 {
		if factor := o.ClipNorm / (norm + 1e-6); factor < 1 {
			s.check(message(C.absa_scale_grads(handles(a.targets), n, C.double(factor))), "clip gradients")
		}
	}
	s.check(message(C.absa_adam(handles(a.targets), handles(a.expAvg), handles(a.expAvgS), handles(a.steps), n,
		C.bool(o.Decoupled), C.double(lr), C.double(o.Beta1), C.double(o.Beta2), C.double(o.Eps), C.double(o.WeightDecay))), "adam")
}

// EMA is an exponential moving average of a model's trainable parameters
// (Polyak and Juditsky 1992): shadow ← decay·shadow + (1-decay)·parameter.
// The decay grows from 0 as (1+n)/(10+n) until it reaches its setting, so that
// the first average is not the initial weights.
type EMA struct {
	decay   float64
	updates int64
	params  []Parameter
	targets []Tensor
	shadow  []Tensor
}

// NewEMA returns an average that begins at p's present values. It owns the
// average; p must outlive it.
func NewEMA(p *Parameters, decay float64) (*EMA, error) {
	e := &EMA{decay: decay, params: p.Trainable()}
	e.targets = tensors(e.params)
	shadow, err := copies(p.device, e.targets)
	if err != nil {
		return nil, fmt.Errorf("moving average: %w", err)
	}
	e.shadow = shadow
	return e, nil
}

// Close frees the average.
func (e *EMA) Close() {
	for _, t := range e.shadow {
		t.free()
	}
	e.shadow = nil
}

// Update moves the average towards the parameters.
func (e *EMA) Update(s *Scope) {
	if s.err != nil {
		return
	}
	e.updates++
	decay := min(e.decay, float64(1+e.updates)/float64(10+e.updates))
	s.check(message(C.absa_lerp(handles(e.shadow), handles(e.targets), C.int(len(e.targets)), C.double(1-decay))), "moving average")
}

// State returns the average under the parameters' names, in their order.
func (e *EMA) State() []Parameter {
	state := make([]Parameter, len(e.params))
	for i, q := range e.params {
		state[i] = Parameter{Name: q.Name, Tensor: e.shadow[i]}
	}
	return state
}

// Updates is how often Update has moved the average; the warm-up of the decay
// goes by it.
func (e *EMA) Updates() int64 { return e.updates }

// SetUpdates restores what Updates returned.
func (e *EMA) SetUpdates(n int64) { e.updates = n }

// Swap exchanges the parameters with the average: once to evaluate the average,
// once more to train on.
func (e *EMA) Swap() error {
	if err := message(C.absa_swap_data(handles(e.targets), handles(e.shadow), C.int(len(e.targets)))); err != nil {
		return fmt.Errorf("swap moving average: %w", err)
	}
	return nil
}

// copies returns tensors of their own memory with the values of originals.
func copies(device Device, originals []Tensor) ([]Tensor, error) {
	s := NewInferenceScope(device)
	defer s.Close()
	out := make([]Tensor, 0, len(originals))
	for _, t := range originals {
		c := s.Zeros(t.Shape()...)
		if s.err == nil {
			libtch.AtCopy_(c.c, t.c)
			s.check(lastError(), "copy", t)
		}
		if s.err != nil {
			for _, o := range out {
				o.free()
			}
			return nil, s.err
		}
		out = append(out, keep(c))
	}
	return out, nil
}
