package models

import (
	"absa/configs"
	"absa/internal/torch"
)

// heads classify the pooled vectors, each aspect's by its own: Linear(2H →
// hidden) → Dropout → Linear(→ C), without an activation between, as the article
// has it. With hidden = 0 it is Dropout → Linear(2H → C).
type heads struct {
	dense      []torch.Affine // none without a hidden layer
	classifier []torch.Affine
	present    []torch.Affine // none without presence logits
	dropout    float64
}

// add makes the head of the next aspect.
func (q *heads) add(p *torch.Parameters, config configs.Model, name string, classes int64) {
	q.dropout = config.Head.Dropout
	in := 2 * int64(config.Hidden)
	features := in
	if config.Head.Hidden > 0 {
		features = int64(config.Head.Hidden)
		q.dense = append(q.dense, p.Linear(name+".dense", in, features))
	}
	q.classifier = append(q.classifier, p.Linear(name+".classifier", features, classes))
	if config.Head.Presence {
		q.present = append(q.present, p.Linear(name+".presence", in, 1))
	}
}

// logits maps the pooled x [P,2H] of each pair to [P,C].
func (q *heads) logits(s *torch.Scope, h states, x torch.Tensor) torch.Tensor {
	if q.dense != nil {
		x = h.linear(s, x, q.dense)
	}
	return h.linear(s, s.Dropout(x, q.dropout), q.classifier)
}

// presence maps the pooled x [P,2H] of each pair to the logit of "this aspect is
// mentioned" [P,1].
func (q *heads) presence(s *torch.Scope, h states, x torch.Tensor) torch.Tensor {
	return h.linear(s, s.Dropout(x, q.dropout), q.present)
}
