package metrics

// Detection is how well the aspects that a sentence mentions are found, over all
// pairs of a sentence and an aspect: SemEval-2014 task 4, subtask 3.
type Detection struct {
	Gold      int // pairs that gold labels
	Predicted int // pairs that were said to be mentioned
	Right     int // pairs in both
}

// Detect compares presence with gold labels, both [N,A].
func Detect(gold []int, present []bool) Detection {
	var d Detection
	for i, g := range gold {
		if g != Absent {
			d.Gold++
		}
		if present[i] {
			d.Predicted++
			if g != Absent {
				d.Right++
			}
		}
	}
	return d
}

// Precision is right by predicted, not defined when none was predicted.
func (d Detection) Precision() Score { return share(d.Right, d.Predicted) }

// Recall is right by gold, not defined when gold has none.
func (d Detection) Recall() Score { return share(d.Right, d.Gold) }

// F1 is the harmonic mean of the two.
func (d Detection) F1() Score { return share(2*d.Right, d.Gold+d.Predicted) }
