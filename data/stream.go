package data

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
)

// Sentence is one line, record or element of a stream of text to label.
type Sentence struct {
	// ID is that of the input, otherwise the number of the line. Like Text it has
	// a space in place of each control character.
	ID   string
	Text string // empty or blank where nothing is said
	// Group is the value of the field that StreamOptions.GroupBy names.
	Group string
	File  string // name of the stream
	Line  int    // where the sentence begins, from 1
	Err   error  // why the line cannot be used, with file and line; the next one may be fine
}

// Format is how sentences lie in a stream.
type Format string

// The formats of a stream.
const (
	Auto    Format = "auto"    // by the ending of the name, else by the first characters
	Text    Format = "text"    // a sentence per line
	JSONL   Format = "jsonl"   // an object per line with "text" and, if there is one, "id"
	CSV     Format = "csv"     // a header, and a column with the text
	SemEval Format = "semeval" // the XML of SemEval-2014 task 4 or of task 5 of 2015 and 2016; its labels are passed over
)

// StreamOptions say how a stream is read.
type StreamOptions struct {
	Format     Format
	TextColumn string // of CSV, or the key of JSON lines; "text" if empty
	// GroupBy names a column or key that every record must have. Then texts are
	// reviews of several sentences, in which the ends of lines stay.
	GroupBy string
}

func (o StreamOptions) textColumn() string { return cmp.Or(o.TextColumn, "text") }

// longest is the number of bytes that a line, a record, or a piece of XML
// between two tags may have.
const longest = 1 << 20

// Stream yields the sentences of r in order and holds one at a time. A line that
// cannot be used is yielded with its Err. An error in the second place ends the
// stream: it cannot be read on.
//
// A line is unusable that is not UTF-8, has a NUL character, is longer than
// 1 MiB, or is not what the format wants. Other control characters count as
// white space.
func Stream(name string, r io.Reader, o StreamOptions) iter.Seq2[Sentence, error] {
	return func(yield func(Sentence, error) bool) {
		s := &stream{name: name, o: o, r: bufio.NewReaderSize(r, 1<<16), yield: yield}
		var err error
		switch f := s.format(o.Format); {
		case o.GroupBy != "" && (f == Text || f == SemEval):
			err = fmt.Errorf("%s: %s has no field %q to group by; give csv or jsonl, and say which with --format where the name does not end so", name, f, o.GroupBy)
		default:
			err = s.as(f)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Sentence{}, err)
		}
	}
}

func (s *stream) as(f Format) error {
	switch f {
	case Text:
		return s.text()
	case JSONL:
		return s.jsonl()
	case CSV:
		return s.csv()
	case SemEval:
		return s.semeval()
	}
	return fmt.Errorf("%s: format %q is none of auto, text, jsonl, csv, semeval", s.name, f)
}

// errStopped says that the receiver of the sentences wants no more.
var errStopped = errors.New("stopped")

// errLong says that a line has more than the bytes that one may have.
var errLong = fmt.Errorf("longer than %d bytes, passed over", longest)

type stream struct {
	name  string
	o     StreamOptions
	r     *bufio.Reader
	yield func(Sentence, error) bool

	line int    // number of the line read last
	read int64  // bytes up to its end
	long []byte // a line that the reader's buffer does not hold
}

// format settles what Auto stands for, and passes over a byte order mark. It
// waits for the characters that decide and for no more of them, however the
// stream brings them.
func (s *stream) format(f Format) Format {
	const mark = "\ufeff"
	if string(peek(s.r, func(head []byte) bool { return len(head) < len(mark) && strings.HasPrefix(mark, string(head)) })) == mark {
		_, _ = s.r.Discard(len(mark))
		s.read = int64(len(mark))
	}
	if f != Auto && f != "" {
		return f
	}
	switch strings.ToLower(filepath.Ext(s.name)) {
	case ".jsonl", ".ndjson":
		return JSONL
	case ".csv":
		return CSV
	case ".xml":
		return SemEval
	case ".txt":
		return Text
	}
	begins := ""
	peek(s.r, func(head []byte) bool {
		if last := head[len(head)-1]; begins != "" || !isSpace(last) {
			begins += string(last)
		}
		return slices.ContainsFunc(xmlHeads, func(xml string) bool { return begins != xml && strings.HasPrefix(xml, begins) })
	})
	switch {
	case begins == "{":
		return JSONL
	case slices.Contains(xmlHeads, begins):
		return SemEval
	}
	return Text
}

// xmlHeads are how XML begins.
var xmlHeads = []string{"<?xml", "<sentences", "<Reviews"}

// peek returns the first characters, which are not read yet: so many that more
// says no of them. There are fewer where the stream ends, or at the size of the
// buffer.
func peek(r *bufio.Reader, more func(head []byte) bool) []byte {
	for n := 1; ; n++ {
		head, err := r.Peek(n) // an error comes again when the first line is read
		if err != nil || !more(head) {
			return head
		}
	}
}

// give yields a sentence after a look at its characters.
func (s *stream) give(line int, id, text string) error { return s.giveOf(line, id, "", text) }

// giveOf is give for a sentence or review of a group.
func (s *stream) giveOf(line int, id, group, text string) error {
	text, err := clean(text, s.o.GroupBy != "")
	if err == nil {
		group, err = clean(strings.TrimSpace(group), false)
	}
	switch {
	case err != nil:
	case s.o.GroupBy != "" && group == "":
		err = fmt.Errorf("%q is empty: nothing says which group this is of", s.o.GroupBy)
	default:
		if !s.yield(Sentence{ID: spaced(id), Text: text, Group: group, File: s.name, Line: line}, nil) {
			return errStopped
		}
		return nil
	}
	return s.refuse(line, id, err)
}

// refuse yields a line that cannot be used.
func (s *stream) refuse(line int, id string, why error) error {
	if !s.yield(Sentence{ID: spaced(id), File: s.name, Line: line, Err: &LineError{s.name, line, why}}, nil) {
		return errStopped
	}
	return nil
}
