package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

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

// Adam is Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019). Its
// state is in named tensors of our own: exp_avg, exp_avg_sq and step for every
// parameter. Parameters, moments and averages lie in one buffer each.
type Adam struct {
	options AdamOptions
	params  []Parameter
	targets []Tensor
	expAvg  []Tensor
	expAvgS []Tensor
	steps   []Tensor
}

// NewAdam returns an optimizer of p's trainable parameters with zero state, and
// moves their values into one buffer. It owns the state; p must outlive it.
func NewAdam(p *Parameters, options AdamOptions) (*Adam, error) {
	a := &Adam{options: options, params: p.Trainable()}
	a.targets = tensors(a.params)
	err := message(C.absa_flatten(handles(a.targets), C.int(len(a.targets))))
	for _, state := range []struct {
		to      *[]Tensor
		scalars bool
	}{{&a.expAvg, false}, {&a.expAvgS, false}, {&a.steps, true}} {
		if err == nil {
			*state.to, err = flat(a.targets, state.scalars)
		}
	}
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("adam: %w", err)
	}
	return a, nil
}

// flat returns zeros in one buffer, of the shapes of like, or scalars. The caller
// owns them.
func flat(like []Tensor, scalars bool) ([]Tensor, error) {
	out := make([]Tensor, len(like))
	if err := message(C.absa_flat(handles(like), C.int(len(like)), C.bool(scalars), handles(out))); err != nil {
		return nil, err
	}
	live.Add(int64(len(out)))
	return out, nil
}

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

// GradNorm returns the Euclidean norm of all gradients taken as one vector, a
// float64 scalar. On the CPU it does not depend on the number of threads.
func (a *Adam) GradNorm(s *Scope) Tensor {
	if s.err != nil {
		return Tensor{}
	}
	p := s.out(1)
	if err := message(C.absa_grad_norm(handles(a.targets), C.int(len(a.targets)), (*C.absa_tensor)(unsafe.Pointer(p)))); err != nil {
		s.check(err, "gradient norm")
		return Tensor{}
	}
	return s.got(p, "gradient norm")
}

// ZeroGrad drops the gradients.
func (a *Adam) ZeroGrad(s *Scope) {
	if s.err != nil {
		return
	}
	s.check(message(C.absa_zero_grad(handles(a.targets), C.int(len(a.targets)))), "zero_grad")
}

// Step updates the parameters that have a gradient, at learning rate lr, drops
// the gradients, and moves average, which may be nil, towards the new values.
// norm is the value of GradNorm and is used for clipping alone (Pascanu et al.
// 2013), as clip_grad_norm_ does. All of it is one pass over memory.
func (a *Adam) Step(s *Scope, lr, norm float64, average *EMA) {
	if s.err != nil {
		return
	}
	o := a.options
	settings := C.absa_adam_settings{
		decoupled: C.bool(o.Decoupled), lr: C.double(lr), beta1: C.double(o.Beta1), beta2: C.double(o.Beta2),
		eps: C.double(o.Eps), decay: C.double(o.WeightDecay), scale: 1,
	}
	if o.ClipNorm > 0 {
		settings.scale = C.double(min(1, o.ClipNorm/(norm+1e-6)))
	}
	var shadow *C.absa_tensor
	if average != nil {
		shadow, settings.weight = handles(average.shadow), C.double(average.next())
	}
	s.check(message(C.absa_adam(handles(a.targets), handles(a.expAvg), handles(a.expAvgS), handles(a.steps), shadow, C.int(len(a.targets)), &settings)), "adam")
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

// NewEMA returns an average that begins at p's present values and that Adam.Step
// moves. It owns the average; p must outlive it.
func NewEMA(p *Parameters, decay float64) (*EMA, error) {
	e := &EMA{decay: decay, params: p.Trainable()}
	e.targets = tensors(e.params)
	shadow, err := copies(e.targets)
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

// next counts an update and returns the weight of the parameters in it.
func (e *EMA) next() float64 {
	e.updates++
	return 1 - min(e.decay, float64(1+e.updates)/float64(10+e.updates))
}

// State returns the average under the parameters' names, in their order.
func (e *EMA) State() []Parameter {
	state := make([]Parameter, len(e.params))
	for i, q := range e.params {
		state[i] = Parameter{Name: q.Name, Tensor: e.shadow[i]}
	}
	return state
}

// Updates is how often Adam.Step has moved the average; the warm-up of the decay
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

// copies returns the values of originals in a buffer of their own.
func copies(originals []Tensor) ([]Tensor, error) {
	out, err := flat(originals, false)
	if err != nil {
		return nil, err
	}
	for i, t := range originals {
		libtch.AtCopy_(out[i].c, t.c)
		if err := lastError(); err != nil {
			for _, o := range out {
				o.free()
			}
			return nil, err
		}
	}
	return out, nil
}
