package data

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// decoder reads the XML of SemEval: that of task 4 of 2014 (Pontiki et al. 2014),
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
// and that of task 5 of 2015 and 2016 (Pontiki et al. 2015, 2016), with the opinions
// of a sentence, of which a category may have several:
//
//	<Reviews>
//	  <Review rid="1004293">
//	    <sentences>
//	      <sentence id="1004293:0">
//	        <text>Lovely room, slow waiters.</text>
//	        <Opinions>
//	          <Opinion target="room" category="AMBIENCE#GENERAL" polarity="positive" from="7" to="11"/>
//	          <Opinion target="waiters" category="SERVICE#GENERAL" polarity="negative" from="18" to="25"/>
//	        </Opinions>
//	      </sentence>
//	    </sentences>
//	  </Review>
//	</Reviews>
//
// Any list may be missing. What a review or an opinion says besides, its target for
// one, is passed over. Anything else in the file is an error, for a misspelt element
// would otherwise be a label lost in silence.
//
// It words every error of such a file. A corpus that is sound in the usual way
// is read by the scanner, several times faster.
//
// What it holds at a time is bounded: a piece between two tags and a text may
// have 1 MiB, a sentence with its labels 8 MiB, and elements are nested 32 deep
// at most.
type decoder struct {
	name   string
	xml    *xml.Decoder
	input  *bounded
	before int // lines of the file before those that it reads
	depth  int // elements that are open
	root   string
	number int  // of sentences so far
	rooted bool // there was one
	began  int  // line on which the token read last begins
	broken bool // there is no next token

	first int   // line of the sentence that is being read
	until int64 // where it must have ended, 0 outside of one

	// wrong, if not nil, is told of a fault that can be passed over; the element
	// that has it is skipped. Without it the first fault ends the reading.
	wrong  func(error) error
	faults int // that it was told of
}

// deepest is how far elements may be nested.
const deepest = 32

// bounded fails when more bytes are read than are left.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

func newDecoder(name string, r io.Reader) *decoder {
	d := &decoder{name: name, input: &bounded{r: r, left: longest}}
	d.xml = xml.NewDecoder(skipBOM(bufio.NewReader(d.input)))
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
func (d *decoder) decode(use func(Record) error) error {
	for {
		token, err := d.token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if d.root != "" {
				return d.errorf("a second <%s>; a file has one root element, <%s>", short(t.Name.Local), d.root)
			}
			read := d.sentences
			switch d.root = t.Name.Local; d.root {
			case sentencesRoot:
			case reviewsRoot:
				read = d.reviews
			default:
				return d.wrongRoot(t.Name.Local)
			}
			if err := read(use); err != nil {
				return err
			}
		case xml.CharData:
			if err := d.blank(t, " outside <"+cmp.Or(d.root, sentencesRoot)+">"+d.hint()); err != nil {
				return err
			}
		}
	}
	if d.root == "" {
		return noRoot(d.name)
	}
	return nil
}

func (d *decoder) wrongRoot(name string) error {
	return d.errorf("root element is <%s>, want <sentences> (the format of SemEval-2014 task 4) or <Reviews> (of task 5 of 2015 and 2016)", short(name))
}

func noRoot(name string) error {
	return fmt.Errorf("%s: no <sentences> or <Reviews> element; is it a SemEval XML file?", name)
}

// reviews reads the lists of sentences of 2015 and 2016.
func (d *decoder) reviews(use func(Record) error) error {
	return d.children(reviewsRoot, func(e xml.StartElement) error {
		if e.Name.Local != "Review" {
			return d.unexpected(e, reviewsRoot, "Review")
		}
		lists := 0
		return d.children("Review", func(e xml.StartElement) error {
			if e.Name.Local != "sentences" {
				return d.unexpected(e, "Review", "sentences (a text with opinions of the whole of it is not read)")
			}
			if lists++; lists > 1 {
				return d.errorf("a second <sentences>; a review has one")
			}
			return d.sentences(use)
		})
	})
}

func (d *decoder) sentences(use func(Record) error) error {
	end := d.xml.InputOffset() // of the sentence before
	return d.children("sentences", func(e xml.StartElement) error {
		if e.Name.Local != "sentence" {
			return d.unexpected(e, "sentences", "sentence")
		}
		d.number++
		from, faults := end, d.faults
		r, err := d.sentence(e, d.number)
		end = d.xml.InputOffset()
		if err != nil || d.faults > faults {
			return err
		}
		r.From, r.To = from, end
		return use(r)
	})
}

// sentence reads one, the number counted from 1.
func (d *decoder) sentence(e xml.StartElement, number int) (r Record, err error) {
	r.Line, r.number = d.line(), number-1
	d.first, d.until = r.Line, d.xml.InputOffset()+longestSentence
	defer func() { d.until = 0 }()
	if r.ID, err = d.id(e, number); err != nil {
		return r, err
	}
	id := short(r.name())
	faults := d.faults
	seen := map[string]bool{}
	r.opinions = d.root == reviewsRoot
	parts := []string{"text", "aspectTerms", "aspectCategories"}
	if r.opinions {
		parts = []string{"text", "Opinions"}
	}
	err = d.children("sentence", func(e xml.StartElement) error {
		part := e.Name.Local
		if seen[part] {
			return d.errorf("sentence %q: a second <%s>", id, short(part))
		}
		seen[part] = true
		if !slices.Contains(parts, part) {
			return d.unexpected(e, "sentence", strings.Join(parts, ", "))
		}
		switch part {
		case "text":
			text, err := d.text(id)
			r.Text = text
			return err
		case "aspectTerms":
			return d.list(e, "aspectTerm", func(e xml.StartElement) error {
				r.termLines = append(r.termLines, d.line())
				term, err := d.term(e, id)
				r.Terms = append(r.Terms, term)
				return err
			})
		}
		item := "aspectCategory"
		if r.opinions {
			item = "Opinion"
		}
		return d.list(e, item, func(e xml.StartElement) error {
			label, err := d.label(e, id)
			r.Labels = append(r.Labels, label)
			return err
		})
	})
	if err != nil || d.faults > faults {
		return r, err
	}
	if strings.TrimSpace(r.Text) == "" {
		return r, &LineError{d.name, r.Line, fmt.Errorf("sentence %q has no text", id)}
	}
	if err := checkTerms(r); err != nil {
		return r, &LineError{d.name, r.Line, fmt.Errorf("sentence %q: %w", id, err)}
	}
	return r, nil
}

// id returns the id of a sentence, "" where it has none, as in MAMS-ACSA.
func (d *decoder) id(e xml.StartElement, number int) (string, error) {
	id, ok, err := d.attribute(e, "id")
	if err != nil {
		return "", err
	}
	if ok && strings.TrimSpace(id) == "" {
		return "", d.errorf("sentence %d of the file has an empty id", number)
	}
	return id, nil
}

func idTaken(id string, line int) error {
	return fmt.Errorf("sentence id %q is already that of line %d; ids must differ", short(id), line)
}

// text returns the characters up to </text>.
func (d *decoder) text(id string) (string, error) {
	var b strings.Builder
	for {
		token, err := d.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if b.Len()+len(t) > longest {
				return "", d.errorf("sentence %q: a text of more than %d bytes", id, longest)
			}
			b.Write(t)
		case xml.StartElement:
			return "", d.errorf("sentence %q: <%s> inside <text>", id, t.Name.Local)
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

// label reads one <aspectCategory> or <Opinion>.
func (d *decoder) label(e xml.StartElement, id string) (l Label, err error) {
	l.Line = d.line()
	if l.Aspect, err = d.required(e, "category", id); err != nil {
		return l, err
	}
	l.Polarity, err = d.required(e, "polarity", id)
	return l, err
}
