package trainer

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// image is a copy in host memory of a run's tensors at one step. Training goes
// on while it is being written. Its memory is made once and used for every save.
type image struct {
	model     []copied // what evaluation reads: the moving average, if there is one
	optimizer []copied // auxiliary heads, moments, and the weights that are trained behind an average
}

// copied is a tensor and where its copy goes.
type copied struct {
	from torch.Parameter
	to   safetensors.Tensor
}

// weightsSuffix names, in optimizer.safetensors, the weights behind an average.
const weightsSuffix = ".weights"

// newImage lays out the memory for the tensors of a run; ema may be nil.
func newImage(parameters *torch.Parameters, adam *torch.Adam, ema *torch.EMA) *image {
	m := &image{}
	averages := map[string]torch.Parameter{}
	if ema != nil {
		for _, q := range ema.State() {
			averages[q.Name] = q
		}
	}
	for _, q := range parameters.All() {
		list := &m.model
		if models.IsAuxiliary(q.Name) { // no evaluation reads it
			list = &m.optimizer
		}
		from := q
		if average, ok := averages[q.Name]; ok {
			from = average
		}
		*list = append(*list, room(from, q.Name))
	}
	for _, q := range adam.State() {
		m.optimizer = append(m.optimizer, room(q, q.Name))
	}
	if ema != nil {
		for _, q := range parameters.Trainable() {
			m.optimizer = append(m.optimizer, room(q, q.Name+weightsSuffix))
		}
	}
	return m
}

func room(q torch.Parameter, name string) copied {
	return copied{from: q, to: safetensors.Tensor{
		Name: name, DType: safetensors.F32, Shape: q.Tensor.Shape(), Data: make([]byte, q.Size()),
	}}
}

// take copies the tensors as they are now. It waits for the device.
func (m *image) take() error {
	for _, list := range [][]copied{m.model, m.optimizer} {
		for _, c := range list {
			if err := c.from.CopyTo(c.to.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// restore sets the run's tensors to those of a checkpoint.
func (m *image) restore(c *checkpoint.Checkpoint) error {
	for _, part := range []struct {
		name string
		list []copied
	}{{WeightsFile, m.model}, {OptimizerFile, m.optimizer}} {
		if err := readTensors(c.Path(part.name), part.list); err != nil {
			return err
		}
	}
	return nil
}

// readTensors fills tensors from a file that must hold exactly them.
func readTensors(path string, list []copied) error {
	file, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, c := range list {
		x, err := file.Tensor(c.to.Name)
		if err != nil {
			return err
		}
		if x.DType != c.to.DType || !slices.Equal(x.Shape, c.to.Shape) {
			return fmt.Errorf("%s: tensor %q is %s %v, want %s %v", path, x.Name, x.DType, x.Shape, c.to.DType, c.to.Shape)
		}
		if err := c.from.CopyFrom(x.Data); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if got, want := len(file.Names()), len(list); got != want {
		return fmt.Errorf("%s: it holds %d tensors, the run has %d", path, got, want)
	}
	return nil
}

// weights copies the parameters that a model answers by to memory of their own.
func weights(parameters *torch.Parameters) ([]safetensors.Tensor, error) {
	list := make([]safetensors.Tensor, 0, len(parameters.All()))
	for _, q := range parameters.All() {
		if models.IsAuxiliary(q.Name) {
			continue
		}
		c := room(q, q.Name)
		if err := q.CopyTo(c.to.Data); err != nil {
			return nil, err
		}
		list = append(list, c.to)
	}
	return list, nil
}

// elements is how many values they have.
func elements(parameters *torch.Parameters) (n int64) {
	for _, q := range parameters.All() {
		if !models.IsAuxiliary(q.Name) {
			n += q.Tensor.Elements()
		}
	}
	return n
}

// setWeights is the way back from weights.
func setWeights(parameters *torch.Parameters, list []safetensors.Tensor) error {
	for _, x := range list {
		q, ok := parameters.Lookup(x.Name)
		if !ok {
			return fmt.Errorf("tensor %q is no part of the model", x.Name)
		}
		if err := q.CopyFrom(x.Data); err != nil {
			return err
		}
	}
	return nil
}

func targets(list []copied) []safetensors.Tensor {
	out := make([]safetensors.Tensor, len(list))
	for i, c := range list {
		out[i] = c.to
	}
	return out
}

// checkFinite refuses weights that hold infinity or not-a-number: an update can
// overflow after a loss that did not.
func checkFinite(list []safetensors.Tensor) error {
	const exponent = 0x7f800000 // all ones in infinity and NaN
	for _, x := range list {
		for i := 0; i+4 <= len(x.Data); i += 4 {
			if bits := binary.LittleEndian.Uint32(x.Data[i:]); bits&exponent == exponent {
				return fmt.Errorf("save weights: %s holds %g, so none are saved; %s", x.Name, math.Float32frombits(bits), tamer)
			}
		}
	}
	return nil
}
