package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"absa/configs"
)

// Record is a sentence of a corpus as its file has it, with names in place of
// numbers: no configuration says yet which of them may be there.
type Record struct {
	ID     string // "" where the file gives none
	Text   string
	Terms  []Term  // of SemEval XML
	Labels []Label // in file order
	Line   int     // where the sentence begins, from 1

	// The sentence, and what is between it and the one before it in its list, are
	// the bytes [From,To) of the file.
	From, To int64

	Err error // a *LineError: this is a fault of the file, not a sentence; the next record may be fine

	number    int   // of sentences before it in the file, with those that are at fault
	termLines []int // of Terms
	opinions  bool  // Labels are opinions, of which a category may have several
}

// name is what messages call the sentence.
func (r Record) name() string {
	if r.ID == "" {
		return numbered(r.number)
	}
	return r.ID
}

// numbered is the name of a sentence without an id, after so many before it.
func numbered(before int) string { return "#" + strconv.Itoa(before+1) }

// sentenceError is what is wrong with a sentence. Whoever reads on from the middle of
// a file cannot tell the number of one without an id: named does where it is known.
type sentenceError struct {
	id   string // "" is not known yet
	what string // after "sentence ..."
}

func (e *sentenceError) Error() string { return fmt.Sprintf("sentence %q%s", short(e.id), e.what) }

// named gives the sentence of an error the name of one after so many.
func named(err error, before int) error {
	var e *sentenceError
	if errors.As(err, &e) && e.id == "" {
		e.id = numbered(before)
	}
	return err
}

// Label is the polarity of an aspect, and where it stands.
type Label struct {
	Aspect, Polarity string
	Line             int
	Column           string // the header of a CSV column that stands for an aspect
}

// longestSentence is the number of bytes that a sentence may have with its labels,
// which are held with it.
const longestSentence = 8 << 20

var errLongSentence = fmt.Errorf("a sentence with labels of more than %d bytes", longestSentence)

// LineError is what is wrong with a line of a file.
type LineError struct {
	File string
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the reason without the place.
func (e *LineError) Unwrap() error { return e.Err }

// RecordOptions say how a corpus is read.
type RecordOptions struct {
	Format  Format   // JSONL, CSV, SemEval; Auto goes by the name and by how the file begins
	Aspects []string // the columns that a CSV file may have; nil allows any
	// Categories lead other columns to the aspects.
	Categories []configs.Category

	column func(name string) // is told of the columns of a CSV file that are aspects; may be nil
}

// Records yields the sentences of a corpus in order and holds one at a time. A
// fault is yielded as a record with its Err, and reading goes on behind it. An
// error in the second place ends the corpus: it cannot be read on, as malformed
// XML cannot, or reading failed.
//
// It accepts what Open accepts but for labels and ids, which are not compared
// with anything.
func Records(name string, r io.Reader, o RecordOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s := &recordReader{stream: stream{name: name, r: bufio.NewReaderSize(r, 1<<16)}, yield: yield, column: o.column}
		if o.Aspects != nil {
			s.columns = newMapping(o.Aspects, o.Categories)
		}
		if o.Format == Auto || o.Format == "" {
			o.Format = corpusFormat(name, s.r)
		}
		s.format(o.Format) // passes over a byte order mark
		var err error
		switch o.Format {
		case JSONL:
			err = s.lines()
		case CSV:
			err = s.csv()
		case SemEval:
			err = s.xml()
		default:
			err = fmt.Errorf("%s: format %q is none of jsonl, csv, semeval", name, o.Format)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Record{}, err)
		}
	}
}

// recordReader reads a corpus.
type recordReader struct {
	stream
	columns *mapping // that a CSV file may have; nil allows any
	column  func(name string)
	number  int // of sentences so far
	yield   func(Record, error) bool
}

func (s *recordReader) give(r Record) error {
	if !s.yield(r, nil) {
		return errStopped
	}
	return nil
}

// refuse yields a fault.
func (s *recordReader) refuse(line int, why error) error {
	return s.give(Record{Line: line, Err: &LineError{s.name, line, why}})
}

// lines reads an object per line, as Open does.
func (s *recordReader) lines() error {
	end := s.read
	for {
		line, err := s.next()
		line = bytes.TrimSpace(line)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong):
			s.number++
			err = s.refuse(s.line, err)
		case err != nil:
			return &LineError{s.name, s.line, fmt.Errorf("read corpus: %w", err)}
		case len(line) > 0:
			err = s.object(line, end)
			end = s.read
		}
		if err != nil {
			return err
		}
	}
}

func (s *recordReader) object(line []byte, from int64) error {
	r := Record{Line: s.line, From: from, To: s.read, number: s.number}
	s.number++
	l := lineReader{b: line}
	err := l.sentence()
	if err == nil {
		err = l.eachLabel(func(aspect, polarity []byte) error {
			r.Labels = append(r.Labels, Label{Aspect: string(aspect), Polarity: string(polarity), Line: s.line})
			return nil
		})
	}
	if err != nil {
		return s.refuse(s.line, named(err, r.number))
	}
	r.ID, r.Text = string(l.id), string(l.text)
	return s.give(r)
}

// xml reads SemEval XML.
func (s *recordReader) xml() error {
	mark := s.read
	d := newDecoder(s.name, s.r)
	d.wrong = func(err error) error {
		var fault *LineError
		if !errors.As(err, &fault) {
			return err
		}
		return s.give(Record{Line: fault.Line, Err: fault})
	}
	return d.decode(func(r Record) error {
		r.From, r.To = mark+r.From, mark+r.To
		return s.give(r)
	})
}

// short is a value as a message shows it: not too long.
func short(s string) string {
	if cut := upTo(s, 80); len(cut) < len(s) {
		return cut + "…"
	}
	return s
}
