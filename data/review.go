package data

// Absent is the label of an aspect that a sentence does not mention.
const Absent = -1

// Review is one sentence and what it says about each aspect.
type Review struct {
	ID    string
	Text  string // as in the file, neither trimmed nor folded
	Terms []Term // in file order; nil where the file marks none

	// Labels has one entry per aspect of the schema: an index into its
	// polarities, or Absent.
	Labels []int
}

// Term is a phrase of the sentence that an opinion is about. Terms are kept
// for the reader of a corpus; no label is taken from them.
type Term struct {
	Text     string
	Polarity string // one of the schema's, or "" where the file states none
	From, To int    // Text is characters [From,To) of the sentence, counted in code points
}

// Corpus is a file of reviews as it was read.
type Corpus struct {
	Path    string // as given; "sample" for the embedded corpus
	Schema  Schema
	Reviews []Review // in file order

	// Merged has the sentence id of each label that repeated an equal one, and
	// Dropped that of each aspect which lost its label because the sentence
	// contradicts itself (data.contradictions: drop). A sentence with two such
	// cases is there twice.
	Merged  []string
	Dropped []string

	SHA256 string // of the file's bytes, lower-case hexadecimal
}
