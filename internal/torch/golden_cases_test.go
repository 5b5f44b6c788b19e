package torch

import (
	"fmt"
	"math"
)

// goldenCases are the cases of testdata/ops.safetensors, with the operation of
// this package that each one is the answer for. reference/golden_ops.py has
// them in PyTorch. Every operation has to be called here: TestEveryOpHasAGolden
// reads this file.
var goldenCases = []struct {
	name string
	// run returns the output that is differentiated, then further ones in the
	// order of their names.
	run     func(s *Scope, in inputs) []Tensor
	further []string
}{
	{name: "add", run: func(s *Scope, in inputs) []Tensor { return one(s.Add(in["a"], in["b"])) }},
	{name: "add_broadcast", run: func(s *Scope, in inputs) []Tensor { return one(s.Add(in["a"], in["b"])) }},
	{name: "mul", run: func(s *Scope, in inputs) []Tensor { return one(s.Mul(in["a"], in["b"])) }},
	{name: "mul_broadcast", run: func(s *Scope, in inputs) []Tensor { return one(s.Mul(in["a"], in["b"])) }},
	{name: "div", run: func(s *Scope, in inputs) []Tensor { return one(s.Div(in["a"], in["b"])) }},
	{name: "scale", run: func(s *Scope, in inputs) []Tensor { return one(s.Scale(in["x"], 0.3)) }},
	{name: "matmul", run: func(s *Scope, in inputs) []Tensor { return one(s.Matmul(in["a"], in["b"])) }},
	{name: "tanh", run: func(s *Scope, in inputs) []Tensor { return one(s.Tanh(in["x"])) }},
	{name: "sigmoid", run: func(s *Scope, in inputs) []Tensor { return one(s.Sigmoid(in["x"])) }},
	{name: "logaddexp", run: func(s *Scope, in inputs) []Tensor { return one(s.LogAddExp(in["a"], in["b"])) }},
	{name: "sum", run: func(s *Scope, in inputs) []Tensor { return one(s.SumDim(in["x"], 1)) }},
	{name: "sum_all", run: func(s *Scope, in inputs) []Tensor { return one(s.Sum(in["x"])) }},
	{name: "max", further: []string{"indices"}, run: func(s *Scope, in inputs) []Tensor {
		return []Tensor{s.Max(in["x"], 1), s.Argmax(in["x"], 1)}
	}},
	{name: "cat", run: func(s *Scope, in inputs) []Tensor { return one(s.Cat(1, in["a"], in["b"])) }},
	{name: "stack", run: func(s *Scope, in inputs) []Tensor { return one(s.Stack(1, in["a"], in["b"])) }},
	{name: "gather", run: func(s *Scope, in inputs) []Tensor { return one(s.Gather(in["x"], 1, in["index"])) }},
	{name: "index_select", run: func(s *Scope, in inputs) []Tensor { return one(s.IndexSelect(in["x"], 1, in["index"])) }},
	{name: "select", run: func(s *Scope, in inputs) []Tensor { return one(s.Select(in["x"], 1, -1)) }},
	{name: "narrow", run: func(s *Scope, in inputs) []Tensor { return one(s.Narrow(in["x"], 1, 1, 2)) }},
	{name: "transpose", run: func(s *Scope, in inputs) []Tensor { return one(s.Transpose(in["x"], 1, 2)) }},
	{name: "reshape", run: func(s *Scope, in inputs) []Tensor { return one(s.Reshape(in["x"], 2, -1)) }},
	{name: "expand", run: func(s *Scope, in inputs) []Tensor { return one(s.Expand(in["x"], 3, 2, 4)) }},
	{name: "unsqueeze", run: func(s *Scope, in inputs) []Tensor { return one(s.Unsqueeze(in["x"], 1)) }},
	{name: "squeeze", run: func(s *Scope, in inputs) []Tensor { return one(s.Squeeze(in["x"], 1)) }},
	{name: "masked_fill", run: func(s *Scope, in inputs) []Tensor { return one(s.MaskedFill(in["x"], in["mask"], -2.5)) }},
	{name: "linear", run: func(s *Scope, in inputs) []Tensor { return one(s.Linear(in["x"], in["w"], in["b"])) }},
	{name: "linear_no_bias", run: func(s *Scope, in inputs) []Tensor { return one(s.Linear(in["x"], in["w"], Tensor{})) }},
	{name: "embedding", run: func(s *Scope, in inputs) []Tensor { return one(s.Embedding(in["w"], in["ids"])) }},
	{name: "embedding_bag", run: func(s *Scope, in inputs) []Tensor { return one(s.EmbeddingBag(in["w"], in["ids"], in["bounds"])) }},
	{name: "softmax", run: func(s *Scope, in inputs) []Tensor { return one(s.Softmax(in["x"], 1)) }},
	{name: "log_softmax", run: func(s *Scope, in inputs) []Tensor { return one(s.LogSoftmax(in["x"], -1)) }},
	{name: "masked_softmax", run: func(s *Scope, in inputs) []Tensor {
		return one(s.Softmax(s.MaskedFill(in["x"], s.Not(in["valid"]), math.Inf(-1)), -1))
	}},
	{name: "attention", run: func(s *Scope, in inputs) []Tensor {
		return one(s.Attention(in["q"], in["k"], in["v"], in["mask"]))
	}},
	{name: "attention_full_mask", run: func(s *Scope, in inputs) []Tensor {
		return one(s.Attention(in["q"], in["k"], in["v"], in["mask"]))
	}},
	{name: "cross_entropy_mean", run: func(s *Scope, in inputs) []Tensor {
		target, weight := crossEntropyWeights(s, in, true)
		return one(s.CrossEntropy(in["x"], target, weight))
	}},
	{name: "cross_entropy_sum", run: func(s *Scope, in inputs) []Tensor {
		target, weight := crossEntropyWeights(s, in, false)
		return one(s.CrossEntropy(in["x"], target, weight))
	}},
	{name: "bce_with_logits", run: func(s *Scope, in inputs) []Tensor {
		return one(s.BCEWithLogits(in["x"], floats(s, in["target"])))
	}},
	{name: "pack", further: []string{"batch_sizes"}, run: func(s *Scope, in inputs) []Tensor {
		p := s.Pack(in["x"], in["lengths"])
		return []Tensor{p.Data, p.BatchSizes}
	}},
	{name: "pad", run: func(s *Scope, in inputs) []Tensor {
		return one(s.Pad(goldenPacked(in)))
	}},
	{name: "lstm", further: []string{"h_n"}, run: func(s *Scope, in inputs) []Tensor {
		y, h := goldenLSTM(in).Forward(s, goldenPacked(in), 4)
		return []Tensor{y.Data, h}
	}},
	{name: "lstm_final", run: func(s *Scope, in inputs) []Tensor {
		_, h := goldenLSTM(in).Forward(s, goldenPacked(in), 4)
		return one(h)
	}},
	{name: "lstm_from", further: []string{"h_n", "c_n"}, run: func(s *Scope, in inputs) []Tensor {
		y, h, c := goldenLSTM(in).ForwardFrom(s, goldenPacked(in), in["h_0"], in["c_0"])
		return []Tensor{y.Data, h, c}
	}},
	{name: "additive_scores", run: func(s *Scope, in inputs) []Tensor {
		w := []Affine{{in["w0"], in["b0"]}, {in["w1"], in["b1"]}}
		return one(s.AdditiveScores(in["h"], w, []Tensor{in["q0"], in["q1"]}))
	}},
	{name: "lstm_from_cell", run: func(s *Scope, in inputs) []Tensor {
		_, _, c := goldenLSTM(in).ForwardFrom(s, goldenPacked(in), in["h_0"], in["c_0"])
		return one(c)
	}},
}

// inputs are the tensors of a case by name.
type inputs map[string]Tensor

func one(t Tensor) []Tensor { return []Tensor{t} }

func goldenPacked(in inputs) Packed {
	return Packed{Data: in["data"], BatchSizes: in["batch_sizes"]}
}

// goldenLSTM collects the weights of two layers of 4 units in PyTorch's order.
func goldenLSTM(in inputs) *LSTM {
	l := &LSTM{Hidden: 4, Layers: 2}
	for layer := range l.Layers {
		for _, direction := range []string{"", "_reverse"} {
			for _, kind := range []string{"weight_ih", "weight_hh", "bias_ih", "bias_hh"} {
				l.Weights = append(l.Weights, in[fmt.Sprintf("%s_l%d%s", kind, layer, direction)])
			}
		}
	}
	return l
}

// crossEntropyWeights turns PyTorch's arguments, targets with -1 for "ignore" and
// a weight per class, into those of CrossEntropy: a weight per row, 0 for
// "ignore", over their sum for a mean.
func crossEntropyWeights(s *Scope, in inputs, mean bool) (target, weight Tensor) {
	classes, classWeight := s.Int64s(in["target"]), s.Float32s(in["class_weight"])
	if s.Err() != nil {
		return Tensor{}, Tensor{}
	}
	weights, sum := make([]float32, len(classes)), float32(0)
	for i, c := range classes {
		if c < 0 {
			classes[i] = 0
			continue
		}
		weights[i] = classWeight[c]
		sum += classWeight[c]
	}
	if mean {
		for i := range weights {
			weights[i] /= sum
		}
	}
	n := int64(len(classes))
	return New(s, classes, n), New(s, weights, n)
}

// floats returns integers as float32.
func floats(s *Scope, t Tensor) Tensor {
	values := s.Int64s(t)
	if s.Err() != nil {
		return Tensor{}
	}
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return New(s, out, t.Shape()...)
}
