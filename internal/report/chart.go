package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"absa/internal/metrics"
)

// Chart is a drawing with a key to its lines. The key is text of the page, so
// that names wrap and can be read aloud.
type Chart struct {
	Title string // empty where the heading above says it
	Alt   string // what it shows, for who cannot see it
	Keys  []Key
	SVG   template.HTML
}

// Key is a line of the key: the colour of a series by its number, from 0.
type Key struct {
	Name   string
	Series int
	Dashed bool
}

// Series is one line or one set of bars.
type series struct {
	name   string
	points plotter.XYs
	number int // colour
	dashed bool
}

// Charts are drawn this small, in points, and scaled up to the width of their
// column: about 1.4 times, which makes letters of 9 points 13 pixels high.
const (
	chartWidth  = 260
	chartHeight = 170
	letters     = 9
)

// Colours of a drawing are names that the style sheet gives a meaning, by which
// it has one for light and one for dark pages. colours is how many series differ
// in colour.
const colours = 8

func seriesColour(number int) color.Color {
	return color.NRGBA{R: 1, G: 0, B: uint8(number % colours), A: 255}
}

var gridColour = color.NRGBA{R: 2, A: 255}

// styled replaces the colours of a drawing by those of the style sheet.
var styled = func() *strings.Replacer {
	pairs := []string{"#000000", "currentColor", "#020000", "var(--grid)", "Liberation Sans", "inherit"}
	for i := range colours {
		pairs = append(pairs, fmt.Sprintf("#0100%02X", i), fmt.Sprintf("var(--series-%d)", i))
	}
	return strings.NewReplacer(pairs...)
}()

// newPlot is a plot in the style of the page.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	sans := font.Font{Typeface: "Liberation", Variant: "Sans", Size: letters}
	for _, a := range []struct {
		axis  *plot.Axis
		label string
	}{{&p.X, x}, {&p.Y, y}} {
		a.axis.Label.Text = a.label
		a.axis.Label.TextStyle.Font = sans
		a.axis.Tick.Label.Font = sans
		a.axis.Tick.LineStyle.Color = gridColour
		a.axis.LineStyle.Color = gridColour
		a.axis.Tick.Length = 3
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Horizontal.Width = gridColour, 0.5
	grid.Vertical.Color = nil
	if y == "" { // bars on their side
		grid.Horizontal, grid.Vertical = grid.Vertical, grid.Horizontal
	}
	p.Add(grid)
	p.BackgroundColor = color.Transparent
	return p
}

// svg draws a plot.
func svg(p *plot.Plot, height font.Length) (template.HTML, error) {
	canvas := vgsvg.New(chartWidth, height)
	// The last label of an axis is as wide as it is beyond its tick.
	p.Draw(draw.Crop(draw.New(canvas), 0, -8, 0, -4))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("draw: %w", err)
	}
	text := b.String()
	_, text, ok := strings.Cut(text, "xlink\">")
	if !ok {
		return "", fmt.Errorf("draw: the drawing has no head")
	}
	head := fmt.Sprintf(`<svg viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`, chartWidth, int(height))
	// The library escapes what it writes as text.
	return template.HTML(head + styled.Replace(text)), nil
}

// lineChart draws series over whole numbers from 1, the epochs.
func lineChart(title, y string, list []series) (*Chart, error) {
	p := newPlot("epoch", y)
	c := &Chart{Title: title}
	last := 1.0
	var said []string
	for _, s := range list {
		if len(s.points) == 0 {
			continue
		}
		line, points, err := plotter.NewLinePoints(s.points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", title, err)
		}
		line.Color, line.Width = seriesColour(s.number), 1.5
		if s.dashed {
			line.Dashes = []vg.Length{4, 2}
		}
		points.Color, points.Shape, points.Radius = line.Color, draw.CircleGlyph{}, 1.5
		p.Add(line)
		if len(s.points) <= 30 {
			p.Add(points)
		}
		c.Keys = append(c.Keys, Key{s.name, s.number % colours, s.dashed})
		end := s.points[len(s.points)-1]
		last = max(last, end.X)
		said = append(said, fmt.Sprintf("%s from %.4g to %.4g", s.name, s.points[0].Y, end.Y))
	}
	if len(c.Keys) == 0 {
		return nil, nil
	}
	p.X.Tick.Marker = whole{}
	p.Y.Tick.Marker = decimals{}
	p.X.Min, p.X.Max = 1, max(last, 2)
	if p.Y.Min == p.Y.Max {
		p.Y.Min, p.Y.Max = min(0, 2*p.Y.Min), max(0, 2*p.Y.Max)
	}
	if p.Y.Min == p.Y.Max { // all are 0
		p.Y.Max = 1
	}
	c.Alt = fmt.Sprintf("%s by epoch, 1 to %.0f: %s", title, last, strings.Join(said, "; "))
	var err error
	c.SVG, err = svg(p, chartHeight)
	return c, err
}

// whole ticks at whole numbers, at most seven of them.
type whole struct{}

func (whole) Ticks(low, high float64) []plot.Tick {
	step := 1.0
	for _, n := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} {
		if step = n; (high-low)/n <= 6 {
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
	}
	return ticks
}

// decimals ticks at multiples of 1, 2 or 5 times a power of ten, five or so.
type decimals struct{}

func (decimals) Ticks(low, high float64) []plot.Tick {
	power := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	step := power
	for _, n := range []float64{1, 2, 5, 10} {
		if step = n * power; (high-low)/step <= 6 {
			break
		}
	}
	var ticks []plot.Tick
	first := math.Ceil(low / step)
	for i := range 7 { // more do not fit; a range of rounding errors has no end of them
		v := (first + float64(i)) * step
		if v > high {
			break
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 4, 64)})
	}
	return ticks
}

// shares are the ticks of a share from 0 to 1.
var shares = func() plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for i := range 6 {
		ticks = append(ticks, plot.Tick{Value: float64(i) / 5, Label: strconv.FormatFloat(float64(i)/5, 'f', 1, 64)})
	}
	return ticks
}()

// barChart draws shares, one bar for each name and series, on their side: names
// are long.
func barChart(what, x string, names []string, list []series) (*Chart, error) {
	p := newPlot(x, "")
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, shares
	c := &Chart{Alt: what + "; the figures are in the table beside it"}
	row := font.Length(26)
	width := row / font.Length(len(list)+1)
	for i, s := range list {
		values := make(plotter.Values, len(names))
		for _, xy := range s.points {
			values[len(names)-1-int(xy.X)] = xy.Y // the first on top
		}
		bars, err := plotter.NewBarChart(values, width)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		bars.Horizontal = true
		bars.Color, bars.LineStyle.Width = seriesColour(s.number), 0
		bars.Offset = width * font.Length(float64(len(list)-1)/2-float64(i))
		p.Add(bars)
		c.Keys = append(c.Keys, Key{s.name, s.number % colours, false})
	}
	return c, c.drawRows(p, names, row*font.Length(len(names))+40)
}

// drawRows draws a plot with a row for each name, the first on top.
func (c *Chart) drawRows(p *plot.Plot, names []string, height font.Length) (err error) {
	upward := make([]string, len(names))
	for i, name := range names {
		// A gap, as the browser's letters may be wider than those counted on.
		upward[len(names)-1-i] = Shortened(name, 16) + "\u00a0\u00a0"
	}
	p.NominalY(upward...)
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	c.SVG, err = svg(p, height)
	return err
}

// reliabilityChart draws accuracy by confidence, with a point's area by the
// number of answers, beside the diagonal of perfect calibration: as the model
// says it, and at its temperature if there is one.
func reliabilityChart(a *Answers) (*Chart, error) {
	p := newPlot("confidence", "accuracy")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = shares, shares
	diagonal, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
	if err != nil {
		return nil, err
	}
	diagonal.Color, diagonal.Dashes = color.Black, []vg.Length{3, 3}
	p.Add(diagonal)
	c := &Chart{Alt: fmt.Sprintf("reliability diagram, expected calibration error %v; the figures are in the table beside it", a.Score.Calibration.Raw.ECE)}
	if err := c.reliability(p, a.Bins, "the model's own probabilities, larger points with more answers", 0); err != nil {
		return nil, err
	}
	if fit := a.Score.Calibration.Scaled; fit != nil {
		c.Alt += fmt.Sprintf(", at the temperature %v", fit.ECE)
		if err := c.reliability(p, a.Scaled, "at the temperature", 1); err != nil {
			return nil, err
		}
	}
	c.SVG, err = svg(p, 230)
	return c, err
}

// reliability adds the bins that are not empty.
func (c *Chart) reliability(p *plot.Plot, bins []metrics.Bin, name string, number int) error {
	var points plotter.XYs
	var counts []int
	most := 1
	for _, b := range bins {
		if b.Count > 0 {
			points = append(points, plotter.XY{X: float64(b.Confidence), Y: float64(b.Accuracy)})
			counts = append(counts, b.Count)
			most = max(most, b.Count)
		}
	}
	c.Keys = append(c.Keys, Key{name, number, false})
	if len(points) == 0 {
		return nil
	}
	line, scatter, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = seriesColour(number), 1
	scatter.GlyphStyleFunc = func(i int) draw.GlyphStyle {
		return draw.GlyphStyle{Color: seriesColour(number), Shape: draw.CircleGlyph{}, Radius: vg.Length(1.5 + 4*math.Sqrt(float64(counts[i])/float64(most)))}
	}
	p.Add(line, scatter)
	return nil
}
