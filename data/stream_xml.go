package data

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// semeval reads the sentences of SemEval-2014 XML. What is malformed ends the
// stream, as nothing says where XML can be read on.
func (s *stream) semeval() error {
	d := newDecoder(s.name, s.r)
	var now element
	sentences, found := 0, false
	for {
		token, err := d.token()
		switch {
		case errors.Is(err, io.EOF) && found:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: no <sentences> element; is it a SemEval-2014 XML file?", s.name)
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case d.depth == 1 && t.Name.Local != "sentences":
				return d.errorf("root element is <%s>, want <sentences> (the format of SemEval-2014 task 4)", t.Name.Local)
			case d.depth == 1:
				found = true
			case d.depth == 2 && t.Name.Local != "sentence":
				return d.unexpected(t, "sentences", "sentence")
			case d.depth == 2:
				sentences++
				now = element{line: d.line(), id: "#" + strconv.Itoa(sentences)}
				if id, ok, err := d.attribute(t, "id"); err != nil {
					return err
				} else if ok && strings.TrimSpace(id) != "" {
					now.id = id
				}
			case d.depth == 3 && t.Name.Local == "text":
				now.inText = true
			}
		case xml.CharData:
			if now.inText && d.depth == 3 && now.text.Len() <= longest {
				now.text.Write(t)
			}
		case xml.EndElement:
			now.inText = now.inText && d.depth > 2
			if d.depth == 1 {
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
