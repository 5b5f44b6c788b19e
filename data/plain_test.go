package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"absa/configs"
)

// Review is one sentence and what it says about each aspect.
type Review struct {
	ID    string
	Text  string // as in the file, neither trimmed nor folded
	Terms []Term // in file order; nil where the file marks none

	// Labels has one entry per aspect of the schema: an index into its
	// polarities, or Absent.
	Labels []int
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

// Statistics counts the labels of the corpus.
func (c *Corpus) Statistics() Statistics {
	s := newStatistics(c.Schema)
	for _, r := range c.Reviews {
		s.add(r.Labels)
	}
	return s
}

// Read reads the SemEval XML file at path as it is written, texts and
// terms included, into ordinary memory. The aspects and polarities of cfg are
// the labels that it may hold. Errors in the content begin with path:line.
//
// It is the plain form of what Open does, which tests hold Open against.
func Read(path string, cfg configs.Data) (*Corpus, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	return ReadFrom(path, f, cfg)
}

// ReadFrom reads SemEval XML from r to its end, without holding the XML
// in memory. The name stands for the file in errors and becomes Path.
func ReadFrom(name string, r io.Reader, cfg configs.Data) (*Corpus, error) {
	schema, err := newSchema(cfg.Aspects, cfg.Polarities)
	if err != nil {
		return nil, err
	}
	drop, err := dropContradictions(cfg.Contradictions)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	c := &collector{Corpus: &Corpus{Path: name, Schema: schema}, drop: drop, categories: cfg.Categories, lines: map[string]int{}}
	if err := newDecoder(name, io.TeeReader(r, sum)).decode(c.add); err != nil {
		return nil, err
	}
	if len(c.Reviews) == 0 {
		return nil, fmt.Errorf("%s: no <sentence> in it", name)
	}
	c.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return c.Corpus, nil
}

// collector takes the sentences of a file into a Corpus.
type collector struct {
	*Corpus
	drop       bool
	categories []configs.Category
	lines      map[string]int // where each sentence id was seen
}

func (c *collector) add(r Record) error {
	id := r.ID
	if id == "" {
		id = numbered(len(c.Reviews))
	}
	l := newLabels(c.Schema, c.categories)
	err := l.resolve(r, id, c.drop, func(line int, err error) error { return &LineError{c.Path, line, err} })
	if err != nil {
		return err
	}
	if line, ok := c.lines[id]; ok {
		return &LineError{c.Path, r.Line, idTaken(id, line)}
	}
	c.lines[id] = r.Line
	c.Reviews = append(c.Reviews, Review{ID: id, Text: r.Text, Terms: r.Terms, Labels: l.polarity})
	c.Merged = append(c.Merged, slices.Repeat([]string{id}, l.merged)...)
	c.Dropped = append(c.Dropped, slices.Repeat([]string{id}, l.dropped)...)
	return nil
}
