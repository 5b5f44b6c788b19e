package cmd

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/models"
	"absa/trainer"
)

// printEvaluation lays an evaluation out for people: the article's table first,
// as absa train prints it.
func printEvaluation(w io.Writer, e *trainer.Evaluation, confusion bool) error {
	parts := []string{e.Table(e.Labels.Aspects).String(), members(e.Members), accuracies(e), polarities(e), detection(e), probabilities(e)}
	if confusion {
		parts = append(parts, "confusion: gold polarities in lines, predicted ones in columns\n", matrix("all aspects", e, e.Confusion))
		for _, a := range e.Labels.Aspects {
			parts = append(parts, matrix(a, e, e.Aspects[a].Confusion))
		}
	}
	if e.Against != nil {
		parts = append(parts, against(e.Against))
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	_, err := io.WriteString(w, strings.Join(parts, "\n"))
	return err
}

// members is empty where there is one model.
func members(list []trainer.Member) string {
	if len(list) == 0 {
		return ""
	}
	lines := [][]string{{fmt.Sprintf("mean of the probabilities of %d models", len(list)), "accuracy", "macro-F1", "log loss"}}
	for _, m := range list {
		lines = append(lines, []string{m.Run, m.Accuracy.String(), m.MacroF1.String(), m.LogLoss.String()})
	}
	return metrics.Align(lines)
}

func accuracies(e *trainer.Evaluation) string {
	lines := [][]string{{"accuracy over", "support", "accuracy", "95 % interval", "macro-F1"}}
	line := func(name string, support int, accuracy metrics.Score, i metrics.Interval, f1 metrics.Score) {
		lines = append(lines, []string{name, strconv.Itoa(support), accuracy.String(), fmt.Sprintf("%v to %v", i.Low, i.High), f1.String()})
	}
	line(fmt.Sprintf("%d polarities", len(e.Polarities)), e.Confusion.Support(), e.Accuracy, *e.Interval, e.MacroF1)
	for _, r := range []*runs.Restricted{e.ThreeWay, e.Binary} {
		if r != nil {
			line(strings.Join(r.Polarities, ", "), r.Support, r.Accuracy, r.Interval, r.MacroF1)
		}
	}
	return metrics.Align(lines)
}

func polarities(e *trainer.Evaluation) string {
	lines := [][]string{{"polarity", "support", "predicted", "precision", "recall", "F1"}}
	for _, p := range e.Polarities {
		lines = append(lines, []string{p.Polarity, strconv.Itoa(p.Support), strconv.Itoa(p.Predicted), p.Precision.String(), p.Recall.String(), p.F1.String()})
	}
	return metrics.Align(lines)
}

// detection is empty for a model that does not tell which aspects are mentioned.
func detection(e *trainer.Evaluation) string {
	d := e.Detection
	if d == nil {
		return ""
	}
	return metrics.Align([][]string{
		{"aspects mentioned", "support", "predicted", "precision", "recall", "F1"},
		{fmt.Sprintf("presence from %v on", d.Threshold), strconv.Itoa(d.Gold), strconv.Itoa(d.Predicted), d.Precision.String(), d.Recall.String(), d.F1.String()},
	})
}

func probabilities(e *trainer.Evaluation) string {
	c := e.Calibration
	if c.Scaled != nil {
		return fits(c.Raw, c.Scaled, *c.Temperature)
	}
	return fits(c.Raw, nil, 0) + "not calibrated: " + e.Uncalibrated + "\n"
}

// fits compares probabilities with and without a temperature; scaled is nil
// without one.
func fits(raw runs.Fit, scaled *runs.Fit, temperature float64) string {
	lines := [][]string{{"probabilities", "log loss", "calibration error"}, {"of the model", raw.LogLoss.String(), raw.ECE.String()}}
	if scaled != nil {
		lines = append(lines, []string{fmt.Sprintf("at temperature %.4f", temperature), scaled.LogLoss.String(), scaled.ECE.String()})
	}
	return metrics.Align(lines)
}

// matrix has gold polarities in its rows and predicted ones in its columns.
func matrix(name string, e *trainer.Evaluation, m metrics.Confusion) string {
	columns := len(e.Polarities)
	head := []string{name}
	for _, p := range e.Polarities {
		head = append(head, p.Polarity)
	}
	if e.Labels.AbsentClass {
		head, columns = append(head, models.Absent), columns+1
	}
	lines := [][]string{head}
	for i, row := range m {
		line := []string{e.Polarities[i].Polarity}
		for _, n := range row[:columns] {
			line = append(line, strconv.Itoa(n))
		}
		lines = append(lines, line)
	}
	return metrics.Align(lines)
}

func against(a *trainer.Against) string {
	return fmt.Sprintf(`against %s, accuracy %v
difference  %+.4f, 95 %% interval %+.4f to %+.4f (paired bootstrap)
McNemar     p = %.4g: %s right here alone, %d there alone
`, a.Run, a.Accuracy, a.Difference, a.Interval.Low, a.Interval.High, a.McNemar, plural(a.OnlyThis, "pair"), a.OnlyOther)
}
