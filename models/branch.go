package models

import (
	"fmt"
	"strings"

	"absa/configs"
	"absa/internal/torch"
)

// Branch is what answers for a list of aspects over the states that all branches
// share: a pooling and a head for each of its aspects.
type Branch struct {
	labels   Labels
	presence bool
	pooling  pooling
	heads    heads
	ngrams   ngrams // of the model's own alone: those of others would teach the network nothing
}

// newBranch makes the parameters of a branch, whose names begin with prefix.
func newBranch(p *torch.Parameters, config configs.Model, labels Labels, prefix string) (b Branch, err error) {
	b.labels, b.presence = labels, config.Head.Presence
	names := make([]string, len(labels.Aspects))
	for a, aspect := range labels.Aspects {
		names[a] = prefix + HeadName(aspect)
	}
	if b.pooling, err = newPooling(p, config, prefix, names); err != nil {
		return b, err
	}
	for _, name := range names {
		b.heads.add(p, config, name, int64(len(labels.Classes())))
	}
	return b, p.Err()
}

// asked returns the pairs that an input asks a branch about, spelt out.
func (b *Branch) asked(in Input) Pairs {
	if in.Pairs.All() {
		return allPairs(in.B, int64(len(b.labels.Aspects)))
	}
	return in.Pairs
}

// answer pools the states for each pair and classifies them.
func (b *Branch) answer(s *torch.Scope, h states) Output {
	pooledPD := b.pooling.pool(s, h)
	all := h.Input.Pairs.All()
	shaped := func(xPn torch.Tensor) torch.Tensor {
		if !all {
			return xPn
		}
		return s.Transpose(s.Reshape(xPn, int64(len(b.labels.Aspects)), h.B, -1), 0, 1)
	}
	out := Output{Pairs: h.Input.Pairs, Logits: shaped(b.heads.logits(s, h, pooledPD))}
	if b.ngrams.weight.Defined() {
		out.Parts = []torch.Tensor{out.Logits, shaped(b.ngrams.logits(s, h))}
		out.Logits = mixed(s, out.Parts[0], out.Parts[1])
	}
	if b.presence {
		out.Presence = s.Squeeze(shaped(b.heads.presence(s, h, pooledPD)), -1)
	}
	return out
}

// auxiliaryPrefix begins the names of the parameters of auxiliary branches.
const auxiliaryPrefix = "auxiliary."

// AddBranch makes a branch for the labels of auxiliary corpus number k, from 0: heads
// that are trained beside the model's own and that no answer of the model reads. The
// model owns its parameters, "auxiliary.<k>.…".
func (m *Model) AddBranch(k int, labels Labels) (*Branch, error) {
	b, err := newBranch(m.Parameters, m.config, labels, fmt.Sprintf("%s%d.", auxiliaryPrefix, k))
	if err != nil {
		return nil, fmt.Errorf("model: auxiliary heads: %w", err)
	}
	return &b, nil
}

// IsAuxiliary says whether a parameter is of an auxiliary branch.
func IsAuxiliary(parameter string) bool { return strings.HasPrefix(parameter, auxiliaryPrefix) }

// ForwardBranch is Forward by the heads of an auxiliary branch, or by the model's own
// where that is nil.
func (m *Model) ForwardBranch(s *torch.Scope, b *Branch, in Input) Output {
	if b == nil {
		b = &m.own
	}
	return b.answer(s, m.read(s, b, in, m.look(s, in)))
}

// HeadName is the prefix of an aspect's parameters. PyTorch separates modules
// by dots, so a dot in an aspect is written as %2E.
func HeadName(aspect string) string {
	return "heads." + strings.NewReplacer("%", "%25", ".", "%2E").Replace(aspect)
}
