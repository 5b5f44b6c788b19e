package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Parameter is a named tensor of a model.
type Parameter struct {
	Name      string
	Tensor    Tensor
	Trainable bool
}

// Parameters are the tensors of a model in the order they were made, which is
// the order of every file, optimizer and sum over them. It owns them.
//
// Initial values depend on (seed, name) alone: adding an aspect leaves the
// other heads as they were.
type Parameters struct {
	device Device
	seed   uint64
	list   []Parameter
	byName map[string]int
	err    error
}

// NewParameters returns an empty set on device. Like a Scope it keeps its first
// error, see Err.
func NewParameters(device Device, seed uint64) *Parameters {
	return &Parameters{device: device, seed: seed, byName: map[string]int{}}
}

// Err returns the first error of a constructor.
func (p *Parameters) Err() error { return p.err }

// Close frees the tensors.
func (p *Parameters) Close() {
	for _, q := range p.list {
		q.Tensor.free()
	}
	p.list, p.byName = nil, nil
}

// All returns the parameters in order.
func (p *Parameters) All() []Parameter { return p.list }

// Device returns where the parameters are.
func (p *Parameters) Device() Device { return p.device }

// Trainable returns the tensors that an optimizer updates, in order.
func (p *Parameters) Trainable() []Parameter {
	var out []Parameter
	for _, q := range p.list {
		if q.Trainable {
			out = append(out, q)
		}
	}
	return out
}

// Elements returns the number of trainable and of all values.
func (p *Parameters) Elements() (trainable, all int64) {
	for _, q := range p.list {
		n := q.Tensor.Elements()
		all += n
		if q.Trainable {
			trainable += n
		}
	}
	return trainable, all
}

// Lookup returns the parameter of that name.
func (p *Parameters) Lookup(name string) (Parameter, bool) {
	i, ok := p.byName[name]
	if !ok {
		return Parameter{}, false
	}
	return p.list[i], true
}

// Uniform makes a parameter with values from U(-bound, bound).
func (p *Parameters) Uniform(name string, bound float64, shape ...int64) Tensor {
	return p.add(name, true, shape, func(out *libtch.Ctensor, x libtch.Ctensor) {
		libtch.AtgUniform_(out, x, -bound, bound)
	})
}

// Normal makes a parameter with values from N(0, deviation²); an embedding of
// PyTorch has deviation 1.
func (p *Parameters) Normal(name string, deviation float64, shape ...int64) Tensor {
	return p.add(name, true, shape, func(out *libtch.Ctensor, x libtch.Ctensor) {
		libtch.AtgNormal_(out, x, 0, deviation)
	})
}

// Values makes a parameter of given values, in row-major order.
func (p *Parameters) Values(name string, trainable bool, values []float32, shape ...int64) Tensor {
	t := p.add(name, trainable, shape, nil)
	if p.err == nil {
		if err := write(t, values); err != nil {
			p.err = fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return t
}

// Zeros makes a parameter of zeros.
func (p *Parameters) Zeros(name string, shape ...int64) Tensor {
	return p.add(name, true, shape, nil)
}

// Affine holds the parameters of a linear layer.
type Affine struct{ Weight, Bias Tensor } // [out,in], [out] or undefined

// Linear makes name.weight [out,in] and name.bias [out] with PyTorch's
// initialisation: Kaiming-uniform with a = √5 (He et al. 2015), which is
// U(±1/√in) for both.
func (p *Parameters) Linear(name string, in, out int64) Affine {
	bound := 1 / math.Sqrt(float64(in))
	return Affine{
		Weight: p.Uniform(name+".weight", bound, out, in),
		Bias:   p.Uniform(name+".bias", bound, out),
	}
}

// LinearWithoutBias makes name.weight [out,in] as Linear does.
func (p *Parameters) LinearWithoutBias(name string, in, out int64) Tensor {
	return p.Uniform(name+".weight", 1/math.Sqrt(float64(in)), out, in)
}

// LSTM makes the weights of a bidirectional LSTM under PyTorch's names, drawn
// from U(±1/√H).
func (p *Parameters) LSTM(name string, in, hidden, layers int64, dropout float64) *LSTM {
	l := &LSTM{Hidden: hidden, Layers: layers, Dropout: dropout}
	bound := 1 / math.Sqrt(float64(hidden))
	for layer := range layers {
		for _, direction := range []string{"", "_reverse"} {
			suffix := fmt.Sprintf("_l%d%s", layer, direction)
			l.Weights = append(l.Weights,
				p.Uniform(name+".weight_ih"+suffix, bound, 4*hidden, in),
				p.Uniform(name+".weight_hh"+suffix, bound, 4*hidden, hidden),
				p.Uniform(name+".bias_ih"+suffix, bound, 4*hidden),
				p.Uniform(name+".bias_hh"+suffix, bound, 4*hidden))
		}
		in = 2 * hidden
	}
	return l
}

// add makes a parameter on the host, fills it there, so that initial values are
// the same on every device, and moves it.
func (p *Parameters) add(name string, trainable bool, shape []int64, fill func(out *libtch.Ctensor, x libtch.Ctensor)) Tensor {
	if p.err != nil {
		return Tensor{}
	}
	if _, ok := p.byName[name]; ok {
		p.err = fmt.Errorf("parameter %s: the name is taken", name)
		return Tensor{}
	}
	t, err := p.make(name, trainable, shape, fill)
	if err != nil {
		p.err = fmt.Errorf("parameter %s: %w", name, err)
		return Tensor{}
	}
	p.byName[name] = len(p.list)
	p.list = append(p.list, Parameter{Name: name, Tensor: t, Trainable: trainable})
	return t
}

func (p *Parameters) make(name string, trainable bool, shape []int64, fill func(out *libtch.Ctensor, x libtch.Ctensor)) (Tensor, error) {
	s := NewScope(CPU)
	defer s.Close()
	x := s.Zeros(shape...)
	if fill != nil {
		if err := Seed(MixName(p.seed, name)); err != nil {
			return Tensor{}, err
		}
		x = s.unary("fill", fill, x)
	}
	if !p.device.IsCPU() {
		x = s.unary("to "+p.device.String(), func(out *libtch.Ctensor, x libtch.Ctensor) {
			libtch.AtgTo(out, x, p.device.index())
		}, x)
	}
	x = s.unary("set_requires_grad", func(out *libtch.Ctensor, x libtch.Ctensor) {
		r := int32(0)
		if trainable {
			r = 1
		}
		libtch.AtgSetRequiresGrad(out, x, r)
	}, x)
	if s.err != nil {
		return Tensor{}, s.err
	}
	return keep(x), nil
}

// keep returns a handle to the same tensor that no scope owns.
func keep(t Tensor) Tensor {
	live.Add(1)
	return Tensor{libtch.AtShallowClone(t.c)}
}

// Float32s copies a parameter's values to the host.
func (q Parameter) Float32s() ([]float32, error) {
	v, err := read[float32](q.Tensor)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", q.Name, err)
	}
	return v, nil
}

// SetFloat32s overwrites a parameter's values.
func (q Parameter) SetFloat32s(values []float32) error {
	if err := write(q.Tensor, values); err != nil {
		return fmt.Errorf("parameter %s: %w", q.Name, err)
	}
	return nil
}

// SetRows overwrites rows [n,D] of a parameter [V,D], from row first on.
func (q Parameter) SetRows(first int64, rows []float32) error {
	shape := q.Tensor.Shape()
	if len(shape) != 2 || shape[1] == 0 {
		return fmt.Errorf("parameter %s: %s has no rows", q.Name, q.Tensor.describe())
	}
	s := NewScope(CPU)
	defer s.Close()
	part := s.Narrow(q.Tensor, 0, first, int64(len(rows))/shape[1])
	if err := s.Err(); err != nil {
		return fmt.Errorf("parameter %s: %w", q.Name, err)
	}
	return Parameter{Name: q.Name, Tensor: part}.SetFloat32s(rows)
}

// Size returns the bytes of a parameter's values.
func (q Parameter) Size() int64 { return 4 * q.Tensor.Elements() }

// CopyTo copies a parameter's float32 values to the host as they lie in memory,
// row by row and little-endian; host has room for Size bytes.
func (q Parameter) CopyTo(host []byte) error {
	if got, want := q.Tensor.Kind(), Float32; got != want {
		return fmt.Errorf("parameter %s: it holds %v, want %v", q.Name, got, want)
	}
	n := q.Tensor.Elements()
	if got, want := int64(len(host)), 4*n; got != want {
		return fmt.Errorf("parameter %s: got room for %d bytes, want %d", q.Name, got, want)
	}
	if n == 0 {
		return nil
	}
	libtch.AtCopyData(q.Tensor.c, unsafe.Pointer(&host[0]), uint(n), 4)
	if err := lastError(); err != nil {
		return fmt.Errorf("parameter %s: %w", q.Name, err)
	}
	return nil
}

// CopyFrom is the way back: it overwrites a parameter with what CopyTo wrote.
func (q Parameter) CopyFrom(host []byte) error {
	if got, want := int64(len(host)), q.Size(); got != want {
		return fmt.Errorf("parameter %s: got %d bytes, want %d for %s", q.Name, got, want, q.Tensor.describe())
	}
	if len(host) == 0 {
		return nil
	}
	if err := message(C.absa_copy_from_host(C.absa_tensor(q.Tensor.c), unsafe.Pointer(&host[0]), C.int64_t(len(host)))); err != nil {
		return fmt.Errorf("parameter %s: %w", q.Name, err)
	}
	return nil
}

// tensors returns the handles of parameters.
func tensors(list []Parameter) []Tensor {
	out := make([]Tensor, len(list))
	for i, q := range list {
		out[i] = q.Tensor
	}
	return out
}

// LargestGrad returns the parameter with the largest absolute gradient, and
// that; a gradient that is not finite counts as the largest.
func (p *Parameters) LargestGrad() (name string, value float64, err error) {
	list := p.Trainable()
	if len(list) == 0 {
		return "", 0, nil
	}
	t := tensors(list)
	most := make([]C.double, len(t))
	if err := message(C.absa_grad_max(handles(t), C.int(len(t)), &most[0])); err != nil {
		return "", 0, fmt.Errorf("largest gradient: %w", err)
	}
	for i, m := range most {
		v := float64(m)
		if v > value || math.IsNaN(v) || name == "" {
			name, value = list[i].Name, v
		}
		if math.IsNaN(v) {
			break
		}
	}
	return name, value, nil
}
