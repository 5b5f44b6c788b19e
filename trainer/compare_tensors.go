package trainer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"absa/internal/safetensors"
)

// TensorDifference is how a tensor of the same name differs. Where only one has
// it, or they have other shapes, the values are not compared.
type TensorDifference struct {
	Part     string  `json:"part"` // file
	Name     string  `json:"name"`
	A        string  `json:"a"` // dtype and shape, none where it lacks the tensor
	B        string  `json:"b"`
	Values   int64   `json:"values"`           // elements; 0 where they are not compared
	Differ   int64   `json:"differ"`           // of which so many differ in a bit
	Absolute float64 `json:"largest_absolute"` // largest |a - b|
	Relative float64 `json:"largest_relative"` // largest |a - b| / max(|a|, |b|)
	Infinite int64   `json:"not_finite"`       // pairs with infinity or not-a-number, which have neither
}

// Compared says whether the values could be compared.
func (d TensorDifference) Compared() bool { return d.A == d.B }

// tensors compares two files of tensors, a tensor at a time.
func (c *Comparison) tensors(part, pathA, pathB string) error {
	a, err := safetensors.Open(pathA)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := safetensors.Open(pathB)
	if err != nil {
		return err
	}
	defer b.Close()
	names := slices.Concat(a.Names(), slices.DeleteFunc(b.Names(), a.Has))
	for _, name := range names {
		d := TensorDifference{Part: part, Name: name, A: form(a, name), B: form(b, name)}
		if !d.Compared() {
			c.Tensors = append(c.Tensors, d)
			continue
		}
		x, err := a.Tensor(name)
		if err != nil {
			return err
		}
		y, err := b.Tensor(name)
		if err != nil {
			return err
		}
		if bytes.Equal(x.Data, y.Data) {
			c.Equal++
			continue
		}
		d.values(x, y)
		c.Tensors = append(c.Tensors, d)
	}
	return nil
}

func form(f *safetensors.File, name string) string {
	dtype, shape, err := f.Shape(name)
	if err != nil {
		return nothing
	}
	return fmt.Sprintf("%s %v", dtype, shape)
}

// values compares tensors of one form. Distances are those of F32.
func (d *TensorDifference) values(x, y safetensors.Tensor) {
	size := int(x.DType.Size())
	d.Values = int64(len(x.Data) / size)
	for i := 0; i < len(x.Data); i += size {
		p, q := x.Data[i:i+size], y.Data[i:i+size]
		if bytes.Equal(p, q) {
			continue
		}
		d.Differ++
		if x.DType != safetensors.F32 {
			continue
		}
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(p)))
		w := float64(math.Float32frombits(binary.LittleEndian.Uint32(q)))
		if !finite(v) || !finite(w) {
			d.Infinite++
			continue
		}
		distance := math.Abs(v - w)
		d.Absolute = max(d.Absolute, distance)
		if distance > 0 { // 0 and -0 differ in a bit
			d.Relative = max(d.Relative, distance/max(math.Abs(v), math.Abs(w)))
		}
	}
}
