package models

import (
	"absa/configs"
	"absa/internal/torch"
)

// head classifies the pooled vector of one aspect: Linear(2H → hidden) →
// Dropout → Linear(→ C), without an activation between, as the article has it.
// With hidden = 0 it is Dropout → Linear(2H → C).
type head struct {
	dense      *torch.Affine // nil without a hidden layer
	classifier torch.Affine
	present    *torch.Affine // nil without a presence logit
	dropout    float64
}

func newHead(p *torch.Parameters, config configs.Model, name string, classes int64) head {
	h := head{dropout: config.Head.Dropout}
	in := 2 * int64(config.Hidden)
	features := in
	if config.Head.Hidden > 0 {
		features = int64(config.Head.Hidden)
		dense := p.Linear(name+".dense", in, features)
		h.dense = &dense
	}
	h.classifier = p.Linear(name+".classifier", features, classes)
	if config.Head.Presence {
		present := p.Linear(name+".presence", in, 1)
		h.present = &present
	}
	return h
}

// logits maps x [B,2H] to [B,C].
func (h head) logits(s *torch.Scope, x torch.Tensor) torch.Tensor {
	if h.dense != nil {
		x = s.Linear(x, h.dense.Weight, h.dense.Bias)
	}
	return s.Linear(s.Dropout(x, h.dropout), h.classifier.Weight, h.classifier.Bias)
}

// presence maps x [B,2H] to the logit of "this aspect is mentioned" [B,1].
func (h head) presence(s *torch.Scope, x torch.Tensor) torch.Tensor {
	return s.Linear(s.Dropout(x, h.dropout), h.present.Weight, h.present.Bias)
}
