package models

import (
	"fmt"

	"absa/configs"
	"absa/internal/torch"
)

// Labels are the names that a model's outputs stand for.
type Labels struct {
	Aspects    []string `json:"aspects"`
	Polarities []string `json:"polarities"`
	// AbsentClass says that class 0 of every head is "absent" and the
	// polarities follow, as in the article's code.
	AbsentClass bool `json:"absent_class"`
}

// Absent is the name of the class that stands for an aspect not mentioned.
const Absent = configs.AbsentLabel

// Classes returns the names of a head's logits, in order.
func (l Labels) Classes() []string {
	if l.AbsentClass {
		return append([]string{Absent}, l.Polarities...)
	}
	return l.Polarities
}

// Offset is the class of polarity 0.
func (l Labels) Offset() int {
	if l.AbsentClass {
		return 1
	}
	return 0
}

// Vectors are the initial word vectors.
type Vectors struct {
	Values    []float32 // [V,D] row-major; row 0 is padding
	Dimension int       // D
	Trainable bool
}

// Input is a batch.
type Input struct {
	Tokens  torch.Tensor // int64 [B,T], longest sentence first
	Lengths torch.Tensor // int64 [B] on the host, descending
	Valid   torch.Tensor // Bool [B,T], true at tokens
	Counts  torch.Tensor // float32 [B,1], the lengths
	Last    torch.Tensor // int64 [B,1,1], the lengths less one
	B, T    int64
	Pairs   Pairs // the pairs that are asked about; the zero value asks about all

	// Of the G n-grams of all sentences the rows, int64 [G], the bounds between sentences
	// with both ends, int64 [B+1], and 1/√n of their number n in each, float32 [B,1]; read
	// with model.ngrams alone.
	NGrams, NGramBounds, NGramScale torch.Tensor
}

// Output is what the heads say.
type Output struct {
	Pairs    Pairs        // Input's
	Logits   torch.Tensor // float32 [B,A,C]; of some pairs only, [P,C]
	Presence torch.Tensor // float32 [B,A] or [P], logits of "is mentioned"; undefined without model.head.presence

	// Parts are the logits of the network and of the n-grams, shaped as Logits, whose
	// probabilities are the mean of theirs; none without model.ngrams.
	Parts []torch.Tensor
}

// trained returns the logits that a loss is taken of.
func (o Output) trained() []torch.Tensor {
	if o.Parts == nil {
		return []torch.Tensor{o.Logits}
	}
	return o.Parts
}

// Model is the network. It owns its parameters.
type Model struct {
	Labels     Labels
	Parameters *torch.Parameters

	config    configs.Model
	embedding torch.Tensor // [V,D]
	backbone  *torch.LSTM
	own       Branch
}

// New makes a model on device. Initial values are a function of seed and of
// each parameter's name.
func New(config configs.Model, labels Labels, vectors Vectors, device torch.Device, seed uint64) (*Model, error) {
	if vectors.Dimension <= 0 || len(vectors.Values) == 0 || len(vectors.Values)%vectors.Dimension != 0 {
		return nil, fmt.Errorf("model: %d vector values are no rows of %d", len(vectors.Values), vectors.Dimension)
	}
	p := torch.NewParameters(device, seed)
	v, d := int64(len(vectors.Values)/vectors.Dimension), int64(vectors.Dimension)
	h := int64(config.Hidden)
	m := &Model{Labels: labels, Parameters: p, config: config}
	m.embedding = p.Values("embedding.weight", vectors.Trainable, vectors.Values, v, d)
	m.backbone = p.LSTM("backbone", d, h, int64(config.Layers), config.LayerDropout)
	m.backbone.ATen = config.Kernels == "aten"
	var err error
	if m.own, err = newBranch(p, config, labels, ""); err != nil {
		p.Close()
		return nil, fmt.Errorf("model: %w", err)
	}
	if m.own.ngrams = newNGrams(p, config.NGrams, labels); p.Err() != nil {
		err := p.Err()
		p.Close()
		return nil, fmt.Errorf("model: %w", err)
	}
	return m, nil
}

// Close frees the parameters.
func (m *Model) Close() { m.Parameters.Close() }

// Forward maps tokens [B,T] to logits [B,A,C], or [P,C] where in names pairs.
func (m *Model) Forward(s *torch.Scope, in Input) Output {
	return m.ForwardBranch(s, nil, in)
}

// look returns the vectors of the tokens. Ids are packed before they are looked
// up: no vector is fetched for padding.
func (m *Model) look(s *torch.Scope, in Input) torch.Packed {
	idsN := s.Pack(in.Tokens, in.Lengths)
	return torch.Packed{Data: s.Embedding(m.embedding, idsN.Data), BatchSizes: idsN.BatchSizes}
}

// read runs the LSTM over vectors, for the heads of a branch.
func (m *Model) read(s *torch.Scope, b *Branch, in Input, eND torch.Packed) states {
	eND.Data = s.Dropout(eND.Data, m.config.EmbeddingDropout)
	hN, finalLBH := m.backbone.Forward(s, eND, in.B)
	hN.Data = s.Dropout(hN.Data, m.config.OutputDropout)

	return states{Input: in, packed: hN, final: finalLBH, pairs: b.asked(in), fused: m.config.Kernels != "aten" && s.Device().IsCPU()}
}
