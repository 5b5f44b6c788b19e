package configs

// Difference is a setting that two configurations do not share.
type Difference struct {
	Key  string // "train.seed"
	A, B string // its values, as YAML on one line
}

// Differences lists the settings in which a and b differ, in the order of the
// schema. An empty list and none are the same.
func Differences(a, b Config) []Difference {
	var list []Difference
	others := leaves(&b)
	for i, f := range leaves(&a) {
		if was, is := flow(f.value), flow(others[i].value); was != is {
			list = append(list, Difference{f.path, was, is})
		}
	}
	return list
}
