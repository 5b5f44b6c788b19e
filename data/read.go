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

// Read reads the SemEval-2014 XML file at path as it is written, texts and
// terms included, into ordinary memory. The aspects and polarities of cfg are
// the labels that it may hold. Errors in the content begin with path:line.
//
// It is the plain form of what Open does, an order of magnitude slower.
func Read(path string, cfg configs.Data) (*Corpus, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	return ReadFrom(path, f, cfg)
}

// ReadFrom reads SemEval-2014 XML from r to its end, without holding the XML
// in memory. The name stands for the file in errors and becomes Path.
func ReadFrom(name string, r io.Reader, cfg configs.Data) (*Corpus, error) {
	sum := sha256.New()
	d := newDecoder(name, io.TeeReader(r, sum))
	if err := d.configure(cfg); err != nil {
		return nil, err
	}
	c := &Corpus{Path: name, Schema: d.schema}
	if err := d.decode(&collector{c, map[string]int{}}); err != nil {
		return nil, err
	}
	if len(c.Reviews) == 0 {
		return nil, fmt.Errorf("%s: no <sentence> in it", name)
	}
	c.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return c, nil
}

// configure takes what a file may hold from cfg.
func (d *decoder) configure(cfg configs.Data) (err error) {
	if d.schema, err = newSchema(cfg.Aspects, cfg.Polarities); err != nil {
		return err
	}
	d.drop, err = dropContradictions(cfg.Contradictions)
	return err
}

// collector is the sink of Read.
type collector struct {
	*Corpus
	lines map[string]int // where each sentence id was seen
}

func (c *collector) count() int { return len(c.Reviews) }

func (c *collector) seen(id string) (line int, ok bool) {
	line, ok = c.lines[id]
	return line, ok
}

func (c *collector) add(r Review, line, merged, dropped int) error {
	c.lines[r.ID] = line
	c.Reviews = append(c.Reviews, r)
	c.Merged = append(c.Merged, slices.Repeat([]string{r.ID}, merged)...)
	c.Dropped = append(c.Dropped, slices.Repeat([]string{r.ID}, dropped)...)
	return nil
}

func dropContradictions(policy string) (bool, error) {
	switch policy {
	case "", "error":
		return false, nil
	case "drop":
		return true, nil
	}
	return false, fmt.Errorf("data.contradictions: %q is neither error nor drop", policy)
}
