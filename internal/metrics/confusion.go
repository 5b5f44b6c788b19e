package metrics

// Confusion counts pairs by gold polarity (row) and prediction (column). Of C
// polarities it has C rows and C+1 columns; the last column counts the pairs
// that were predicted absent.
type Confusion [][]int

func newConfusion(polarities int) Confusion {
	m := make(Confusion, polarities)
	for c := range m {
		m[c] = make([]int, polarities+1)
	}
	return m
}

// add counts one pair. pred may be Absent.
func (m Confusion) add(gold, pred int) {
	if pred == Absent {
		pred = len(m)
	}
	m[gold][pred]++
}

// Support is the number of pairs.
func (m Confusion) Support() int {
	n := 0
	for c := range m {
		n += m.row(c)
	}
	return n
}

// Correct is the number of pairs whose prediction is the gold polarity.
func (m Confusion) Correct() int {
	n := 0
	for c := range m {
		n += m[c][c]
	}
	return n
}

// Accuracy is Correct by Support, not defined without pairs.
func (m Confusion) Accuracy() Score { return share(m.Correct(), m.Support()) }

// MacroF1 is the plain mean of F1 over the classes that occur in gold, not
// defined without pairs. A class that only the predictions hold has no row of
// its own; it costs the recall of the classes it was predicted for.
func (m Confusion) MacroF1() Score {
	sum, n := 0.0, 0
	for c := range m {
		if m.row(c) > 0 {
			sum += float64(m.Class(c).F1)
			n++
		}
	}
	if n == 0 {
		return share(0, 0)
	}
	return Score(sum / float64(n))
}

// Class is how well one polarity is told from the others.
type Class struct {
	Support   int   `json:"support"`   // pairs with this polarity in gold
	Predicted int   `json:"predicted"` // pairs for which it was predicted
	Precision Score `json:"precision"` // right among the predicted; not defined when none was
	Recall    Score `json:"recall"`    // right among gold; not defined when gold has none
	F1        Score `json:"f1"`        // harmonic mean of the two; not defined when both are not
}

// Class scores polarity c against the rest.
func (m Confusion) Class(c int) Class {
	right, support, predicted := m[c][c], m.row(c), m.column(c)
	return Class{
		Support:   support,
		Predicted: predicted,
		Precision: share(right, predicted),
		Recall:    share(right, support),
		F1:        share(2*right, support+predicted),
	}
}

func (m Confusion) row(c int) int {
	n := 0
	for _, count := range m[c] {
		n += count
	}
	return n
}

func (m Confusion) column(c int) int {
	n := 0
	for gold := range m {
		n += m[gold][c]
	}
	return n
}
