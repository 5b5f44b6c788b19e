package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// csv reads records (RFC 4180) under a header, whose columns are told apart by
// name. The column "id" is taken where there is one.
func (s *stream) csv() error {
	h, err := s.header()
	if h == nil || err != nil {
		return err
	}
	column := s.o.textColumn()
	text, id, group := h.column(column), h.column("id"), h.column(s.o.GroupBy)
	switch {
	case text < 0:
		return &LineError{s.name, h.line, fmt.Errorf("no column %q (columns: %s); name the one with the text", column, h)}
	case s.o.GroupBy != "" && group < 0:
		return &LineError{s.name, h.line, fmt.Errorf("no column %q to group by (columns: %s)", s.o.GroupBy, h)}
	}
	for {
		line := s.line + 1
		fields, err := s.record()
		name := strconv.Itoa(line)
		if id >= 0 && id < len(fields) && fields[id] != "" {
			name = fields[id]
		}
		var read readError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &read):
			return read.error
		case err == nil && len(fields) > 0:
			err = h.fit(fields)
		}
		switch {
		case err != nil:
			err = s.refuse(line, name, err)
		case len(fields) > 0:
			of := ""
			if group >= 0 {
				of = fields[group]
			}
			err = s.giveOf(line, name, of, fields[text])
		}
		if err != nil {
			return err
		}
	}
}

// readError is one that the input itself gave: there is no next record.
type readError struct{ error }

// record returns the fields of the next record, none of a blank line. Only a
// field in quotes spans lines; one that is not closed within the longest record
// takes its lines with it.
func (s *stream) record() ([]string, error) {
	var record strings.Builder
	open, first := false, s.line+1
	for {
		line, err := s.next()
		switch {
		case errors.Is(err, io.EOF) && record.Len() > 0, errors.Is(err, errLong) && open,
			err == nil && record.Len()+len(line) > longest:
			return nil, fmt.Errorf("a quote is not closed up to line %d, passed over", s.line)
		case errors.Is(err, io.EOF), errors.Is(err, errLong):
			return nil, err
		case err != nil:
			return nil, readError{err}
		}
		record.Write(line)
		record.WriteByte('\n')
		if open = quoted(line, open); !open {
			break
		}
	}
	if strings.TrimSpace(record.String()) == "" {
		return nil, nil
	}
	if err := checkUTF8(record.String()); err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(record.String()))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	var at *csv.ParseError
	if errors.As(err, &at) {
		return nil, fmt.Errorf("malformed CSV in line %d: %w", first+at.Line-1, at.Err)
	}
	return fields, err
}

// quoted says whether a field in quotes goes on after a line, which begins
// inside one if open. A quote opens a field only as its first character.
func quoted(line []byte, open bool) bool {
	begins := true // of a field
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case open && c == '"' && i+1 < len(line) && line[i+1] == '"':
			i++ // a quote in the text
		case open && c == '"':
			open = false
		case open:
		case c == '"' && begins:
			open = true
		default:
			begins = c == ','
			continue
		}
		begins = false
	}
	return open
}
