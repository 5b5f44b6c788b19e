package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/runs"
)

//go:embed page.html chart.html rating.html study.html style.css
var files embed.FS

// Write writes the page of runs, one below the other, with what they differ in
// first if they are several.
func Write(w io.Writer, list []*Run) error {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return err
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"figure":  figure,
		"percent": percent,
		"id":      func(n int) string { return "run-" + strconv.Itoa(n+1) },
		"heat":    heat,
		"breakable": func(name string) template.HTML { // after a slash
			return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(name), "/", "/<wbr>"))
		},
		"lines": func(class, caption string, list []section, lines []line) sideBySide {
			return sideBySide{class, caption, list, lines}
		},
	}).ParseFS(files, "page.html", "chart.html")
	if err != nil {
		return err
	}
	distinguish(list)
	p := page{Style: template.CSS(style)}
	for i, r := range list {
		s, err := newSection(i, r)
		if err != nil {
			return fmt.Errorf("report of %s: %w", r.Name, err)
		}
		p.Runs = append(p.Runs, s)
	}
	if len(list) > 1 {
		if p.Comparison, err = compare(list); err != nil {
			return err
		}
	}
	return t.Execute(w, p)
}

// page is what page.html lays out.
type page struct {
	Style      template.CSS
	Runs       []section
	Comparison *comparison // nil for one run
}

// sideBySide is a table with a column for each run.
type sideBySide struct {
	Class, Caption string
	Runs           []section
	Lines          []line
}

// section is one run.
type section struct {
	*Run
	Number   int
	Learning []*Chart
	Table    []row // by aspect, the last one over all
	ByAspect *Chart
	ByLength *Chart
	Reliable *Chart
	Matrices []matrix // over all aspects first
}

// row is a line of the table.
type row struct {
	Name                        string
	Support                     int
	Majority, Accuracy, MacroF1 metrics.Score
}

// matrix is a confusion matrix.
type matrix struct {
	Name    string
	Columns []string // predicted
	Rows    []matrixRow
}

type matrixRow struct {
	Gold    string
	Cells   []cell
	Support int
}

type cell struct {
	Count int
	Share float64 // of the row
	Right bool
}

func newSection(number int, r *Run) (s section, err error) {
	s = section{Run: r, Number: number, Table: table(r)}
	if s.Learning, err = learning(r); err != nil {
		return s, err
	}
	if a := r.Answers; a != nil {
		s.Matrices = matrices(a.Scores)
		if s.Reliable, err = reliabilityChart(a); err != nil {
			return s, err
		}
		if s.ByLength, err = lengthChart(a); err != nil {
			return s, err
		}
	}
	s.ByAspect, err = aspectChart(s.Table)
	return s, err
}

// table is that of the result, or without a test corpus of the answers.
func table(r *Run) (list []row) {
	switch {
	case r.Result == nil:
		return nil
	case len(r.Result.Aspects) > 0:
		all := row{Name: "overall", Majority: r.Result.Majority, Accuracy: r.Result.Accuracy, MacroF1: r.Result.MacroF1}
		for _, name := range r.Config.Data.Learned() {
			a := r.Result.Aspects[name]
			list = append(list, row{name, a.Support, a.Majority, a.Accuracy, a.MacroF1})
			all.Support += a.Support
		}
		return append(list, all)
	case r.Answers != nil:
		for _, a := range append(slices.Clone(r.Answers.Scores.Aspects), r.Answers.Scores.Overall) {
			list = append(list, row{a.Name, a.Model.Support(), a.Majority.Accuracy(), a.Model.Accuracy(), a.Model.MacroF1()})
		}
	}
	return list
}

func matrices(scores metrics.Result) []matrix {
	list := []matrix{newMatrix("all aspects", scores.Polarities, scores.Overall.Model)}
	for _, a := range scores.Aspects {
		list = append(list, newMatrix(a.Name, scores.Polarities, a.Model))
	}
	return list
}

func newMatrix(name string, polarities []string, counts metrics.Confusion) matrix {
	m := matrix{Name: name, Columns: slices.Clone(polarities)}
	// The last column is for pairs predicted absent, which few models do.
	last := len(polarities)
	if slices.ContainsFunc(counts, func(row []int) bool { return row[last] > 0 }) {
		m.Columns = append(m.Columns, configs.AbsentLabel)
		last++
	}
	for c, row := range counts {
		r := matrixRow{Gold: polarities[c], Support: counts.Class(c).Support}
		for p, n := range row[:last] {
			r.Cells = append(r.Cells, cell{n, float64(n) / float64(max(r.Support, 1)), p == c})
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

// learning draws loss and accuracy by epoch, of training and validation.
func learning(r *Run) ([]*Chart, error) {
	loss, err := lineChart("Loss", "loss", []series{
		{"training", points(r.Epochs, func(e runs.Epoch) *float64 { return &e.TrainLoss }), 0, false},
		{"validation", points(r.Epochs, func(e runs.Epoch) *float64 { return e.ValidLoss }), 1, true},
	})
	if err != nil {
		return nil, err
	}
	accuracy, err := lineChart("Accuracy", "accuracy", []series{
		{"training", points(r.Epochs, func(e runs.Epoch) *float64 { return (*float64)(&e.TrainAccuracy) }), 0, false},
		{"validation", points(r.Epochs, validAccuracy), 1, true},
	})
	if err != nil {
		return nil, err
	}
	rate, err := lineChart("Learning rate", "learning rate", []series{
		{"after the epoch", points(r.Epochs, func(e runs.Epoch) *float64 { return &e.LearningRate }), 2, false},
	})
	return drawn(loss, accuracy, rate), err
}

func validAccuracy(e runs.Epoch) *float64 { return (*float64)(e.ValidAccuracy) }

// drawn leaves out charts of nothing.
func drawn(list ...*Chart) []*Chart {
	return slices.DeleteFunc(list, func(c *Chart) bool { return c == nil })
}

// points are the figures of epochs that are there and finite.
func points(epochs []runs.Epoch, figure func(runs.Epoch) *float64) (list plotter.XYs) {
	for _, e := range epochs {
		if y := figure(e); y != nil && !math.IsNaN(*y) && !math.IsInf(*y, 0) {
			list = append(list, plotter.XY{X: float64(e.Epoch), Y: *y})
		}
	}
	return list
}

func aspectChart(table []row) (*Chart, error) {
	if len(table) == 0 {
		return nil, nil
	}
	model, majority := series{name: "model", number: 0}, series{name: "majority class", number: 1}
	var names []string
	for i, r := range table {
		names = append(names, r.Name)
		if r.Accuracy.Defined() {
			model.points = append(model.points, plotter.XY{X: float64(i), Y: float64(r.Accuracy)})
		}
		if r.Majority.Defined() {
			majority.points = append(majority.points, plotter.XY{X: float64(i), Y: float64(r.Majority)})
		}
	}
	return barChart("Accuracy by aspect", "accuracy", names, []series{model, majority})
}

func lengthChart(a *Answers) (*Chart, error) {
	bars := series{name: "accuracy over the pairs of sentences of so many words", number: 0}
	var names []string
	for i, l := range a.Lengths {
		names = append(names, l.Name)
		if l.Pairs > 0 {
			bars.points = append(bars.points, plotter.XY{X: float64(i), Y: float64(l.Accuracy())})
		}
	}
	return barChart("Accuracy by length", "accuracy", names, []series{bars})
}

// figure writes a number with four digits, and all of them for programs.
func figure(v any) template.HTML {
	var f float64
	switch x := v.(type) {
	case metrics.Score:
		f = float64(x)
	case float64:
		f = x
	case *float64:
		if x == nil {
			return "–"
		}
		f = *x
	case *metrics.Score:
		if x == nil {
			return "–"
		}
		f = float64(*x)
	case int:
		return template.HTML(fmt.Sprintf(`<data value="%d">%d</data>`, x, x))
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	short := strconv.FormatFloat(f, 'f', 4, 64)
	if a := math.Abs(f); a >= 1000 || a < 0.001 && a > 0 {
		short = strconv.FormatFloat(f, 'g', 4, 64)
	}
	return template.HTML(fmt.Sprintf(`<data value="%s">%s</data>`, strconv.FormatFloat(f, 'g', -1, 64), short))
}

// percent keeps number and sign on one line.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "\u00a0%" }

// heat is the share of a cell's colour.
func heat(share float64) template.CSS {
	return template.CSS(fmt.Sprintf("--share:%.0f%%", 45*share))
}

// settings are those in which runs differ.
func settings(list []*Run) (keys []string, values [][]string) {
	var all []map[string]string
	for _, r := range list {
		all = append(all, map[string]string{})
		for key, v := range configs.Values(r.Config) {
			all[len(all)-1][key] = fmt.Sprint(v)
		}
	}
	for _, k := range configs.Keys() {
		key := k.Path
		var line []string
		for _, v := range all {
			line = append(line, v[key])
		}
		if len(slices.Compact(slices.Clone(line))) > 1 {
			keys, values = append(keys, key), append(values, line)
		}
	}
	return keys, values
}
