package data

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// deepest is how far elements may be nested.
const deepest = 32

// semeval reads the sentences of SemEval-2014 XML. What is malformed ends the
// stream, as nothing says where XML can be read on.
func (s *stream) semeval() error {
	input := &bounded{r: s.r}
	d := newDecoder(s.name, input)
	var now element
	depth, sentences, found := 0, 0, false
	for {
		input.left = longest
		token, err := d.xml.Token()
		switch {
		case errors.Is(err, io.EOF) && found:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: no <sentences> element; is it a SemEval-2014 XML file?", s.name)
		case errors.Is(err, errLong):
			return d.errorf("a piece of XML that is longer than %d bytes", longest)
		case err != nil:
			return d.malformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case depth > deepest:
				return d.errorf("elements are nested more than %d deep", deepest)
			case depth == 1 && t.Name.Local != "sentences":
				return d.errorf("root element is <%s>, want <sentences> (the format of SemEval-2014 task 4)", t.Name.Local)
			case depth == 1:
				found = true
			case depth == 2 && t.Name.Local != "sentence":
				return d.unexpected(t, "sentences", "sentence")
			case depth == 2:
				sentences++
				now = element{line: d.line(), id: "#" + strconv.Itoa(sentences)}
				if id, ok, err := d.attribute(t, "id"); err != nil {
					return err
				} else if ok {
					now.id = id
				}
			case depth == 3 && t.Name.Local == "text":
				now.inText = true
			}
		case xml.CharData:
			if now.inText && depth == 3 && now.text.Len() <= longest {
				now.text.Write(t)
			}
		case xml.EndElement:
			depth--
			now.inText = now.inText && depth > 2
			if depth == 1 {
				if err := now.give(s); err != nil {
					return err
				}
			}
		}
	}
}

// element is a <sentence> that is being read.
type element struct {
	line   int
	id     string
	text   strings.Builder
	inText bool
}

func (e *element) give(s *stream) error {
	switch {
	case e.text.Len() > longest:
		return s.refuse(e.line, e.id, errLong)
	case strings.TrimSpace(e.text.String()) == "":
		return s.refuse(e.line, e.id, fmt.Errorf("sentence %q has no text", e.id))
	}
	return s.give(e.line, e.id, e.text.String())
}

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
