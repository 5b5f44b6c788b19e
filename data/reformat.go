package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Reformatting writes a corpus in another format.
type Reformatting struct {
	From, To Format // JSONL, CSV or SemEval; Auto in From goes by the file

	Sentences int // that were written
	Terms     int // aspect terms left out, which only SemEval XML has
}

// maxColumns bounds the aspects of a CSV file.
const maxColumns = 1000

// FormatOf is the format that the ending of a name stands for, "" if none.
func FormatOf(path string) Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jsonl", ".ndjson":
		return JSONL
	case ".csv":
		return CSV
	case ".xml":
		return SemEval
	}
	return ""
}

// Write writes the corpus at path to w. Ids, texts and labels stay as they are,
// in their order, whatever a configuration knows of them; of labels that stand
// twice JSON and CSV have one, and a contradiction they cannot hold. The opinions of
// a category are joined, as nothing else holds several. One
// sentence is held at a time; for CSV, whose header has the aspects, the file is
// read twice, so a pipe will not do.
func (x *Reformatting) Write(ctx context.Context, path string, w io.Writer) error {
	var out recordWriter
	counted := 0 // in the reading before, of CSV
	switch x.To {
	case JSONL:
		out = newLineWriter(w)
	case CSV:
		aspects, n, err := x.aspects(ctx, path)
		if err != nil {
			return err
		}
		counted = n
		if out, err = newTableWriter(w, aspects); err != nil {
			return err
		}
	case SemEval:
		out = &xmlWriter{w: w}
	default:
		return fmt.Errorf("format %q is none of jsonl, csv, semeval", x.To)
	}
	if err := out.begin(); err != nil {
		return err
	}
	err := x.each(ctx, path, func(r Record) error {
		x.Sentences++
		if x.To != SemEval {
			x.Terms += len(r.Terms)
		}
		if x.To != SemEval || r.opinions { // of 2014, which has one label for a category
			var err error
			if r.Labels, err = single(r); err != nil {
				return &LineError{path, r.Line, err}
			}
		}
		if err := out.record(r); err != nil {
			var unfit unfitError
			if errors.As(err, &unfit) {
				return &LineError{path, r.Line, err}
			}
			return err
		}
		return nil
	})
	if err == nil && x.To == CSV && x.Sentences != counted {
		err = fmt.Errorf("%s has %d sentences now and had %d; it must not change meanwhile", path, x.Sentences, counted)
	}
	return errors.Join(err, out.end())
}

// aspects are those of the file, in the order in which they appear.
func (x *Reformatting) aspects(ctx context.Context, path string) (names []string, sentences int, err error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !stat.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is no regular file, and for CSV it is read twice; save it to a file first, or convert to jsonl", path)
	}
	seen := map[string]bool{}
	err = x.each(ctx, path, func(r Record) error {
		sentences++
		for _, l := range r.Labels {
			if !seen[l.Aspect] {
				seen[l.Aspect] = true
				names = append(names, l.Aspect)
			}
		}
		if len(names) > maxColumns {
			return &LineError{path, r.Line, fmt.Errorf("more than %d aspects are too many for columns", maxColumns)}
		}
		return nil
	})
	return names, sentences, err
}

func (x *Reformatting) each(ctx context.Context, path string, use func(Record) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for r, err := range Records(path, f, RecordOptions{Format: x.From}) {
		switch {
		case err != nil:
			return err
		case r.Err != nil:
			return fmt.Errorf("%w (absa data check lists what is wrong)", r.Err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if err := use(r); err != nil {
			return err
		}
	}
	return nil
}

// single are the labels of a sentence without repetitions, its opinions joined.
func single(r Record) ([]Label, error) {
	var labels []Label
	at := make(map[string]int, len(r.Labels)) // of an aspect among the labels
	for _, l := range r.Labels {
		i, there := at[l.Aspect]
		if !there {
			at[l.Aspect] = len(labels)
			labels = append(labels, l)
			continue
		}
		first := &labels[i].Polarity
		if *first == l.Polarity {
			continue
		}
		both := combined(*first, l.Polarity)
		if !r.opinions || both == "" {
			return nil, fmt.Errorf("sentence %q: %q is %q and %q, which other formats cannot hold; correct the file", short(r.name()), short(l.Aspect), short(*first), short(l.Polarity))
		}
		*first = both
	}
	return labels, nil
}
