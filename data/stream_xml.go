package data

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// pathsToSentences are the elements that a sentence of SemEval XML lies in, by the
// root of the file.
var pathsToSentences = map[string][]string{
	sentencesRoot: {sentencesRoot, "sentence"},
	reviewsRoot:   {reviewsRoot, "Review", "sentences", "sentence"},
}

// semeval reads the sentences of SemEval XML. What is malformed ends the stream, as
// nothing says where XML can be read on.
func (s *stream) semeval() error {
	d := newDecoder(s.name, s.r)
	var now element
	sentences := 0
	var path []string // of the file's sentences, once the root is known
	for {
		token, err := d.token()
		switch {
		case errors.Is(err, io.EOF) && path != nil:
			return nil
		case errors.Is(err, io.EOF):
			return noRoot(s.name)
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if path == nil {
				if path = pathsToSentences[t.Name.Local]; path == nil {
					return d.wrongRoot(t.Name.Local)
				}
			}
			switch {
			case d.depth == 1 && t.Name.Local != path[0]:
				return d.errorf("a second <%s>; a file has one root element, <%s>", short(t.Name.Local), path[0])
			case d.depth <= len(path) && t.Name.Local != path[d.depth-1]:
				return d.unexpected(t, path[d.depth-2], path[d.depth-1])
			case d.depth == len(path):
				sentences++
				now = element{line: d.line(), id: "#" + strconv.Itoa(sentences)}
				if id, ok, err := d.attribute(t, "id"); err != nil {
					return err
				} else if ok && strings.TrimSpace(id) != "" {
					now.id = id
				}
			case d.depth == len(path)+1 && t.Name.Local == "text":
				now.inText = true
			}
		case xml.CharData:
			if now.inText && d.depth == len(path)+1 && now.text.Len() <= longest {
				now.text.Write(t)
			}
		case xml.EndElement:
			now.inText = now.inText && d.depth > len(path)
			if d.depth == len(path)-1 {
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
