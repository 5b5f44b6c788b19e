package report

import (
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"absa/internal/metrics"
	"absa/internal/study"
)

// WriteStudy writes the outcome of a study as a page that needs nothing else.
func WriteStudy(w io.Writer, o *study.Outcome) error {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return err
	}
	t, err := template.New("study.html").Funcs(template.FuncMap{
		"figure": figure,
		"spread": func(s study.Spread) template.HTML {
			if !s.SD.Defined() {
				return figure(s.Mean)
			}
			return figure(s.Mean) + " ± " + figure(s.SD)
		},
		"signed":   signed,
		"interval": interval,
		"command":  command,
	}).ParseFS(files, "study.html", "chart.html")
	if err != nil {
		return err
	}
	p := studyPage{Outcome: o, Style: template.CSS(style), Groups: groups(o.Rows)}
	for i := range p.Groups {
		if p.Groups[i].Chart, err = accuracyChart(p.Groups[i].Rows, o.Rows); err != nil {
			return err
		}
	}
	for _, c := range o.Claims {
		claim := studyClaim{Claim: c}
		if claim.Chart, err = claimChart(c, p.Number); err != nil {
			return err
		}
		p.Answers = append(p.Answers, claim)
	}
	return t.Execute(w, &p)
}

// studyPage is what study.html lays out.
type studyPage struct {
	*study.Outcome
	Style   template.CSS
	Groups  []studyGroup
	Answers []studyClaim
}

// studyGroup is the rows under one heading.
type studyGroup struct {
	Name  string
	Rows  []studyRow
	Chart *Chart
}

// studyRow is a row with its number in the whole study, by which charts name it.
type studyRow struct {
	study.Row
	Number int
}

type studyClaim struct {
	study.Claim
	Chart *Chart
}

func groups(rows []study.Row) []studyGroup {
	var list []studyGroup
	for i, r := range rows {
		if len(list) == 0 || list[len(list)-1].Name != r.Group {
			list = append(list, studyGroup{Name: r.Group})
		}
		g := &list[len(list)-1]
		g.Rows = append(g.Rows, studyRow{r, i + 1})
	}
	return list
}

// Number is that of a row by its name.
func (p *studyPage) Number(name string) int {
	return 1 + slices.IndexFunc(p.Rows, func(r study.Row) bool { return r.Name == name })
}

// Title is that of a row by its name.
func (p *studyPage) Title(name string) string { return p.Rows[p.Number(name)-1].Title }

// signed is a difference with its sign.
func signed(s metrics.Score) template.HTML {
	if s > 0 {
		return "+" + figure(s)
	}
	return figure(s)
}

// command is a call of the program as a shell takes it.
func command(args []string) string {
	words := []string{"absa"}
	for _, a := range args {
		if !plain.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// plain is what a shell leaves as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./=:,+-]+$`)

// accuracyChart draws the accuracy of the models of each row, and their mean, over
// the range that all rows of the study share.
func accuracyChart(rows []studyRow, all []study.Row) (*Chart, error) {
	p := newPlot("accuracy", "")
	p.X.Tick.Marker = decimals{}
	low, high := 1.0, 0.0
	for _, r := range all {
		for _, v := range r.Accuracy.Values {
			if v.Defined() {
				low, high = min(low, float64(v)), max(high, float64(v))
			}
		}
	}
	p.X.Min, p.X.Max = max(0, low-.01), min(1, high+.01)
	var models, means plotter.XYs
	var names []string
	for i, r := range rows {
		y := float64(len(rows) - 1 - i)
		for _, v := range r.Accuracy.Values {
			if v.Defined() {
				models = append(models, plotter.XY{X: float64(v), Y: y})
			}
		}
		if r.Accuracy.Mean.Defined() {
			means = append(means, plotter.XY{X: float64(r.Accuracy.Mean), Y: y})
		}
		names = append(names, fmt.Sprint(r.Number))
	}
	if err := scatter(p, models, draw.GlyphStyle{Color: seriesColour(0), Shape: draw.RingGlyph{}, Radius: 2.5}); err != nil {
		return nil, err
	}
	if err := scatter(p, means, draw.GlyphStyle{Color: seriesColour(1), Shape: draw.BoxGlyph{}, Radius: 2.5}); err != nil {
		return nil, err
	}
	c := &Chart{Alt: "accuracy of each model and mean by row; the figures are in the table beside it", Keys: []Key{{"a model", 0, false}, {"their mean", 1, false}}}
	return c, c.drawRows(p, names, rowsHeight(len(rows)))
}

// scatter adds points to a plot, of which there may be none.
func scatter(p *plot.Plot, points plotter.XYs, style draw.GlyphStyle) error {
	if len(points) == 0 {
		return nil
	}
	s, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	s.GlyphStyle = style
	p.Add(s)
	return nil
}

// claimChart draws the differences that answer a claim with their intervals. One that
// is not defined, as that of an aspect without test labels, leaves its row empty.
func claimChart(c study.Claim, number func(string) int) (*Chart, error) {
	if len(c.Compared) == 0 {
		return nil, nil
	}
	p := newPlot("difference of accuracies", "")
	p.X.Tick.Marker = decimals{}
	var points plotter.XYs
	var intervals errorPoints
	var names []string
	for i, d := range c.Compared {
		at := plotter.XY{X: float64(d.Mean), Y: float64(len(c.Compared) - 1 - i)}
		if d.Mean.Defined() {
			points = append(points, at)
			if low, high := d.Interval.Low, d.Interval.High; low.Defined() && high.Defined() {
				intervals.XYs = append(intervals.XYs, at)
				intervals.XErrors = append(intervals.XErrors, struct{ Low, High float64 }{float64(low - d.Mean), float64(high - d.Mean)})
			}
		}
		name := fmt.Sprintf("%d − %d", number(d.Row), number(d.Reference))
		if d.Aspect != "" {
			name = Shortened(d.Aspect, 14)
		}
		names = append(names, name)
	}
	zero, err := plotter.NewLine(plotter.XYs{{X: 0, Y: -1}, {X: 0, Y: float64(len(names))}})
	if err != nil {
		return nil, err
	}
	zero.Color, zero.Dashes = seriesColour(1), []vg.Length{3, 3}
	p.Add(zero)
	if len(intervals.XYs) > 0 {
		bars, err := plotter.NewXErrorBars(intervals)
		if err != nil {
			return nil, err
		}
		bars.LineStyle.Color, bars.LineStyle.Width, bars.CapWidth = seriesColour(0), 1.5, 6
		p.Add(bars)
	}
	if err := scatter(p, points, draw.GlyphStyle{Color: seriesColour(0), Shape: draw.CircleGlyph{}, Radius: 3}); err != nil {
		return nil, err
	}
	chart := &Chart{Alt: "differences with their 95 % intervals; the figures are in the table beside it", Keys: []Key{{"difference and its 95 % interval", 0, false}, {"none", 1, true}}}
	return chart, chart.drawRows(p, names, rowsHeight(len(names)))
}

// rowsHeight leaves room for so many rows and the axis.
func rowsHeight(rows int) font.Length { return font.Length(max(16*rows+45, 90)) }
