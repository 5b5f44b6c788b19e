package data

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// children calls visit for each element inside parent and consumes the end of
// parent. The visitor consumes the end of its element. Comments and processing
// instructions are passed over; text other than white space is an error.
func (d *decoder) children(parent string, visit func(xml.StartElement) error) error {
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth := d.depth
			if err := visit(t); err != nil {
				if err := d.pass(err, depth); err != nil {
					return err
				}
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if err := d.blank(t, " inside <"+parent+">"); err != nil {
				if err := d.pass(err, d.depth+1); err != nil {
					return err
				}
			}
		}
	}
}

// pass tells of a fault and skips what is left of the element that was opened at
// a depth. It returns the error if that is none to pass over.
func (d *decoder) pass(err error, depth int) error {
	var fault *LineError
	if d.wrong == nil || d.broken || !errors.As(err, &fault) {
		return err
	}
	d.faults++
	if err := d.wrong(err); err != nil {
		return err
	}
	for d.depth >= depth {
		if _, err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

// token returns the next token, or io.EOF after the last one.
func (d *decoder) token() (xml.Token, error) {
	d.input.left = longest
	d.began = d.line()
	token, err := d.xml.Token()
	if err != nil {
		d.broken = true
		if errors.Is(err, io.EOF) && d.depth == 0 {
			return nil, io.EOF
		}
		return nil, d.malformed(err)
	}
	if d.until > 0 && d.xml.InputOffset() > d.until {
		d.broken = true
		return nil, &LineError{d.name, d.first, errLongSentence}
	}
	switch token.(type) {
	case xml.StartElement:
		d.rooted = true
		if d.depth++; d.depth > deepest {
			d.broken = true
			return nil, d.errorf("elements are nested more than %d deep", deepest)
		}
	case xml.EndElement:
		d.depth--
	}
	return token, nil
}

// next is token where the file must go on.
func (d *decoder) next() (xml.Token, error) {
	token, err := d.token()
	if err == io.EOF {
		return nil, d.malformed(err)
	}
	return token, err
}

// list calls visit for each item of a list of empty elements.
func (d *decoder) list(parent xml.StartElement, item string, visit func(xml.StartElement) error) error {
	return d.children(parent.Name.Local, func(e xml.StartElement) error {
		if e.Name.Local != item {
			return d.unexpected(e, parent.Name.Local, item)
		}
		if err := visit(e); err != nil {
			return err
		}
		return d.children(item, func(inner xml.StartElement) error {
			return d.unexpected(inner, item, "nothing")
		})
	})
}

// attribute returns the value of an attribute and whether it is there.
func (d *decoder) attribute(e xml.StartElement, name string) (value string, ok bool, err error) {
	for _, a := range e.Attr {
		if a.Name.Local != name || a.Name.Space != "" {
			continue
		}
		if ok {
			return "", false, d.errorf("<%s> has two attributes %s", e.Name.Local, name)
		}
		value, ok = a.Value, true
	}
	return value, ok, nil
}

// required is attribute for one that may be neither missing nor empty.
func (d *decoder) required(e xml.StartElement, name, id string) (string, error) {
	value, _, err := d.attribute(e, name)
	if err == nil && value == "" {
		err = d.errorf("sentence %q: <%s> has no %s", id, e.Name.Local, name)
	}
	return value, err
}

// blank refuses text that is more than white space.
func (d *decoder) blank(text xml.CharData, where string) error {
	s := strings.TrimLeftFunc(string(text), unicode.IsSpace)
	if s == "" {
		return nil
	}
	line := d.began + strings.Count(string(text[:len(text)-len(s)]), "\n")
	return &LineError{d.name, line, fmt.Errorf("text %.20q%s", strings.TrimSpace(s), where)}
}

// hint says what a corpus is where a file has not begun like one.
func (d *decoder) hint() string {
	if d.rooted {
		return ""
	}
	return "; a corpus is XML of SemEval, an object of JSON in each line, or CSV in a file named so (.csv)"
}

func (d *decoder) unexpected(e xml.StartElement, parent, want string) error {
	return d.errorf("unexpected <%s> in <%s>, want %s", short(e.Name.Local), parent, want)
}

// line is that of the end of the token read last.
func (d *decoder) line() int {
	line, _ := d.xml.InputPos()
	return d.before + line
}

func (d *decoder) errorf(format string, args ...any) error {
	return d.fail(fmt.Errorf(format, args...))
}

// fail says where an error is.
func (d *decoder) fail(err error) error { return &LineError{d.name, d.line(), err} }

// malformed words an error of the XML reader: the file's fault, or the disk's.
func (d *decoder) malformed(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errLong):
		return &LineError{d.name, d.began, fmt.Errorf("a piece of XML that is longer than %d bytes%s", longest, d.hint())}
	case errors.As(err, &syntax):
		return &LineError{d.name, d.before + syntax.Line, fmt.Errorf("malformed XML: %s", syntax.Msg)}
	case errors.Is(err, io.EOF):
		return d.errorf("malformed XML: the file ends early")
	}
	return d.errorf("read corpus: %w", err)
}
