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
// The id, text or a number, may be left out, and so may labels. Beside labels
// other keys are passed over; without labels they are an error, for a misspelt
// "labels" would otherwise be lost in silence. Empty lines are passed over.
type lineReader struct {
	b      []byte
	at     int
	id     []byte
	text   []byte
	labels int    // where their value begins, 0 if there is none; the id may come after it
	other  []byte // the first key that is none of these
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
		w.labels.reset()
		r := lineReader{b: text}
		err := r.sentence()
		if err == nil {
			err = r.eachLabel(func(aspect, polarity []byte) error { return w.label(&r, aspect, polarity, line) })
		}
		if err == nil && len(w.labels.finish(w.drop)) > 0 {
			err = w.labels.contradictions(string(r.id), func(_ int, err error) error { return err })
		}
		if err != nil {
			p.wrong, p.wrongLine = err, line
			break
		}
		w.add(p, r.id, r.text, line)
	}
	return p
}

// label gathers a label of the sentence at hand.
func (w *worker) label(r *lineReader, key, value []byte, line int) error {
	aspect, led := w.labels.mapping.find(key)
	polarity := position(w.schema.Polarities, value)
	if aspect >= 0 && polarity >= 0 && w.labels.set(aspect, polarity, line, led, w.drop) {
		return nil
	}
	// What is wrong is worded as for other formats.
	return w.labels.resolveOne(Label{Aspect: string(key), Polarity: string(value), Line: line}, string(r.id), false, w.drop)
}

// sentence reads a line but for the labels, which eachLabel reads then.
func (r *lineReader) sentence() error {
	if len(r.b) > longest {
		return errLong
	}
	err := r.object(func(key []byte) (err error) {
		switch {
		case string(key) == "id" && r.id == nil:
			r.id, err = r.readID()
		case string(key) == "text" && r.text == nil:
			r.text, err = r.string("text")
		case string(key) == "labels" && r.labels == 0:
			r.labels = r.at
			err = r.object(func([]byte) error { _, err := r.string("a polarity"); return err })
		case string(key) == "id" || string(key) == "text" || string(key) == "labels":
			return fmt.Errorf("%q stands twice", key)
		default:
			if r.other == nil {
				r.other = key
			}
			_, err = r.value()
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.other != nil && r.labels == 0 {
		return fmt.Errorf("unexpected key %q, want id, text, labels; others may stand beside labels only", short(string(r.other)))
	}
	if r.at < len(r.b) {
		return fmt.Errorf("malformed JSON: %.20q after the end of the object", r.b[r.at:])
	}
	if blank(r.text) {
		return &sentenceError{string(r.id), " has no text"}
	}
	return errors.Join(checkNUL("the id", r.id), checkNUL("the text", r.text))
}

// readID reads the id: text, a number as it is written, or null for none.
func (r *lineReader) readID() ([]byte, error) {
	if r.space(); r.at < len(r.b) && r.b[r.at] != '"' {
		id, err := r.value()
		switch {
		case err != nil:
			return nil, err
		case string(id) == "null":
			return nil, nil
		case id[0] == '-' || '0' <= id[0] && id[0] <= '9':
			return id, nil
		}
		return nil, errors.New(`"id" is neither text nor a number`)
	}
	id, err := r.string("id")
	if err == nil && blank(id) {
		err = errors.New("the id is empty")
	}
	return id, err
}

// value reads a value of any kind and the space around it.
func (r *lineReader) value() (json.RawMessage, error) {
	var value json.RawMessage
	d := json.NewDecoder(bytes.NewReader(r.b[r.at:]))
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("malformed JSON: %w", err)
	}
	r.at += int(d.InputOffset())
	r.space()
	return value, nil
}

// eachLabel yields the labels of a sentence that was read.
func (r *lineReader) eachLabel(use func(aspect, polarity []byte) error) error {
	if r.labels == 0 {
		return nil
	}
	r.at = r.labels
	return r.object(func(key []byte) error {
		value, err := r.string("a polarity")
		if err != nil {
			return err
		}
		return use(key, value)
	})
}

// checkNUL refuses NUL characters, which no text has.
func checkNUL[T string | []byte](what string, text T) error {
	for i := range len(text) {
		if text[i] == 0 {
			return fmt.Errorf("byte %d of %s is NUL: this is not text", i+1, what)
		}
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
