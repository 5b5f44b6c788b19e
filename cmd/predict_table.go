package cmd

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"absa/data"
	"absa/internal/report"
	"absa/models"
	"absa/trainer"
)

// longestShown is the number of characters of a text that the table shows.
const longestShown = 300

// tableAnswers writes for people: each sentence with its number or id, and
// under it a line per aspect.
type tableAnswers struct {
	listing
	w        io.Writer
	coloured bool
}

func (t *tableAnswers) begin() error {
	columns := append([]string(nil), t.model.Labels.Polarities...)
	if t.model.Presence {
		columns = append(columns, "mentioned")
	}
	return t.line("aspect", "polarity", columns)
}

// end says what a table that is kept would not tell otherwise.
func (t *tableAnswers) end() error {
	if t.model.Temperature != nil {
		return nil
	}
	_, err := fmt.Fprintln(t.w, "probabilities are not calibrated (see absa calibrate)")
	return err
}

func (t *tableAnswers) sentence(s data.Sentence, p trainer.Prediction, why why) error {
	if p == nil {
		return nil
	}
	if _, err := fmt.Fprintf(t.w, "%s: %s\n", s.ID, shortened(s.Text)); err != nil {
		return err
	}
	none := true
	for a, o := range p {
		if !t.lists(o) {
			continue
		}
		none = false
		var columns []string
		for _, v := range o.Probabilities {
			columns = append(columns, fmt.Sprintf("%.2f", v))
		}
		if t.model.Presence {
			columns = append(columns, fmt.Sprintf("%.2f", o.Presence))
		}
		if err := t.line(t.model.Labels.Aspects[a], t.polarity(o), columns); err != nil {
			return err
		}
		if why.weights == nil {
			continue
		}
		if _, err := io.WriteString(t.w, why.text(s.Text, why.weights[a], t.coloured)); err != nil {
			return err
		}
	}
	if none {
		_, err := fmt.Fprintln(t.w, "  mentions no aspect")
		return err
	}
	return nil
}

// line writes cells under the header, as wide as their names are.
func (t *tableAnswers) line(aspect, polarity string, columns []string) error {
	polarities := t.model.Labels.Polarities
	var b strings.Builder
	fmt.Fprintf(&b, "  %-*s  %-*s", widest("aspect", t.model.Labels.Aspects), aspect,
		max(widest("polarity", polarities), len(models.Absent)), polarity)
	for i, cell := range columns {
		width := len("mentioned")
		if i < len(polarities) {
			width = max(utf8.RuneCountInString(polarities[i]), len("0.00"))
		}
		fmt.Fprintf(&b, "  %*s", width, cell)
	}
	b.WriteString("\n")
	_, err := io.WriteString(t.w, b.String())
	return err
}

// widest is the greatest number of characters of a column's cells.
func widest(title string, cells []string) int {
	width := len(title)
	for _, cell := range cells {
		width = max(width, utf8.RuneCountInString(cell))
	}
	return width
}

// shortened cuts a text that is longer than anyone reads.
func shortened(text string) string { return report.Shortened(text, longestShown) }
