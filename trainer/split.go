package trainer

import (
	"bufio"
	"encoding/json"
	"io"

	"absa/data"
)

// split is which sentences are trained on and which are held out: the lists of
// their ids as {"train": [...], "valid": [...]}. It is written id by id, as a
// corpus may have millions of them.
type split struct{ train, valid *data.Examples }

// writeIndented writes the file of a run folder.
func (s split) writeIndented(w io.Writer) error { return s.write(w, true) }

// write writes JSON as encoding/json does, indented by two spaces for people.
func (s split) write(w io.Writer, indented bool) error {
	b := bufio.NewWriterSize(w, 1<<16)
	spell := func(pretty, compact string) {
		if indented {
			compact = pretty
		}
		b.WriteString(compact)
	}
	list := func(examples *data.Examples) error {
		b.WriteByte('[')
		for i := range examples.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			spell("\n    ", "")
			if err := writeString(b, examples.ID(i), !indented); err != nil {
				return err
			}
		}
		if examples.Len() > 0 {
			spell("\n  ", "")
		}
		return b.WriteByte(']')
	}
	spell("{\n  \"train\": ", "{\"train\":")
	if err := list(s.train); err != nil {
		return err
	}
	spell(",\n  \"valid\": ", ",\"valid\":")
	if err := list(s.valid); err != nil {
		return err
	}
	spell("\n}\n", "}\n")
	return b.Flush()
}

// writeString writes a string as encoding/json does, with what HTML reserves
// escaped or not.
func writeString(b *bufio.Writer, s string, escape bool) error {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			line := &lineWriter{b}
			e := json.NewEncoder(line)
			e.SetEscapeHTML(escape)
			return e.Encode(s)
		}
	}
	b.WriteByte('"')
	b.WriteString(s)
	return b.WriteByte('"')
}

// lineWriter leaves out the end of the line that it is given in one piece.
type lineWriter struct{ *bufio.Writer }

func (w *lineWriter) Write(line []byte) (int, error) {
	n, err := w.Writer.Write(line[:len(line)-1])
	return n + 1, err
}
