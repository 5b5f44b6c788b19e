package vectors

// subwords are the n-grams of characters that have vectors in fastText's
// models, n-grams of one hash the same one (Bojanowski et al. 2017, "Enriching
// Word Vectors with Subword Information", section 3.2). The zero value has none.
type subwords struct {
	shortest, longest int // characters of an n-gram; the word has < before and > after it
	buckets           int // vectors that the n-grams share
}

const (
	maxSubword    = 100    // characters; a word has up to this many n-grams for each of its own
	endOfSentence = "</s>" // fastText's word for the end of a line, which has no subwords
)

// each visits the bucket of every n-gram of a word, in fastText's order. A < or
// > alone is no n-gram. Like fastText it takes bytes that continue a character
// of UTF-8 to belong to what is before them, whatever that is.
func (s subwords) each(word string, visit func(bucket int)) {
	if s.buckets == 0 || word == endOfSentence {
		return
	}
	word = "<" + word + ">"
	for from := range len(word) {
		if continues(word[from]) {
			continue
		}
		hash := uint32(2166136261)
		for at, n := from, 1; at < len(word) && n <= s.longest; n++ {
			hash = subwordHash(hash, word[at])
			for at++; at < len(word) && continues(word[at]); at++ {
				hash = subwordHash(hash, word[at])
			}
			if alone := n == 1 && (from == 0 || at == len(word)); n >= s.shortest && !alone {
				visit(int(hash % uint32(s.buckets)))
			}
		}
	}
}

// continues says whether a byte of UTF-8 is not the first of a character.
func continues(c byte) bool { return c&0xc0 == 0x80 }

// subwordHash takes a byte into FNV-1a of 32 bits, with its sign extended: the
// mistake of fastText's first version, which all its models are made with.
func subwordHash(hash uint32, c byte) uint32 {
	return (hash ^ uint32(int8(c))) * 16777619
}
