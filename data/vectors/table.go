package vectors

// Table is a read-only table of word vectors, mapped from its cache file, or
// held in memory where no cache could be written. Whoever opens a Table closes
// it. Lookups from several goroutines at once are safe; Close must come after
// all of them.
//
// The cache file is only ever replaced by renaming, so a mapped Table is not
// disturbed by another process that rebuilds it. Truncating the file by hand
// under a running process is not survivable, as with any mapping.
type Table struct {
	image image
	info  Info
	unmap func() error // nil once it is closed
}

// Info says where a table came from.
type Info struct {
	Path       string  // the source, as given to Open
	Format     Format  // what the source turned out to be
	Cache      string  // the cache file in use; empty when the table is in memory
	Built      bool    // the source was parsed by this Open, not read from the cache
	Words      int     // words that have a vector; those of a spaCy folder may share one
	Dimension  int     // values per row
	Duplicates int     // entries of the source dropped because their word came earlier
	Std        float64 // standard deviation of the values of all words' vectors
	Note       string  // why the cache was rebuilt or could not be written; empty if all is well
}

// Info says where the table came from.
func (t *Table) Info() Info { return t.info }

// Dimension is the number D of values per word.
func (t *Table) Dimension() int { return t.image.dimension }

// Len is the number of words. It is 0 once the table is closed.
func (t *Table) Len() int { return t.image.count() }

// Lookup finds the vector [D] of exactly this word, or, in a spaCy model with
// keys of lower case, of any writing of it. The slice aliases the table, unless
// its words have subwords: it must not be written to, and not be read after
// Close.
func (t *Table) Lookup(word string) ([]float32, bool) {
	row, ok := t.image.find(word)
	if !ok {
		return nil, false
	}
	if t.image.header.subwords.buckets == 0 {
		return t.image.row(row), true
	}
	v := make([]float32, t.image.dimension)
	return v, t.image.compose(v, word, row)
}

// Close releases the table. Slices from Lookup are invalid afterwards; Lookup
// itself then finds nothing. A second Close does nothing.
func (t *Table) Close() error {
	unmap := t.unmap
	t.image, t.unmap = image{}, nil
	if unmap == nil {
		return nil
	}
	return unmap()
}
