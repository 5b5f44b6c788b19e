package data

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// recordWriter writes a corpus. A record that the format cannot hold is an
// unfitError.
type recordWriter interface {
	begin() error
	record(Record) error
	end() error
}

// unfitError says what a format cannot hold.
type unfitError struct{ error }

// lineWriter writes an object per line.
type lineWriter struct {
	w    io.Writer
	line strings.Builder
	json *json.Encoder // to the line
}

func newLineWriter(w io.Writer) *lineWriter {
	l := &lineWriter{w: w}
	l.json = json.NewEncoder(&l.line)
	l.json.SetEscapeHTML(false)
	return l
}

func (l *lineWriter) begin() error { return nil }
func (l *lineWriter) end() error   { return nil }

func (l *lineWriter) record(r Record) error {
	var b strings.Builder
	b.WriteString("{")
	if r.ID != "" {
		b.WriteString(`"id": ` + l.quoted(r.ID) + ", ")
	}
	b.WriteString(`"text": ` + l.quoted(r.Text) + `, "labels": {`)
	for i, label := range r.Labels {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.quoted(label.Aspect) + ": " + l.quoted(label.Polarity))
	}
	b.WriteString("}}")
	if b.Len() > longest {
		return unfitError{fmt.Errorf("sentence %q: a line of more than %d bytes", short(r.name()), longest)}
	}
	_, err := io.WriteString(l.w, b.String()+"\n")
	return err
}

// quoted is a string as JSON writes it.
func (l *lineWriter) quoted(s string) string {
	l.line.Reset()
	_ = l.json.Encode(s) // a string has no reason to fail
	return strings.TrimSuffix(l.line.String(), "\n")
}

// tableWriter writes CSV in the wide form.
type tableWriter struct {
	w       *csv.Writer
	aspects []string
	fields  []string
}

func newTableWriter(w io.Writer, aspects []string) (*tableWriter, error) {
	for _, name := range []string{"id", "text"} {
		if slices.Contains(aspects, name) {
			return nil, fmt.Errorf("an aspect %q cannot be a column of CSV, which has one of that name; rename it", name)
		}
	}
	if slices.Contains(aspects, "") {
		return nil, errors.New("an aspect without a name cannot be a column of CSV; name it")
	}
	if slices.Contains(aspects, "aspect") && slices.Contains(aspects, "polarity") {
		return nil, fmt.Errorf("aspects %q and %q cannot both be columns of CSV, which would be its long form; rename one", "aspect", "polarity")
	}
	return &tableWriter{w: csv.NewWriter(w), aspects: aspects}, nil
}

func (t *tableWriter) begin() error {
	return t.w.Write(append([]string{"id", "text"}, t.aspects...))
}

func (t *tableWriter) record(r Record) error {
	t.fields = append(t.fields[:0], r.ID, r.Text)
	size := len(r.ID) + len(r.Text) + strings.Count(r.Text, `"`)
	for _, name := range t.aspects {
		at := slices.IndexFunc(r.Labels, func(l Label) bool { return l.Aspect == name })
		cell := ""
		if at >= 0 {
			if cell = r.Labels[at].Polarity; cell == "" || strings.TrimSpace(cell) != cell {
				return unfitError{fmt.Errorf("sentence %q: polarity %q of %q: a cell of CSV cannot hold one that is empty or has white space around it; correct the file", short(r.name()), short(cell), short(name))}
			}
		}
		t.fields = append(t.fields, cell)
		size += len(cell) + 3
	}
	if size > longest-100 { // quotes and commas
		return unfitError{fmt.Errorf("sentence %q: a record of more than %d bytes", short(r.name()), longest)}
	}
	return t.w.Write(t.fields)
}

func (t *tableWriter) end() error {
	t.w.Flush()
	return t.w.Error()
}

// xmlWriter writes the XML of SemEval-2014.
type xmlWriter struct{ w io.Writer }

func (x *xmlWriter) begin() error {
	_, err := io.WriteString(x.w, xml.Header+"<sentences>\n")
	return err
}

func (x *xmlWriter) end() error {
	_, err := io.WriteString(x.w, "</sentences>\n")
	return err
}

func (x *xmlWriter) record(r Record) error {
	b := &xmlText{}
	b.add("  <sentence")
	if r.ID != "" {
		b.attribute("id", r.ID)
	}
	b.add(">\n    <text>")
	b.escape(r.Text)
	b.add("</text>\n")
	if len(r.Terms) > 0 {
		b.add("    <aspectTerms>\n")
		for _, t := range r.Terms {
			b.add("      <aspectTerm")
			b.attribute("term", t.Text)
			if t.Polarity != "" {
				b.attribute("polarity", t.Polarity)
			}
			b.add(fmt.Sprintf(` from="%d" to="%d"/>`+"\n", t.From, t.To))
		}
		b.add("    </aspectTerms>\n")
	}
	if len(r.Labels) > 0 {
		b.add("    <aspectCategories>\n")
		for _, l := range r.Labels {
			if l.Aspect == "" || l.Polarity == "" {
				return unfitError{fmt.Errorf("sentence %q: aspect %q has polarity %q, of which XML can hold neither empty; correct the file", short(r.name()), short(l.Aspect), short(l.Polarity))}
			}
			b.add("      <aspectCategory")
			b.attribute("category", l.Aspect)
			b.attribute("polarity", l.Polarity)
			b.add("/>\n")
		}
		b.add("    </aspectCategories>\n")
	}
	b.add("  </sentence>\n")
	if b.wrong != 0 {
		return unfitError{fmt.Errorf("sentence %q: XML cannot hold the character %U; take it out", short(r.name()), b.wrong)}
	}
	_, err := io.WriteString(x.w, b.String())
	return err
}

// xmlText is XML in the making.
type xmlText struct {
	strings.Builder
	wrong rune // a character that XML cannot hold
}

func (b *xmlText) add(s string) { b.WriteString(s) }

func (b *xmlText) attribute(name, value string) {
	b.add(" " + name + `="`)
	b.escape(value)
	b.add(`"`)
}

func (b *xmlText) escape(s string) {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff' {
			b.wrong = max(r, 1)
		}
	}
	_ = xml.EscapeText(b, []byte(s)) // a strings.Builder has no error
}
