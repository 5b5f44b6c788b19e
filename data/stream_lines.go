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
		id, text, err := parseObject(line)
		if id == "" {
			id = strconv.Itoa(s.line)
		}
		if err != nil {
			return s.refuse(s.line, id, err)
		}
		return s.give(s.line, id, text)
	})
}

// parseObject reads the id, "" without one, and the text of an object.
func parseObject(line []byte) (id, text string, err error) {
	if err := checkUTF8(string(line)); err != nil {
		return "", "", err
	}
	var o struct {
		ID   json.RawMessage `json:"id"`
		Text *string         `json:"text"`
	}
	err = json.Unmarshal(line, &o)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return "", "", fmt.Errorf("a JSON %s, want an object with \"text\"", wrong.Value)
	case errors.As(err, &wrong):
		err = fmt.Errorf("%q is a JSON %s, want text", wrong.Field, wrong.Value)
	case err != nil:
		return "", "", fmt.Errorf("malformed JSON: %w", err)
	case o.Text == nil:
		err = errors.New(`no "text"`)
	default:
		text = *o.Text
	}
	switch {
	case len(o.ID) == 0 || string(o.ID) == "null":
	case o.ID[0] == '"':
		if bad := json.Unmarshal(o.ID, &id); bad != nil {
			return "", "", fmt.Errorf(`"id": %w`, bad)
		}
	case o.ID[0] == '-' || '0' <= o.ID[0] && o.ID[0] <= '9':
		id = string(o.ID)
	default:
		err = errors.New(`"id" is neither text nor a number`)
	}
	return id, text, err
}

// clean returns the text without control characters. It refuses what is not
// text: NUL characters and bytes that are not UTF-8.
func clean(text string) (string, error) {
	if err := checkUTF8(text); err != nil {
		return "", err
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", fmt.Errorf("byte %d is NUL: this is not text, or not UTF-8", at+1)
	}
	return spaced(text), nil
}

// spaced has a space in place of each control character, tabs apart.
func spaced(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
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
