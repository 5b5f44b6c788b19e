package data

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvHeader has the names of the columns of a CSV file. Empty ones at its end,
// as a spreadsheet leaves them, are no columns.
type csvHeader struct {
	names []string
	at    map[string]int // by name
	width int            // fields of a record, the empty ones at the end included
	line  int            // where the header begins
}

// header reads the first record that is not blank; nil without one. An error is
// a *LineError.
func (s *stream) header() (*csvHeader, error) {
	for {
		line := s.line + 1
		fields, err := s.record()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, &LineError{s.name, line, fmt.Errorf("the header: %w", err)}
		case strings.Join(fields, "") == "":
			continue
		}
		h := &csvHeader{names: fields, at: make(map[string]int, len(fields)), width: len(fields), line: line}
		for h.names[len(h.names)-1] == "" {
			h.names = h.names[:len(h.names)-1]
		}
		for i, name := range h.names {
			if _, twice := h.at[name]; twice && name != "" {
				return nil, &LineError{s.name, line, fmt.Errorf("column %q stands twice; rename one", short(name))}
			}
			h.at[name] = i
		}
		return h, nil
	}
}

// column is the place of a column, -1 if there is none.
func (h *csvHeader) column(name string) int {
	if at, ok := h.at[name]; ok && name != "" {
		return at
	}
	return -1
}

// fit refuses a record that has other columns than the header.
func (h *csvHeader) fit(fields []string) error {
	if len(fields) != h.width {
		return fmt.Errorf("%d fields, want the %d of the header; a text with a comma or a quote stands in quotes", len(fields), h.width)
	}
	beyond := fields[len(h.names):]
	if i := slices.IndexFunc(beyond, func(field string) bool { return !blank([]byte(field)) }); i >= 0 {
		return fmt.Errorf("field %d is %q, and its column has no name; name the column or empty it", len(h.names)+i+1, short(beyond[i]))
	}
	return nil
}

// String lists the first columns.
func (h *csvHeader) String() string {
	const most = 10
	var names []string
	for _, name := range h.names[:min(most, len(h.names))] {
		names = append(names, fmt.Sprintf("%q", short(name)))
	}
	if more := len(h.names) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
