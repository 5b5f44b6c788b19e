package data

import "slices"

// Folds cuts the sentences at the positions into k parts of about the same size,
// for cross-validation. Every label, or pair of labels, has its share in each, and
// sentences of one text stay together. The parts ascend, as at must; k is 65,536 at
// most.
//
// Of order 1 each part is what Split holds out of those that are left. Pairs of labels
// are often fewer than parts, and such would all be left to the last ones: of order 2
// all parts are cut at once.
func (s *Set) Folds(at []uint32, k int, by Stratification) [][]uint32 {
	if by.Order == 2 {
		return s.divide(at, slices.Repeat([]float64{1 / float64(k)}, k), by)
	}
	folds := make([][]uint32, 0, k)
	for ; k > 1; k-- {
		var fold []uint32
		at, fold = s.Split(at, 1/float64(k), by)
		folds = append(folds, fold)
	}
	return append(folds, at)
}
