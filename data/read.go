package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"absa/configs"
	"absa/data/sample"
)

// Train reads the training corpus that cfg names. configs.Sample stands for
// the embedded one.
func Train(cfg configs.Data) (*Corpus, error) {
	c, err := open(cfg.Train, "train.xml", sample.Train, cfg)
	if err != nil {
		return nil, fmt.Errorf("data.train: %w", err)
	}
	return c, nil
}

// Test reads the test corpus that cfg names. A configuration without one
// (data.test empty) is an error here: ask before calling.
func Test(cfg configs.Data) (*Corpus, error) {
	c, err := open(cfg.Test, "test.xml", sample.Test, cfg)
	if err != nil {
		return nil, fmt.Errorf("data.test: %w", err)
	}
	return c, nil
}

// open reads path, or the embedded file where path is configs.Sample.
func open(path, file string, embedded func() []byte, cfg configs.Data) (*Corpus, error) {
	switch path {
	case "":
		return nil, errors.New("no corpus is named; give a SemEval-2014 XML file or " + configs.Sample)
	case configs.Sample:
		c, err := ReadFrom(configs.Sample+"/"+file, bytes.NewReader(embedded()), cfg)
		if err != nil {
			return nil, err
		}
		c.Path = configs.Sample
		return c, nil
	default:
		return Read(path, cfg)
	}
}

// Read reads the SemEval-2014 XML file at path. The aspects and polarities of
// cfg are the labels that it may hold. Errors in the content begin with
// path:line.
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
	schema, err := newSchema(cfg.Aspects, cfg.Polarities)
	if err != nil {
		return nil, err
	}
	drop, err := dropContradictions(cfg.Contradictions)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	d := newDecoder(name, io.TeeReader(r, sum))
	d.schema, d.drop = schema, drop
	c := &Corpus{Path: name, Schema: schema}
	if err := d.decode(c); err != nil {
		return nil, err
	}
	if len(c.Reviews) == 0 {
		return nil, fmt.Errorf("%s: no <sentence> in it", name)
	}
	c.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return c, nil
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
