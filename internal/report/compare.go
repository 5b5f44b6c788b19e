package report

import (
	"fmt"
	"html/template"
	"strconv"

	"absa/internal/metrics"
	"absa/internal/runs"
)

// comparison lays runs side by side, a column each.
type comparison struct {
	Figures  []line
	Aspects  []line
	Settings []line
	Charts   []*Chart
	Paired   bool     // some run answered the questions of the first one
	Others   []string // runs of which that is not known
}

// line is one figure of every run.
type line struct {
	Name  string
	Cells []template.HTML
}

func compare(list []*Run) (*comparison, error) {
	c := &comparison{}
	add := func(name string, cell func(*Run) template.HTML) {
		l := line{Name: name}
		for _, r := range list {
			l.Cells = append(l.Cells, cell(r))
		}
		c.Figures = append(c.Figures, l)
	}
	result := func(f func(*runs.Result) any) func(*Run) template.HTML {
		return func(r *Run) template.HTML {
			if r.Result == nil {
				return "–"
			}
			return text(f(r.Result))
		}
	}
	add("accuracy", result(func(r *runs.Result) any { return r.Accuracy }))
	tested := func(f func(*Answers) template.HTML) func(*Run) template.HTML {
		return func(r *Run) template.HTML {
			if r.Answers == nil || r.Answers.Corpus != runs.Test {
				return "–"
			}
			return f(r.Answers)
		}
	}
	add("95 % interval", tested(func(a *Answers) template.HTML { return interval(*a.Score.Interval) }))
	add("more than "+list[0].Name, func(r *Run) template.HTML {
		if r == list[0] {
			return "–"
		}
		d, i, ok := difference(list[0].Answers, r.Answers)
		if !ok || r.Answers.Corpus != runs.Test {
			if r.Result != nil {
				c.Others = append(c.Others, r.Name)
			}
			return "–"
		}
		c.Paired = true
		return figure(d) + " (" + interval(i) + ")"
	})
	for _, some := range []struct {
		name string
		of   func(*runs.Score) *runs.Restricted
	}{
		{"accuracy over positive, neutral, negative", func(s *runs.Score) *runs.Restricted { return s.ThreeWay }},
		{"accuracy over positive, negative", func(s *runs.Score) *runs.Restricted { return s.Binary }},
	} {
		add(some.name, tested(func(a *Answers) template.HTML {
			if r := some.of(&a.Score); r != nil {
				return figure(r.Accuracy)
			}
			return "–"
		}))
	}
	add("majority class", result(func(r *runs.Result) any { return r.Majority }))
	add("macro-F1", result(func(r *runs.Result) any { return r.MacroF1 }))
	add("calibration error", tested(func(a *Answers) template.HTML { return figure(a.Score.Calibration.Raw.ECE) }))
	add("temperature", tested(func(a *Answers) template.HTML { return figure(a.Score.Calibration.Temperature) }))
	add("calibration error at it", tested(func(a *Answers) template.HTML {
		if fit := a.Score.Calibration.Scaled; fit != nil {
			return figure(fit.ECE)
		}
		return "–"
	}))
	add("epochs", func(r *Run) template.HTML { return text(len(r.Epochs)) })
	add("tested epoch", result(func(r *runs.Result) any { return r.TestedEpoch }))
	add("stopped by", result(func(r *runs.Result) any { return r.Stopped }))
	add("parameters", result(func(r *runs.Result) any { return strconv.FormatInt(r.Parameters, 10) }))
	add("sentences/s", result(func(r *runs.Result) any { return fmt.Sprintf("%.0f", r.SentencesPerSecond) }))
	add("device", result(func(r *runs.Result) any { return r.Device }))

	seen := map[string]bool{}
	for _, r := range list {
		for _, aspect := range r.Config.Data.Learned() {
			if seen[aspect] {
				continue
			}
			seen[aspect] = true
			l := line{Name: aspect}
			for _, other := range list {
				score := metrics.Score(0)
				a, ok := runs.AspectResult{}, false
				if other.Result != nil {
					a, ok = other.Result.Aspects[aspect]
				}
				if score = a.Accuracy; !ok {
					l.Cells = append(l.Cells, "–")
					continue
				}
				l.Cells = append(l.Cells, figure(score))
			}
			c.Aspects = append(c.Aspects, l)
		}
	}
	keys, values := settings(list)
	for i, key := range keys {
		l := line{Name: key}
		for _, v := range values[i] {
			l.Cells = append(l.Cells, text(v))
		}
		c.Settings = append(c.Settings, l)
	}
	return c, c.draw(list)
}

// draw overlays the learning curves.
func (c *comparison) draw(list []*Run) error {
	chart := func(title, y string, figure func(runs.Epoch) *float64) (*Chart, error) {
		var all []series
		for i, r := range list {
			all = append(all, series{r.Name, points(r.Epochs, figure), i, i/colours%2 == 1})
		}
		return lineChart(title, y, all)
	}
	loss, err := chart("Training loss", "loss", func(e runs.Epoch) *float64 { return &e.TrainLoss })
	if err != nil {
		return err
	}
	accuracy, err := chart("Validation accuracy", "accuracy", validAccuracy)
	c.Charts = drawn(loss, accuracy)
	return err
}

func interval(i metrics.Interval) template.HTML { return figure(i.Low) + " to " + figure(i.High) }

// text writes a figure, or escapes what is none.
func text(v any) template.HTML {
	if s, ok := v.(string); ok {
		return template.HTML(template.HTMLEscapeString(s))
	}
	return figure(v)
}
