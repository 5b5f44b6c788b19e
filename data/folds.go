package data

// Folds cuts the sentences at the positions into k parts of about the same size,
// for cross-validation: each part is what Split holds out of those that are left.
// So every label has its share in each, and sentences of one text stay together.
// The parts ascend, as at must.
func (s *Set) Folds(at []uint32, k int, seed int64) [][]uint32 {
	folds := make([][]uint32, 0, k)
	for ; k > 1; k-- {
		var fold []uint32
		at, fold = s.Split(at, 1/float64(k), seed)
		folds = append(folds, fold)
	}
	return append(folds, at)
}
