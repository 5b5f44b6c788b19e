package data

import (
	"encoding/xml"
	"fmt"
	"strconv"
)

// Term is a phrase of the sentence that an opinion is about. Terms are kept
// for the reader of a corpus; no label is taken from them.
type Term struct {
	Text     string
	Polarity string // one of the schema's, or "" where the file states none
	From, To int    // Text is characters [From,To) of the sentence, counted in code points
}

// term reads one <aspectTerm>.
func (d *decoder) term(e xml.StartElement, id string) (Term, error) {
	var t Term
	var err error
	if t.Text, err = d.required(e, "term", id); err != nil {
		return t, err
	}
	// Unlabelled editions of the corpus leave a term's polarity out.
	if t.Polarity, _, err = d.attribute(e, "polarity"); err != nil {
		return t, err
	}
	for _, offset := range []struct {
		name string
		to   *int
	}{{"from", &t.From}, {"to", &t.To}} {
		s, err := d.required(e, offset.name, id)
		if err != nil {
			return t, err
		}
		if *offset.to, err = strconv.Atoi(s); err != nil {
			return t, d.errorf("sentence %q: <aspectTerm> %s=%q is not a whole number", id, offset.name, short(s))
		}
	}
	return t, nil
}

// checkTerms holds the offsets against the text, for offsets in bytes or
// UTF-16 units read like offsets in characters until a text is not ASCII.
func checkTerms(r Record) error {
	var runes []rune
	if len(r.Terms) > 0 {
		runes = []rune(r.Text)
	}
	for _, t := range r.Terms {
		if t.From < 0 || t.To < t.From || t.To > len(runes) {
			return fmt.Errorf("term %q: characters %d to %d are not in a text of %d", short(t.Text), t.From, t.To, len(runes))
		}
		if got := string(runes[t.From:t.To]); got != t.Text {
			return fmt.Errorf("term %q: characters %d to %d of the text are %q (offsets count characters from 0, the end excluded)", short(t.Text), t.From, t.To, short(got))
		}
	}
	return nil
}
