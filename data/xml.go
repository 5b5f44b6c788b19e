package data

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// children calls visit for each element inside parent and consumes the end of
// parent. The visitor consumes the end of its element. Comments and processing
// instructions are passed over; text other than white space is an error.
func (d *decoder) children(parent string, visit func(xml.StartElement) error) error {
	for {
		token, err := d.xml.Token()
		if err != nil {
			return d.malformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := visit(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if err := d.blank(t); err != nil {
				return fmt.Errorf("%w inside <%s>", err, parent)
			}
		}
	}
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

func (d *decoder) blank(text xml.CharData) error {
	if s := strings.TrimSpace(string(text)); s != "" {
		return d.errorf("text %.20q", s)
	}
	return nil
}

func (d *decoder) unexpected(e xml.StartElement, parent, want string) error {
	return d.errorf("unexpected <%s> in <%s>, want %s", e.Name.Local, parent, want)
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
func (d *decoder) fail(err error) error { return fmt.Errorf("%s:%d: %w", d.name, d.line(), err) }

// malformed words an error of the XML reader: the file's fault, or the disk's.
func (d *decoder) malformed(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d: malformed XML: %s", d.name, d.before+syntax.Line, syntax.Msg)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s:%d: malformed XML: the file ends early", d.name, d.line())
	}
	return fmt.Errorf("%s:%d: read corpus: %w", d.name, d.line(), err)
}
