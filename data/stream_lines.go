package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// next returns the next line without its end, which is valid until the next
// call. What a line has more than the longest may is passed over, with errLong.
func (s *stream) next() ([]byte, error) {
	s.line++
	line, err := s.r.ReadSlice('\n')
	s.read += int64(len(line))
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = s.nextLong(line)
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil // the last line has no end
	}
	if err != nil {
		return nil, err
	}
	return withoutEnd(line), nil
}

// withoutEnd is a line without the characters that end it.
func withoutEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// nextLong goes on with a line that fills the buffer.
func (s *stream) nextLong(line []byte) ([]byte, error) {
	s.long = append(s.long[:0], line...)
	size := len(line) // of which long holds what comes first
	for {
		line, err := s.r.ReadSlice('\n')
		size += len(line)
		s.read += int64(len(line))
		if len(s.long) <= longest {
			s.long = append(s.long, line...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case size > len(s.long), len(withoutEnd(s.long)) > longest:
			return nil, errLong
		default:
			return s.long, err
		}
	}
}

// eachLine calls use for every line that is not too long.
func (s *stream) eachLine(use func(line []byte) error) error {
	for {
		line, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong):
			err = s.refuse(s.line, strconv.Itoa(s.line), err)
		case err == nil:
			err = use(line)
		}
		if err != nil {
			return err
		}
	}
}

// text reads a sentence per line. A blank line is a sentence that says nothing,
// so that lines in and answers out correspond.
func (s *stream) text() error {
	return s.eachLine(func(line []byte) error {
		return s.give(s.line, strconv.Itoa(s.line), string(line))
	})
}

// jsonl reads an object per line and passes over blank lines.
func (s *stream) jsonl() error {
	return s.eachLine(func(line []byte) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		o, err := s.parseObject(line)
		if o.id == "" {
			o.id = strconv.Itoa(s.line)
		}
		if err != nil {
			return s.refuse(s.line, o.id, err)
		}
		return s.giveOf(s.line, o.id, o.group, o.text)
	})
}

// object is what is read of a line of JSON.
type object struct{ id, group, text string }

// parseObject reads the id, "" without one, the group and the text of an object.
func (s *stream) parseObject(line []byte) (o object, err error) {
	if err := checkUTF8(string(line)); err != nil {
		return o, err
	}
	var fields map[string]json.RawMessage
	var wrong *json.UnmarshalTypeError
	key := s.o.textColumn()
	switch err := json.Unmarshal(line, &fields); {
	case errors.As(err, &wrong):
		return o, fmt.Errorf("a JSON %s, want an object with %q", wrong.Value, key)
	case err != nil:
		return o, fmt.Errorf("malformed JSON: %w", err)
	}
	if o.id, err = name("id", fields["id"]); err != nil {
		return o, err
	}
	if s.o.GroupBy != "" {
		if o.group, err = name(s.o.GroupBy, fields[s.o.GroupBy]); err != nil {
			return o, err
		}
		if o.group == "" {
			return o, fmt.Errorf("no %q to group by", s.o.GroupBy)
		}
	}
	var text *string
	if raw := fields[key]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &text); errors.As(err, &wrong) {
			return o, fmt.Errorf("%q is a JSON %s, want text", key, wrong.Value)
		} else if err != nil {
			return o, fmt.Errorf("%q: %w", key, err)
		}
	}
	if text == nil {
		return o, fmt.Errorf("no %q", key)
	}
	o.text = *text
	return o, nil
}

// name reads a text or a number that names something, "" where there is none.
func name(key string, raw json.RawMessage) (text string, err error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", fmt.Errorf("%q: %w", key, err)
		}
		return text, nil
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return string(raw), nil
	}
	return "", fmt.Errorf("%q is neither text nor a number", key)
}

// clean returns the text without control characters but, if lines, those that end
// lines. It refuses what is not text: NUL characters and bytes that are not UTF-8.
func clean(text string, lines bool) (string, error) {
	if err := checkUTF8(text); err != nil {
		return "", err
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", fmt.Errorf("byte %d is NUL: this is not text, or not UTF-8", at+1)
	}
	return strings.Map(func(r rune) rune {
		if lines && r == '\n' {
			return r
		}
		return space(r)
	}, text), nil
}

// spaced has a space in place of each control character, tabs apart.
func spaced(text string) string { return strings.Map(space, text) }

func space(r rune) rune {
	if r != '\t' && unicode.IsControl(r) {
		return ' '
	}
	return r
}

func checkUTF8(text string) error {
	if utf8.ValidString(text) {
		return nil
	}
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return fmt.Errorf("byte %d (0x%02x) is not UTF-8", at+1, text[at])
}
