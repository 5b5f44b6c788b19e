package data

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// decoder reads the XML of SemEval-2014 task 4 (Pontiki et al. 2014):
//
//	<sentences>
//	  <sentence id="813">
//	    <text>All the appetizers and salads were fabulous.</text>
//	    <aspectTerms>
//	      <aspectTerm term="appetizers" polarity="positive" from="8" to="18"/>
//	    </aspectTerms>
//	    <aspectCategories>
//	      <aspectCategory category="food" polarity="positive"/>
//	    </aspectCategories>
//	  </sentence>
//	</sentences>
//
// Either list may be missing. Anything else in the file is an error, for a
// misspelt element would otherwise be a label lost in silence.
type decoder struct {
	name   string
	xml    *xml.Decoder
	schema Schema
	drop   bool           // a contradictory label becomes Absent instead of an error
	lines  map[string]int // where each sentence id was seen
}

func newDecoder(name string, r io.Reader) *decoder {
	d := &decoder{name: name, lines: map[string]int{}}
	d.xml = xml.NewDecoder(skipBOM(bufio.NewReader(r)))
	d.xml.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return r, nil // a subset of UTF-8
		}
		return nil, fmt.Errorf("the file must be UTF-8; convert it (iconv -f %s -t UTF-8)", charset)
	}
	return d
}

func skipBOM(r *bufio.Reader) *bufio.Reader {
	if b, _ := r.Peek(3); string(b) == "\ufeff" {
		_, _ = r.Discard(3)
	}
	return r
}

// decode appends the reviews of the whole file to c.
func (d *decoder) decode(c *Corpus) error {
	roots := 0
	for {
		token, err := d.xml.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d.malformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "sentences" {
				return d.errorf("root element is <%s>, want <sentences> (the format of SemEval-2014 task 4)", t.Name.Local)
			}
			if roots++; roots > 1 {
				return d.errorf("a second <sentences>; a file has one")
			}
			if err := d.sentences(c); err != nil {
				return err
			}
		case xml.CharData:
			if err := d.blank(t); err != nil {
				return err
			}
		}
	}
	if roots == 0 {
		return fmt.Errorf("%s: no <sentences> element; is it a SemEval-2014 XML file?", d.name)
	}
	return nil
}

func (d *decoder) sentences(c *Corpus) error {
	return d.children("sentences", func(e xml.StartElement) error {
		if e.Name.Local != "sentence" {
			return d.unexpected(e, "sentences", "sentence")
		}
		return d.sentence(e, c)
	})
}

func (d *decoder) sentence(e xml.StartElement, c *Corpus) error {
	id, err := d.id(e, len(c.Reviews))
	if err != nil {
		return err
	}
	line := d.line()
	r := Review{ID: id}
	labels := newLabels(d.schema, id)
	seen := map[string]bool{}
	err = d.children("sentence", func(e xml.StartElement) error {
		part := e.Name.Local
		if seen[part] {
			return d.errorf("sentence %q: a second <%s>", id, part)
		}
		seen[part] = true
		switch part {
		case "text":
			text, err := d.text(id)
			r.Text = text
			return err
		case "aspectTerms":
			return d.list(e, "aspectTerm", func(e xml.StartElement) error {
				term, err := d.term(e, id)
				r.Terms = append(r.Terms, term)
				return err
			})
		case "aspectCategories":
			return d.list(e, "aspectCategory", func(e xml.StartElement) error {
				return labels.add(d, e)
			})
		}
		return d.unexpected(e, "sentence", "text, aspectTerms, aspectCategories")
	})
	if err != nil {
		return err
	}
	if strings.TrimSpace(r.Text) == "" {
		return fmt.Errorf("%s:%d: sentence %q has no text", d.name, line, id)
	}
	if err := checkTerms(r); err != nil {
		return fmt.Errorf("%s:%d: sentence %q: %w", d.name, line, id, err)
	}
	r.Labels = labels.polarity
	c.Reviews = append(c.Reviews, r)
	c.Merged = append(c.Merged, labels.merged...)
	c.Dropped = append(c.Dropped, labels.dropped...)
	return nil
}

// id returns the id of a sentence. Where a file gives none at all, as
// MAMS-ACSA does not, the sentence goes by its number: #1, #2, ...
func (d *decoder) id(e xml.StartElement, before int) (string, error) {
	id, ok, err := d.attribute(e, "id")
	if err != nil {
		return "", err
	}
	if !ok {
		id = "#" + strconv.Itoa(before+1)
	}
	if strings.TrimSpace(id) == "" {
		return "", d.errorf("sentence %d of the file has an empty id", before+1)
	}
	if first, ok := d.lines[id]; ok {
		return "", d.errorf("sentence id %q is already that of line %d; ids must differ", id, first)
	}
	d.lines[id] = d.line()
	return id, nil
}

// text returns the characters up to </text>.
func (d *decoder) text(id string) (string, error) {
	var b strings.Builder
	for {
		token, err := d.xml.Token()
		if err != nil {
			return "", d.malformed(err)
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", d.errorf("sentence %q: <%s> inside <text>", id, t.Name.Local)
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

// polarity returns the index of a polarity in the schema.
func (d *decoder) polarity(name, id string) (int, error) {
	return d.known("polarity", "data.polarities", name, id, d.schema.Polarities)
}

// aspect returns the index of an aspect in the schema.
func (d *decoder) aspect(name, id string) (int, error) {
	return d.known("aspect", "data.aspects", name, id, d.schema.Aspects)
}

func (d *decoder) known(kind, key, name, id string, names []string) (int, error) {
	for i, n := range names {
		if n == name {
			return i, nil
		}
	}
	return 0, d.errorf("sentence %q: %s %q is not in %s (%s); add it there or correct the file",
		id, kind, name, key, strings.Join(names, ", "))
}
