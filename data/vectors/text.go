package vectors

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// readText reads GloVe's text: per line a word and D numbers, separated by
// spaces or tabs. A first line of two positive integers is word2vec's header
// (words, dimension), and then binding. Words may contain spaces, as a few of
// GloVe 840B do: the last D fields are the vector. Only ASCII separates: words
// with a no-break space exist.
func readText(name string, in *bufio.Reader, add func(word []byte, row []float32) error) error {
	r := textReader{}
	var line int64
	for {
		raw, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%s:%d: a line of more than %d bytes: %w", name, line+1, in.Size(), ErrFormat)
		case err != nil && err != io.EOF:
			return fmt.Errorf("%s:%d: read: %w", name, line+1, err)
		}
		last := err == io.EOF
		line++
		if line == 1 {
			raw = bytes.TrimPrefix(raw, []byte(bom))
		}
		if err := r.line(bytes.TrimRight(raw, " \t\r\n"), line == 1, add); err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if last {
			break
		}
	}
	switch {
	case r.entries == 0:
		return fmt.Errorf("read %s: no vectors in it: %w", name, ErrFormat)
	case r.announced > 0 && r.entries != r.announced:
		return fmt.Errorf("read %s: %d vectors, its first line announces %d (is the file complete?)", name, r.entries, r.announced)
	}
	return nil
}

// textReader is what the lines before tell about the next one.
type textReader struct {
	dimension int   // 0: not known yet
	announced int64 // vectors by the header; 0: no header
	entries   int64
	fields    [][]byte
	row       []float32
}

// line reads one line without its end. Blank lines are passed over.
func (r *textReader) line(raw []byte, first bool, add func(word []byte, row []float32) error) error {
	if len(raw) == 0 {
		return nil
	}
	r.fields = splitFields(r.fields[:0], raw)
	if first {
		if words, dimension, ok := headerLine(r.fields); ok {
			if dimension < minDimension || dimension > maxDimension {
				return fmt.Errorf("header: dimension %d, want %d to %d: %w", dimension, minDimension, maxDimension, ErrFormat)
			}
			r.announced, r.dimension = words, int(dimension)
			return nil
		}
	}
	if raw[0] == ' ' || raw[0] == '\t' {
		return fmt.Errorf("a line without a word in front")
	}
	if r.dimension == 0 {
		if len(r.fields)-1 < minDimension {
			return fmt.Errorf("%d numbers after the word, want at least %d: %w", len(r.fields)-1, minDimension, ErrFormat)
		}
		if !isNumber(r.fields[1]) {
			return fmt.Errorf("%.40q after the word, want a number: %w", r.fields[1], ErrFormat)
		}
		r.dimension = len(r.fields) - 1
	}
	extra := len(r.fields) - 1 - r.dimension // fields of the word after its first
	if extra < 0 || extra > 0 && isNumber(r.fields[extra]) {
		return fmt.Errorf("word %.40q has dimension %d, want %d as in the lines before", r.fields[0], len(r.fields)-1, r.dimension)
	}
	word := raw[:len(r.fields[0])]
	if extra > 0 {
		word = bytes.Join(r.fields[:extra+1], []byte(" "))
	}
	r.row = r.row[:0]
	for i, field := range r.fields[extra+1:] {
		v, err := parseValue(field)
		if err != nil {
			return fmt.Errorf("word %.40q, value %d of %d: %w", word, i+1, r.dimension, err)
		}
		r.row = append(r.row, v)
	}
	r.entries++
	return add(word, r.row)
}

// splitFields appends the parts of line between spaces and tabs to fields.
func splitFields(fields [][]byte, line []byte) [][]byte {
	from := -1
	for i, c := range line {
		switch {
		case c == ' ' || c == '\t':
			if from >= 0 {
				fields = append(fields, line[from:i])
			}
			from = -1
		case from < 0:
			from = i
		}
	}
	if from >= 0 {
		fields = append(fields, line[from:])
	}
	return fields
}

// headerLine reads word2vec's "words dimension".
func headerLine(fields [][]byte) (words, dimension int64, ok bool) {
	if len(fields) != 2 {
		return 0, 0, false
	}
	words, err1 := strconv.ParseInt(string(fields[0]), 10, 64)
	dimension, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
	return words, dimension, err1 == nil && err2 == nil && words > 0 && dimension > 0
}

// isNumber says whether a field is a number rather than a part of a word.
func isNumber(field []byte) bool {
	_, err := strconv.ParseFloat(string(field), 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// parseValue reads one finite number.
func parseValue(field []byte) (float32, error) {
	v, err := strconv.ParseFloat(string(field), 32)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%.40q is not a number", field)
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("%.40q is not a finite number of 32 bits", field)
	}
	return float32(v), nil
}
