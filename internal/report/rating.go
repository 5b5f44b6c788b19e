package report

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"absa/internal/ratings"
)

// RatingsPage is what WriteRatings lays out.
type RatingsPage struct {
	Ratings   *ratings.Ratings
	GroupBy   string // the field that tells the groups apart
	Model     string // the run or checkpoint
	Presence  bool   // the model tells which aspects are mentioned
	Reviews   int
	Sentences int
}

// mostGroups is how many groups a page shows, those with the most sentences.
const mostGroups = 200

// ratingsPage is what rating.html lays out.
type ratingsPage struct {
	RatingsPage
	Style    template.CSS
	Groups   []ratedGroup
	Left     int // groups that are not shown
	Least    float64
	Most     float64
	Favoured []string // polarities with their values
}

// ratedGroup is a group with a line per aspect that it mentions.
type ratedGroup struct {
	ratings.Group
	Number int
	Lines  []ratings.Line
	Cells  []*ratings.Line // of all aspects of the model; nil where none is said
	Rating *Chart
	Shares *Chart
}

// WriteRatings writes ratings as a page that needs nothing else.
func WriteRatings(w io.Writer, p RatingsPage) error {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return err
	}
	t, err := template.New("rating.html").Funcs(template.FuncMap{
		"figure":  figure,
		"rounded": rounded,
		"percent": percent,
		"id":      func(n int) string { return "group-" + strconv.Itoa(n+1) },
		"share":   func(l ratings.Line, polarity string) ratings.Share { return l.Polarities[polarity] },
		"stand": func(l *ratings.Line) template.CSS { // where a rating stands between the ends
			return heat((l.Rating - ratings.Lowest) / (ratings.Highest - ratings.Lowest))
		},
	}).ParseFS(files, "rating.html", "chart.html")
	if err != nil {
		return err
	}
	page := ratingsPage{RatingsPage: p, Style: template.CSS(style)}
	for i, name := range p.Ratings.Polarities {
		page.Favoured = append(page.Favoured, fmt.Sprintf("%s %v", name, p.Ratings.Scale.Values[i]))
	}
	groups := p.Ratings.Groups()
	if page.Left = len(groups) - mostGroups; page.Left > 0 {
		slices.SortStableFunc(groups, func(a, b ratings.Group) int { return cmp.Compare(b.Sentences, a.Sentences) })
		groups = groups[:mostGroups]
		slices.SortFunc(groups, func(a, b ratings.Group) int { return cmp.Compare(a.Name, b.Name) })
	}
	for i, g := range groups {
		rated, err := newRatedGroup(p.Ratings, g, i)
		if err != nil {
			return fmt.Errorf("ratings of %s: %w", g.Name, err)
		}
		page.Groups = append(page.Groups, rated)
	}
	return t.Execute(w, page)
}

func newRatedGroup(r *ratings.Ratings, g ratings.Group, number int) (ratedGroup, error) {
	rated := ratedGroup{Group: g, Number: number, Lines: r.Lines(g), Cells: make([]*ratings.Line, len(r.Aspects))}
	for i := range rated.Lines {
		rated.Cells[slices.Index(r.Aspects, rated.Lines[i].Aspect)] = &rated.Lines[i]
	}
	if len(rated.Lines) == 0 {
		return rated, nil
	}
	var err error
	if rated.Rating, err = ratingChart(rated.Lines); err != nil {
		return rated, err
	}
	rated.Shares, err = sharesChart(r, rated.Lines)
	return rated, err
}

// ratingChart draws the rating of each aspect with its interval.
func ratingChart(lines []ratings.Line) (*Chart, error) {
	p := newPlot("rating", "")
	p.X.Min, p.X.Max, p.X.Tick.Marker = ratings.Lowest, ratings.Highest, whole{}
	points := errorPoints{XErrors: make(plotter.XErrors, len(lines))}
	for i, l := range lines {
		points.XYs = append(points.XYs, plotter.XY{X: l.Rating, Y: float64(len(lines) - 1 - i)})
		points.XErrors[i].Low, points.XErrors[i].High = l.Low-l.Rating, l.High-l.Rating
	}
	bars, err := plotter.NewXErrorBars(points)
	if err != nil {
		return nil, err
	}
	bars.LineStyle.Color, bars.LineStyle.Width, bars.CapWidth = seriesColour(0), 1.5, 6
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: seriesColour(0), Shape: draw.CircleGlyph{}, Radius: 3}
	p.Add(bars, scatter)
	c := &Chart{Alt: "rating by aspect with its 95 % interval; the figures are in the table beside it", Keys: []Key{{"rating and its 95 % interval", 0, false}}}
	return c, c.drawLines(p, lines)
}

type errorPoints struct {
	plotter.XYs
	plotter.XErrors
}

// sharesChart draws the shares of the polarities of each aspect, one behind the
// other.
func sharesChart(r *ratings.Ratings, lines []ratings.Line) (*Chart, error) {
	p := newPlot("share of sentences", "")
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, shares
	c := &Chart{Alt: "shares of the polarities by aspect; the figures are in the table beside it"}
	var below *plotter.BarChart
	hues := map[int][]int{1: {2, 4, 0}, 0: {7, 6, 3}, -1: {5, 1, 3}} // greens and blues, greys, reds
	for k, polarity := range r.Polarities {
		side := hues[r.Scale.Side(k)]
		hue := side[0]
		hues[r.Scale.Side(k)] = append(side[1:], hue)
		values := make(plotter.Values, len(lines))
		for i, l := range lines {
			values[len(lines)-1-i] = l.Polarities[polarity].Share
		}
		bars, err := plotter.NewBarChart(values, vg.Length(12))
		if err != nil {
			return nil, err
		}
		bars.Horizontal, bars.Color, bars.LineStyle.Width = true, seriesColour(hue), 0
		if below != nil {
			bars.StackOn(below)
		}
		below = bars
		p.Add(bars)
		c.Keys = append(c.Keys, Key{polarity, hue, false})
	}
	return c, c.drawLines(p, lines)
}

// drawLines draws a plot with a row for the aspect of each line.
func (c *Chart) drawLines(p *plot.Plot, lines []ratings.Line) error {
	var names []string
	for _, l := range lines {
		names = append(names, l.Aspect)
	}
	return c.drawRows(p, names, font.Length(max(22*len(lines)+45, 90)))
}

// rounded writes a number with two digits, and all of them for programs.
func rounded(v float64) template.HTML {
	return template.HTML(fmt.Sprintf(`<data value="%s">%.2f</data>`, strconv.FormatFloat(v, 'g', -1, 64), v))
}
