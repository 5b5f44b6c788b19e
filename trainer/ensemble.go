package trainer

import (
	"context"
	"fmt"
	"slices"

	"absa/internal/metrics"
	"absa/internal/runs"
)

// Member is how a model of an ensemble does alone, its probabilities as they are.
type Member struct {
	Run      string        `json:"run"`
	Accuracy metrics.Score `json:"accuracy"`
	MacroF1  metrics.Score `json:"macro_f1"`
	LogLoss  metrics.Score `json:"log_loss"`
}

// openMembers opens the runs of an ensemble, or of one.
func openMembers(o EvaluateOptions) ([]*saved, error) {
	var members []*saved
	for _, run := range o.Runs {
		s, err := open(run, noter(o.Report))
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if sameFolder(s.dir, m.dir) {
				return nil, fmt.Errorf("%s stands twice: it would count twice in the mean", run)
			}
			if err := sameLabels(m, s); err != nil {
				return nil, fmt.Errorf("%w and are no ensemble", err)
			}
			if m.labels.AbsentClass != s.labels.AbsentClass {
				return nil, fmt.Errorf("only one of %s and %s has the class absent (model.head.absent_class): they are no ensemble", m.dir, s.dir)
			}
		}
		members = append(members, s)
	}
	return members, nil
}

// sameLabels refuses runs of other aspects or polarities, or in another order.
func sameLabels(a, b *saved) error {
	if slices.Equal(a.labels.Aspects, b.labels.Aspects) && slices.Equal(a.labels.Polarities, b.labels.Polarities) {
		return nil
	}
	return fmt.Errorf("%s and %s have the aspects and polarities %q %q and %q %q", a.dir, b.dir, a.labels.Aspects, a.labels.Polarities, b.labels.Aspects, b.labels.Polarities)
}

// answer is what the members say together; it lists them if they are several.
func (e *Evaluation) answer(ctx context.Context, o EvaluateOptions, members []*saved) (*runs.Answers, error) {
	var all []*runs.Answers
	for i, m := range members {
		a, err := m.answer(ctx, o)
		if err != nil {
			return nil, err
		}
		if len(members) == 1 {
			return a, nil
		}
		all = append(all, a)
		r, err := a.Evaluate()
		if err != nil {
			return nil, err
		}
		model := r.Overall.Model
		e.Members = append(e.Members, Member{Run: o.Runs[i], Accuracy: model.Accuracy(), MacroF1: model.MacroF1(), LogLoss: a.Fit(1).LogLoss})
	}
	return runs.Mean(all)
}
