package data

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"absa/configs"
)

// csv reads a corpus as CSV (RFC 4180) under a header, whose columns are told
// apart by name. In the wide form each column but text and id is an aspect, and
// a cell is its polarity or empty:
//
//	id,text,food,service
//	813,All the salads were fabulous.,positive,
//
// A header with aspect and polarity is the long form, as absa predict writes it:
// a record for each label, those of one sentence (of one id, or without ids of
// one text) in a row. Its other columns are passed over.
func (s *recordReader) csv() error {
	t, err := s.table()
	if t == nil || err != nil {
		return err
	}
	for {
		line := s.line + 1
		fields, err := s.record()
		var failed readError
		blank := err == nil && strings.Join(fields, "") == ""
		switch {
		case errors.Is(err, io.EOF):
			return t.flush()
		case errors.As(err, &failed):
			return &LineError{s.name, s.line, fmt.Errorf("read corpus: %w", failed.error)}
		case blank: // as a spreadsheet leaves it
		case err == nil && t.long():
			err = t.label(line, fields)
		case err == nil:
			err = t.sentence(line, fields)
		}
		if err != nil && !errors.Is(err, errStopped) {
			err = s.refuse(line, err)
		}
		if err != nil {
			return err
		}
		if !t.long() && !blank {
			s.number++
		}
	}
}

// table is a CSV file that is being read. Columns that it lacks are -1.
type table struct {
	*recordReader
	*csvHeader
	id, text         int
	aspect, polarity int
	columns          []int // of aspects

	now  *Record // of the long form: more labels may follow
	size int64   // bytes of its records
	from int64   // where the next sentence begins, or the space before it
}

func (t *table) long() bool { return t.aspect >= 0 && t.polarity >= 0 }

// table reads the header; nil without one.
func (s *recordReader) table() (*table, error) {
	h, err := s.header()
	if h == nil || err != nil {
		return nil, err
	}
	t := &table{recordReader: s, csvHeader: h, from: s.read,
		id: h.column("id"), text: h.column("text"), aspect: h.column("aspect"), polarity: h.column("polarity")}
	if t.text < 0 {
		return nil, &LineError{s.name, h.line, fmt.Errorf("no column %q (columns: %s); name the one with the sentences so", "text", h)}
	}
	for i, name := range h.names {
		var wrong error
		switch {
		case t.long() || i == t.id || i == t.text:
			continue
		case name == "":
			wrong = fmt.Errorf("column %d has no name; name it or take it out", i+1)
		case s.columns != nil:
			if at, _ := s.columns.find([]byte(name)); at == unmapped {
				wrong = unknownColumn(name, s.columns.aspects)
			}
		}
		if wrong == nil {
			t.columns = append(t.columns, i)
			if s.column != nil {
				s.column(name)
			}
		} else if err := s.refuse(h.line, wrong); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func unknownColumn(name string, aspects []string) error {
	hint := ""
	if near := configs.NearestName(name, append([]string{"id", "text"}, aspects...)); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return &UnmappedError{fmt.Errorf("column %q is neither id, text nor in data.aspects (%s); add it there, map it by data.categories, rename it or take it out%s",
		short(name), strings.Join(aspects, ", "), hint)}
}

// begin checks what records of both forms have, and returns id and text.
func (t *table) begin(fields []string) (id, text string, err error) {
	if err := t.fit(fields); err != nil {
		return "", "", err
	}
	for i, field := range fields[:len(t.names)] {
		if strings.IndexByte(field, 0) >= 0 {
			return "", "", checkNUL(fmt.Sprintf("column %q", short(t.names[i])), field)
		}
	}
	if t.id >= 0 && !blank([]byte(fields[t.id])) {
		id = fields[t.id]
	}
	text = fields[t.text]
	if blank([]byte(text)) {
		return "", "", named(&sentenceError{id, " has no text"}, t.number)
	}
	return id, text, nil
}

// sentence reads a record of the wide form.
func (t *table) sentence(line int, fields []string) error {
	id, text, err := t.begin(fields)
	if err != nil {
		return err
	}
	r := Record{ID: id, Text: text, Line: line, From: t.from, To: t.read, number: t.number}
	t.from = t.read
	for _, i := range t.columns {
		if polarity := strings.TrimSpace(fields[i]); polarity != "" {
			r.Labels = append(r.Labels, Label{Aspect: t.names[i], Polarity: polarity, Line: line, Column: t.names[i]})
		}
	}
	return t.give(r)
}

// label reads a record of the long form.
func (t *table) label(line int, fields []string) error {
	id, text, err := t.begin(fields)
	if err != nil {
		return err
	}
	if t.now == nil || id != t.now.ID || id == "" && text != t.now.Text {
		if err := t.flush(); err != nil {
			return err
		}
		t.now, t.size = &Record{ID: id, Text: text, Line: line, From: t.from, number: t.number}, 0
		t.number++
	}
	if text != t.now.Text {
		return fmt.Errorf("sentence id %q has another text on line %d; ids must differ", short(id), t.now.Line)
	}
	t.size += t.read - t.from
	t.from = t.read
	t.now.To = t.read
	if t.size > longestSentence {
		return fmt.Errorf("sentence %q on line %d: %w", short(t.now.name()), t.now.Line, errLongSentence)
	}
	l := Label{Aspect: strings.TrimSpace(fields[t.aspect]), Polarity: strings.TrimSpace(fields[t.polarity]), Line: line}
	switch {
	case l.Aspect == "" && l.Polarity == "":
		return nil
	case l.Aspect == "" || l.Polarity == "":
		return fmt.Errorf("sentence %q: aspect %q has polarity %q; give both, or neither where the sentence has no label", short(t.now.name()), short(l.Aspect), short(l.Polarity))
	}
	t.now.Labels = append(t.now.Labels, l)
	return nil
}

// flush gives the sentence of the long form that is complete.
func (t *table) flush() error {
	if t.now == nil {
		return nil
	}
	r := *t.now
	t.now = nil
	return t.give(r)
}
