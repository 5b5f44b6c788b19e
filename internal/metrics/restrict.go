package metrics

import "fmt"

// Restrict asks a model for the best of some polarities only: the argmax of
// scores [N,A,C] over the polarities in keep. Pairs whose gold polarity is not
// among them become Absent and so count nowhere. This is how accuracy over three
// polarities ("conflict" left out) and over two are had from a model of four.
func Restrict(gold []int, scores []float32, classes int, keep []int) (kept, pred []int, err error) {
	switch {
	case len(keep) == 0:
		return nil, nil, fmt.Errorf("restrict: no polarity is kept")
	case classes < 1 || len(scores) != len(gold)*classes:
		return nil, nil, fmt.Errorf("restrict: %d scores are not %d for each of %d labels", len(scores), classes, len(gold))
	}
	allowed := make([]bool, classes)
	for _, c := range keep {
		if c < 0 || c >= classes {
			return nil, nil, fmt.Errorf("restrict: polarity %d is none of %d", c, classes)
		}
		allowed[c] = true
	}
	kept, pred = make([]int, len(gold)), make([]int, len(gold))
	for i, g := range gold {
		kept[i], pred[i] = g, keep[0]
		if g == Absent || g >= classes || !allowed[g] {
			kept[i] = Absent
		}
		row := scores[i*classes : (i+1)*classes]
		for _, c := range keep[1:] {
			if row[c] > row[pred[i]] {
				pred[i] = c
			}
		}
	}
	return kept, pred, nil
}
