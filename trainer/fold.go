package trainer

import (
	"fmt"
	"slices"

	"absa/data"
)

// Fold is a part of the training corpus that a model does not see. The zero value is
// none.
type Fold struct{ Number, Of int } // Number from 1

// cut returns the positions of all other folds, and of this one. The folds are those
// of all sentences, so that they do not depend on what cleaning leaves of them.
func (f Fold) cut(corpus *data.Set, by data.Stratification) (others, held []uint32, err error) {
	if f.Number < 1 || f.Number > f.Of || f.Of < 2 || f.Of > corpus.Len() {
		return nil, nil, fmt.Errorf("fold %d of %d: want at least 2 folds, at most as many as the %d sentences of %s, and one of them", f.Number, f.Of, corpus.Len(), corpus.Path)
	}
	folds := corpus.Folds(corpus.All(), f.Of, by)
	held = folds[f.Number-1]
	others = slices.Concat(slices.Delete(folds, f.Number-1, f.Number)...)
	slices.Sort(others)
	return others, held, nil
}
