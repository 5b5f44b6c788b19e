package wordpiece

// added are the tokens that are found in a text before it is normalised: the
// special ones, and what was put beside the vocabulary.
type added struct {
	ids    map[string]int32
	starts [256]bool // the first byte of one of them
	bound  int       // bytes of the longest
	beyond int       // ids that the vocabulary lacks
}

func (a *added) add(content string, id int32) {
	if a.ids == nil {
		a.ids = map[string]int32{}
	}
	a.ids[content] = id
	a.starts[content[0]] = true
	a.bound = max(a.bound, len(content))
}

// find returns the leftmost added token from byte at on, of several that begin
// there the longest. Without one, start and end are the end of the text.
func (a *added) find(text string, at int) (start, end int, id int32) {
	for start = at; start < len(text); start++ {
		if !a.starts[text[start]] {
			continue
		}
		for end = min(len(text), start+a.bound); end > start; end-- {
			if id, ok := a.ids[text[start:end]]; ok {
				return start, end, id
			}
		}
	}
	return len(text), len(text), 0
}
