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
//
// It words every error of such a file. A corpus that is sound in the usual way
// is read by the scanner, several times faster.
type decoder struct {
	name   string
	xml    *xml.Decoder
	before int // lines of the file before those that it reads
	schema Schema
	drop   bool // a contradictory label becomes Absent instead of an error
}

// sink takes the sentences of a file, one by one.
type sink interface {
	// count is how many it has.
	count() int
	// seen returns the line of the sentence that has the id already.
	seen(id string) (line int, ok bool)
	// add takes a sentence, where it began, and how many of its labels were
	// merged and dropped.
	add(r Review, line, merged, dropped int) error
}

func newDecoder(name string, r io.Reader) *decoder {
	d := &decoder{name: name}
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

// decode reads the whole file.
func (d *decoder) decode(to sink) error {
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
			if err := d.sentences(to); err != nil {
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

func (d *decoder) sentences(to sink) error {
	return d.children("sentences", func(e xml.StartElement) error {
		if e.Name.Local != "sentence" {
			return d.unexpected(e, "sentences", "sentence")
		}
		return d.sentence(e, to)
	})
}

func (d *decoder) sentence(e xml.StartElement, to sink) error {
	id, err := d.id(e, to)
	if err != nil {
		return err
	}
	line := d.line()
	r := Review{ID: id}
	labels := newLabels(d.schema)
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
				return d.label(e, id, labels)
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
	return to.add(r, line, labels.merged, labels.dropped)
}

// id returns the id of a sentence. Where a file gives none at all, as
// MAMS-ACSA does not, the sentence goes by its number: #1, #2, ...
func (d *decoder) id(e xml.StartElement, to sink) (string, error) {
	id, ok, err := d.attribute(e, "id")
	if err != nil {
		return "", err
	}
	if !ok {
		id = numbered(to.count())
	}
	if strings.TrimSpace(id) == "" {
		return "", d.errorf("sentence %d of the file has an empty id", to.count()+1)
	}
	if first, ok := to.seen(id); ok {
		return "", d.fail(idTaken(id, first))
	}
	return id, nil
}

// numbered is the id of a sentence without one, after so many before it.
func numbered(before int) string { return "#" + strconv.Itoa(before+1) }

func idTaken(id string, line int) error {
	return fmt.Errorf("sentence id %q is already that of line %d; ids must differ", id, line)
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
	p, err := d.schema.polarity(name, id)
	if err != nil {
		return 0, d.fail(err)
	}
	return p, nil
}

// label reads one <aspectCategory>.
func (d *decoder) label(e xml.StartElement, id string, to *labels) error {
	category, err := d.required(e, "category", id)
	if err != nil {
		return err
	}
	aspect, err := d.schema.aspect(category, id)
	if err != nil {
		return d.fail(err)
	}
	name, err := d.required(e, "polarity", id)
	if err != nil {
		return err
	}
	polarity, err := d.polarity(name, id)
	if err != nil {
		return err
	}
	if !to.set(aspect, polarity, d.line(), d.drop) {
		return d.fail(to.contradiction(d.schema, id, aspect, polarity))
	}
	return nil
}
