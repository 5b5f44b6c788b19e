package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// lineReader reads one line of a corpus as JSON:
//
//	{"id": "813", "text": "All the salads were fabulous.", "labels": {"food": "positive"}}
//
// The id may be left out, and so may labels. Anything else is an error, for a
// misspelt key would otherwise be a label lost in silence. Empty lines are
// passed over.
type lineReader struct {
	*worker
	b    []byte
	at   int
	line int // of the piece, from 1
	id   []byte
	text []byte
}

// scanJSONL makes a part of whole lines of a file.
func (w *worker) scanJSONL(b []byte) *part {
	p := w.begin()
	p.newline = bytes.Count(b, []byte("\n"))
	line := 0
	for text := range bytes.Lines(b) {
		line++
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		r := lineReader{worker: w, b: text, line: line}
		if err := r.sentence(); err != nil {
			p.wrong, p.wrongLine = err, line
			break
		}
		w.add(p, r.id, r.text, line)
	}
	return p
}

func (r *lineReader) sentence() error {
	r.labels.reset()
	var labels int // where the value of labels begins; the id may come after it
	err := r.object(func(key []byte) (err error) {
		switch {
		case string(key) == "id" && r.id == nil:
			if r.id, err = r.string("id"); err == nil && blank(r.id) {
				err = errors.New("the id is empty")
			}
		case string(key) == "text" && r.text == nil:
			r.text, err = r.string("text")
		case string(key) == "labels" && labels == 0:
			labels = r.at
			err = r.object(func([]byte) error { _, err := r.string("a polarity"); return err })
		case string(key) == "id" || string(key) == "text" || string(key) == "labels":
			return fmt.Errorf("%q stands twice", key)
		default:
			return fmt.Errorf("unexpected key %q, want id, text, labels", key)
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.at < len(r.b) {
		return fmt.Errorf("malformed JSON: %.20q after the end of the object", r.b[r.at:])
	}
	if blank(r.text) {
		return fmt.Errorf("sentence %q has no text", r.id)
	}
	if labels == 0 {
		return nil
	}
	r.at = labels
	return r.object(r.label)
}

// label reads the polarity of an aspect.
func (r *lineReader) label(key []byte) error {
	value, err := r.string("a polarity")
	if err != nil {
		return err
	}
	aspect, polarity := position(r.schema.Aspects, key), position(r.schema.Polarities, value)
	if aspect < 0 {
		_, err = r.schema.aspect(string(key), string(r.id))
		return err
	}
	if polarity < 0 {
		_, err = r.schema.polarity(string(value), string(r.id))
		return err
	}
	if !r.labels.set(aspect, polarity, r.line, r.drop) {
		return fmt.Errorf("sentence %q: %s is %s and %s; correct the file, or set data.contradictions to drop to train without this label",
			r.id, key, r.schema.Polarities[r.labels.polarity[aspect]], value)
	}
	return nil
}

// object reads { "key": value, ... }, its values by read.
func (r *lineReader) object(read func(key []byte) error) error {
	if !r.mark('{') {
		return r.malformed("an object")
	}
	if r.mark('}') {
		return nil
	}
	for {
		key, err := r.string("a key")
		if err != nil {
			return err
		}
		if !r.mark(':') {
			return r.malformed("a colon")
		}
		if err := read(key); err != nil {
			return err
		}
		switch {
		case r.mark('}'):
			return nil
		case !r.mark(','):
			return r.malformed("a comma or the end of the object")
		}
	}
}

// string reads a string and the space around it.
func (r *lineReader) string(what string) ([]byte, error) {
	r.space()
	if r.at == len(r.b) || r.b[r.at] != '"' {
		return nil, r.malformed(what + " in quotes")
	}
	from := r.at
	escaped, high := false, false
	for r.at++; r.at < len(r.b) && r.b[r.at] != '"'; r.at++ {
		switch c := r.b[r.at]; {
		case c == '\\':
			escaped = true
			r.at++
		case c >= utf8.RuneSelf:
			high = true
		case c < ' ':
			return nil, r.malformed("no control character in a string")
		}
	}
	if r.at >= len(r.b) {
		return nil, errors.New("malformed JSON: a string has no end")
	}
	r.at++
	raw := r.b[from:r.at]
	r.space()
	if high && !utf8.Valid(raw) {
		return nil, errors.New("malformed JSON: invalid UTF-8")
	}
	if !escaped {
		return raw[1 : len(raw)-1 : len(raw)-1], nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, fmt.Errorf("malformed JSON: %w", err)
	}
	return []byte(text), nil
}

// mark passes a mark and the space around it, if it comes next.
func (r *lineReader) mark(c byte) bool {
	r.space()
	if r.at == len(r.b) || r.b[r.at] != c {
		return false
	}
	r.at++
	r.space()
	return true
}

func (r *lineReader) space() {
	for r.at < len(r.b) && (r.b[r.at] == ' ' || r.b[r.at] == '\t' || r.b[r.at] == '\r') {
		r.at++
	}
}

func (r *lineReader) malformed(want string) error {
	if r.at >= len(r.b) {
		return fmt.Errorf("malformed JSON: the line ends early, want %s", want)
	}
	return fmt.Errorf("malformed JSON: %.20q, want %s", r.b[r.at:], want)
}
