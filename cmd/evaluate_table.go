package cmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/models"
	"absa/trainer"
)

// printEvaluation lays an evaluation out for people: the article's table first,
// as absa train prints it.
func printEvaluation(w io.Writer, e *trainer.Evaluation, confusion bool) error {
	if _, err := fmt.Fprintf(w, "%v\n", e.Table(e.Labels.Aspects)); err != nil {
		return err
	}
	parts := []func(io.Writer, *trainer.Evaluation) error{printAccuracies, printPolarities, printDetection, printProbabilities}
	if confusion {
		parts = append(parts, printConfusions)
	}
	if e.Against != nil {
		parts = append(parts, printAgainst)
	}
	for _, part := range parts {
		if err := part(w, e); err != nil {
			return err
		}
	}
	return nil
}

// columns is a table whose first column is flush left; its lines end with a tab.
func columns(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

func printAccuracies(w io.Writer, e *trainer.Evaluation) error {
	t := columns(w)
	fmt.Fprintf(t, "accuracy over\tsupport\taccuracy\t95 %% interval\tmacro-F1\n")
	line := func(name string, support int, accuracy metrics.Score, i metrics.Interval, f1 metrics.Score) {
		fmt.Fprintf(t, "%s\t%d\t%v\t%v to %v\t%v\n", name, support, accuracy, i.Low, i.High, f1)
	}
	line(fmt.Sprintf("all %d polarities", len(e.Polarities)), e.Confusion.Support(), e.Accuracy, *e.Interval, e.MacroF1)
	for _, r := range []*runs.Restricted{e.ThreeWay, e.Binary} {
		if r != nil {
			line(strings.Join(r.Polarities, ", "), r.Support, r.Accuracy, r.Interval, r.MacroF1)
		}
	}
	fmt.Fprintln(t)
	return t.Flush()
}

func printPolarities(w io.Writer, e *trainer.Evaluation) error {
	t := columns(w)
	fmt.Fprintln(t, "polarity\tsupport\tpredicted\tprecision\trecall\tF1")
	for _, p := range e.Polarities {
		fmt.Fprintf(t, "%s\t%d\t%d\t%v\t%v\t%v\n", p.Polarity, p.Support, p.Predicted, p.Precision, p.Recall, p.F1)
	}
	fmt.Fprintln(t)
	return t.Flush()
}

func printDetection(w io.Writer, e *trainer.Evaluation) error {
	d := e.Detection
	if d == nil {
		return nil
	}
	by := "by the class absent"
	if d.Threshold != nil {
		by = fmt.Sprintf("presence from %v on", *d.Threshold)
	}
	t := columns(w)
	fmt.Fprintln(t, "aspects mentioned\tsupport\tpredicted\tprecision\trecall\tF1")
	fmt.Fprintf(t, "%s\t%d\t%d\t%v\t%v\t%v\n\n", by, d.Gold, d.Predicted, d.Precision, d.Recall, d.F1)
	return t.Flush()
}

func printProbabilities(w io.Writer, e *trainer.Evaluation) error {
	c := e.Calibration
	if c.Scaled != nil {
		return printFits(w, c.Raw, c.Scaled, *c.Temperature)
	}
	if err := printFits(w, c.Raw, nil, 0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "not calibrated: %s\n", e.Uncalibrated)
	return err
}

// printFits compares probabilities with and without a temperature; scaled is nil
// without one.
func printFits(w io.Writer, raw runs.Fit, scaled *runs.Fit, temperature float64) error {
	t := columns(w)
	fmt.Fprintln(t, "probabilities\tlog loss\tcalibration error")
	fmt.Fprintf(t, "of the model\t%v\t%v\n", raw.LogLoss, raw.ECE)
	if scaled != nil {
		fmt.Fprintf(t, "at temperature %.4f\t%v\t%v\n", temperature, scaled.LogLoss, scaled.ECE)
	}
	return t.Flush()
}

func printConfusions(w io.Writer, e *trainer.Evaluation) error {
	one := func(name string, m metrics.Confusion) error {
		t := columns(w)
		fmt.Fprintf(t, "\n%s: gold by predicted\n", name)
		for _, p := range e.Polarities {
			fmt.Fprintf(t, "\t%s", p.Polarity)
		}
		if e.Labels.AbsentClass {
			fmt.Fprintf(t, "\t%s", models.Absent)
		}
		for i, row := range m {
			fmt.Fprintf(t, "\n%s", e.Polarities[i].Polarity)
			if !e.Labels.AbsentClass {
				row = row[:len(row)-1]
			}
			for _, n := range row {
				fmt.Fprintf(t, "\t%d", n)
			}
		}
		fmt.Fprintln(t)
		return t.Flush()
	}
	if err := one("all aspects", e.Confusion); err != nil {
		return err
	}
	for _, a := range e.Labels.Aspects {
		if err := one(a, e.Aspects[a].Confusion); err != nil {
			return err
		}
	}
	return nil
}

func printAgainst(w io.Writer, e *trainer.Evaluation) error {
	a := e.Against
	_, err := fmt.Fprintf(w, `
against %s, accuracy %v:
difference  %+.4f  95 %% interval %+.4f to %+.4f (paired bootstrap)
McNemar     p = %.4g: %s right here alone, %d there alone
`, a.Run, a.Accuracy, a.Difference, a.Interval.Low, a.Interval.High, a.McNemar, plural(a.OnlyThis, "pair"), a.OnlyOther)
	return err
}
