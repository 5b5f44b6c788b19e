package cmd

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"absa/data"
	"absa/models"
	"absa/trainer"
)

// answers writes sentences and what the model says of them. A sentence that is
// blank or cannot be used has no prediction.
type answers interface {
	begin() error
	sentence(s data.Sentence, p trainer.Prediction, w why) error
	end() error
}

func newAnswers(output string, w *bufio.Writer, l listing, coloured bool) answers {
	switch output {
	case "jsonl":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return &jsonAnswers{l, e}
	case "csv":
		return &csvAnswers{l, csv.NewWriter(w), newUniqueIDs(mostIDs)}
	case "semeval":
		return &xmlAnswers{l, w, newUniqueIDs(mostIDs)}
	}
	return &tableAnswers{listing: l, w: w, coloured: coloured}
}

// listing says which aspects of a prediction are listed.
type listing struct {
	model     *trainer.Predictor
	threshold float32
	all       bool
}

func (l listing) lists(o trainer.Opinion) bool {
	return l.all || !l.model.Presence || o.Presence >= l.threshold
}

// marks says whether a corpus has a label for an aspect: it is listed, and not as
// absent.
func (l listing) marks(o trainer.Opinion) bool { return l.lists(o) && o.Polarity != data.Absent }

// polarity returns the name of the one that was chosen.
func (l listing) polarity(o trainer.Opinion) string {
	if o.Polarity == data.Absent {
		return models.Absent
	}
	return l.model.Labels.Polarities[o.Polarity]
}

// jsonAnswers writes an object per sentence.
type jsonAnswers struct {
	listing
	w *json.Encoder
}

type jsonSentence struct {
	ID         string        `json:"id"`
	Text       string        `json:"text"`
	Calibrated bool          `json:"calibrated"` // the probabilities
	Words      []jsonWord    `json:"words,omitempty"`
	Aspects    []jsonOpinion `json:"aspects"`
}

type jsonOpinion struct {
	Aspect        string             `json:"aspect"`
	Polarity      string             `json:"polarity"`
	Probabilities map[string]float32 `json:"probabilities"`
	Presence      *float32           `json:"presence,omitempty"`
	Attention     []float32          `json:"attention,omitempty"`
	Gradient      []float32          `json:"gradient,omitempty"`
}

// jsonWord is a word that the model read. Start and End count the characters of
// the text before it and up to its end.
type jsonWord struct {
	Word  string `json:"word"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

func (j *jsonAnswers) begin() error { return nil }
func (j *jsonAnswers) end() error   { return nil }

func (j *jsonAnswers) sentence(s data.Sentence, p trainer.Prediction, w why) error {
	if s.Err != nil {
		return j.w.Encode(struct {
			ID    string `json:"id"`
			Error string `json:"error"`
		}{s.ID, s.Err.Error()})
	}
	out := jsonSentence{ID: s.ID, Text: s.Text, Calibrated: j.model.Temperature != nil, Words: jsonWords(s.Text, w.words), Aspects: []jsonOpinion{}}
	for a, o := range p {
		if !j.lists(o) {
			continue
		}
		v := jsonOpinion{Aspect: j.model.Labels.Aspects[a], Polarity: j.polarity(o), Probabilities: map[string]float32{}}
		for i, name := range j.model.Labels.Polarities {
			v.Probabilities[name] = o.Probabilities[i]
		}
		if j.model.Presence {
			v.Presence = &o.Presence
		}
		if w.weights != nil {
			v.Attention, v.Gradient = w.weights[a].Attention, w.weights[a].Gradient
		}
		out.Aspects = append(out.Aspects, v)
	}
	return j.w.Encode(out)
}

func jsonWords(text string, words []data.Word) []jsonWord {
	list := make([]jsonWord, len(words))
	characters, at := 0, 0
	to := func(end int) int {
		characters += utf8.RuneCountInString(text[at:end])
		at = end
		return characters
	}
	for i, w := range words {
		list[i] = jsonWord{w.Token, to(w.Start), to(w.End)}
	}
	return list
}

// csvAnswers writes the long form of a corpus: a record per aspect, and one
// without an aspect for a sentence that has none. A blank sentence has no place
// in a corpus.
type csvAnswers struct {
	listing
	w   *csv.Writer
	ids *uniqueIDs
}

func (c *csvAnswers) begin() error {
	header := append([]string{"id", "text", "aspect", "polarity"}, c.model.Labels.Polarities...)
	if c.model.Presence {
		header = append(header, "presence")
	}
	return c.write(append(header, "calibrated"))
}

func (c *csvAnswers) end() error { return nil }

func (c *csvAnswers) sentence(s data.Sentence, p trainer.Prediction, _ why) error {
	if p == nil {
		return nil
	}
	id, none := c.ids.next(s.ID), true
	for a, o := range p {
		if !c.marks(o) {
			continue
		}
		none = false
		record := []string{id, s.Text, c.model.Labels.Aspects[a], c.polarity(o)}
		for _, v := range o.Probabilities {
			record = append(record, decimal(v))
		}
		if c.model.Presence {
			record = append(record, decimal(o.Presence))
		}
		if err := c.record(record); err != nil {
			return err
		}
	}
	if !none {
		return nil
	}
	columns := 4 + len(c.model.Labels.Polarities)
	if c.model.Presence {
		columns++
	}
	return c.record(append([]string{id, s.Text}, make([]string, columns-2)...))
}

// record writes the fields of one, and whether its probabilities are calibrated.
func (c *csvAnswers) record(fields []string) error {
	return c.write(append(fields, strconv.FormatBool(c.model.Temperature != nil)))
}

// write passes a record on at once, to the buffer that all formats share.
func (c *csvAnswers) write(fields []string) error {
	if err := c.w.Write(fields); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func decimal(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// mostIDs is how many ids are remembered to make them differ: 20 MiB.
const mostIDs = 1 << 20

// xmlAnswers writes the XML of SemEval-2014, where a sentence has text and an id
// of its own.
type xmlAnswers struct {
	listing
	w   io.Writer
	ids *uniqueIDs
}

func (x *xmlAnswers) begin() error {
	_, err := io.WriteString(x.w, xml.Header+"<sentences>\n")
	return err
}

func (x *xmlAnswers) end() error {
	_, err := io.WriteString(x.w, "</sentences>\n")
	return err
}

func (x *xmlAnswers) sentence(s data.Sentence, p trainer.Prediction, _ why) error {
	if p == nil {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  <sentence id=\"%s\">\n    <text>%s</text>\n    <aspectCategories>\n", x.ids.next(escaped(s.ID)), escaped(s.Text))
	for a, o := range p {
		if x.marks(o) {
			fmt.Fprintf(&b, "      <aspectCategory category=\"%s\" polarity=\"%s\"/>\n", escaped(x.model.Labels.Aspects[a]), escaped(x.polarity(o)))
		}
	}
	b.WriteString("    </aspectCategories>\n  </sentence>\n")
	_, err := io.WriteString(x.w, b.String())
	return err
}

// escaped is text as XML writes it; what XML cannot hold becomes U+FFFD.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder has no error
	return b.String()
}
