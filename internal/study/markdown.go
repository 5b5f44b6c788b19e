package study

import (
	"fmt"
	"io"
	"strings"

	"absa/internal/metrics"
)

// WriteMarkdown writes the tables of an outcome for a document.
func (o *Outcome) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", o.Title, o.About)
	fmt.Fprintf(&b, "Accuracy over the %d labelled pairs of %d test sentences, mean ± standard deviation over the models of seeds %s. A difference is to the mean accuracy of another row, with its 95 %% interval over sentences (a bootstrap) and seeds (Student's t); of one model alone, over sentences. %s\n",
		o.Pairs, o.Sentences, seedList(o.Seeds), o.made())
	group := ""
	for _, r := range o.Rows {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(&b, "\n## %s\n\n", group)
			markdownRow(&b, "name", "recipe", "accuracy", "macro-F1", "difference", "to", "parameters", "epochs", "seconds")
			markdownRow(&b, "---", "---", "---", "---", "---", "---", "---:", "---", "---")
		}
		difference, to := "", ""
		if d := r.Difference; d != nil {
			difference, to = d.String(), d.Reference
		}
		parameters, epochs, seconds := "", "", ""
		if r.Parameters > 0 {
			parameters = fmt.Sprint(r.Parameters)
		}
		if r.Epochs != nil {
			epochs, seconds = fmt.Sprintf("%.1f", r.Epochs.Mean), fmt.Sprintf("%.1f", r.Seconds.Mean)
		}
		markdownRow(&b, r.Name, r.Title, r.Accuracy.String(), r.MacroF1.String(), difference, to, parameters, epochs, seconds)
	}
	fmt.Fprintf(&b, "\n## Accuracy by aspect, F1 by polarity\n\n")
	head := append([]string{"group", "name"}, o.Aspects...)
	for _, c := range o.Classes {
		head = append(head, "F1 "+c)
	}
	markdownRow(&b, head...)
	markdownRow(&b, strings.Split(strings.TrimSuffix(strings.Repeat("--- ", len(head)), " "), " ")...)
	for _, r := range o.Rows {
		cells := []string{r.Group, r.Name}
		for _, a := range o.Aspects {
			cells = append(cells, r.Aspects[a].String())
		}
		for _, c := range o.Classes {
			cells = append(cells, r.Polarities[c].String())
		}
		markdownRow(&b, cells...)
	}
	for i, c := range o.Claims {
		if i == 0 {
			b.WriteString("\n## The claims\n")
		}
		fmt.Fprintf(&b, "\n**%s.**\n\n", c.Says)
		markdownRow(&b, "recipe", "to", "aspect", "difference", "")
		markdownRow(&b, "---", "---", "---", "---", "---")
		for _, d := range c.Compared {
			aspect := d.Aspect
			if aspect == "" {
				aspect = "all"
			}
			markdownRow(&b, d.Row, d.Reference, aspect, d.Difference.String(), d.Verdict())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownRow(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}

// made says what computed the outcome, and how long that took.
func (o *Outcome) made() string {
	return fmt.Sprintf("Training took %s by the clock, all models added up. %s", duration(o.Seconds), o.Made())
}

// duration is a time as people say it.
func duration(seconds float64) string {
	switch {
	case seconds < 90:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 90*60:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}

func seedList(seeds []int64) string {
	var list []string
	for _, s := range seeds {
		list = append(list, fmt.Sprint(s))
	}
	return strings.Join(list, ", ")
}

// String is the mean with the deviation where there is one, four digits each.
func (s Spread) String() string {
	if !s.SD.Defined() {
		return short(s.Mean)
	}
	return short(s.Mean) + " ± " + short(s.SD)
}

// String is the difference with its sign, and its interval.
func (d Difference) String() string {
	if !d.Mean.Defined() {
		return signed(d.Mean)
	}
	return fmt.Sprintf("%s (%s to %s)", signed(d.Mean), signed(d.Interval.Low), signed(d.Interval.High))
}

// short drops the zero before the point, as tables of shares do.
func short(s metrics.Score) string {
	if !s.Defined() {
		return "–"
	}
	return strings.Replace(fmt.Sprintf("%.4f", float64(s)), "0.", ".", 1)
}

func signed(s metrics.Score) string {
	if !s.Defined() {
		return "–"
	}
	text := short(s)
	if s < 0 {
		return "−" + strings.TrimPrefix(text, "-")
	}
	return "+" + text
}

// Lines are the outcome as the command line shows it: a line per row.
func (o *Outcome) Lines() string {
	lines := [][]string{{"recipe", "accuracy", "macro-F1", "difference", "to", "seconds"}}
	for _, r := range o.Rows {
		difference, to, seconds := "", "", ""
		if d := r.Difference; d != nil {
			difference, to = d.String(), d.Reference
		}
		if r.Seconds != nil {
			seconds = fmt.Sprintf("%.1f", r.Seconds.Mean)
		}
		lines = append(lines, []string{r.Name, r.Accuracy.String(), r.MacroF1.String(), difference, to, seconds})
	}
	return metrics.Align(lines)
}
