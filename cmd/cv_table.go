package cmd

import (
	"fmt"
	"io"
	"strings"

	"absa/internal/metrics"
	"absa/trainer/crossval"
)

// printStudy writes what was compared, how the candidates did, laid out by table, and
// the choice.
func printStudy(w io.Writer, r *crossval.Result, table func([][]string) string) error {
	var parts []string
	if r.Question != "" {
		parts = append(parts, r.Question+"\n")
	}
	about := fmt.Sprintf("%s of %s, %s, seed %d: %s, each answered by models that did not see it. The test corpus took no part.\n",
		plural(r.Folds, "fold"), r.Corpus, plural(r.Repeats, "repeat"), r.Seed, plural(r.Sentences, "sentence"))
	for _, p := range r.Protocols[:min(1, len(r.Protocols))] {
		about += fmt.Sprintf("Protocol %s, SHA-256 %s, written down before the first training on %s.\n", p.File, p.SHA256, r.Begun.Format("2006-01-02 15:04:05 MST"))
	}
	for _, p := range r.Protocols[min(1, len(r.Protocols)):] {
		about += fmt.Sprintf("Read again on %s, with %s, SHA-256 %s.\n", p.Read.Format("2006-01-02 15:04:05 MST"), plural(p.Candidates, "candidate"), p.SHA256)
	}
	if len(r.Override) > 0 {
		about += fmt.Sprintf("Every candidate has --set %s over the protocol's own.\n", strings.Join(r.Override, ", "))
	}
	parts = append(parts, about, table(studyLines(r)))
	ending := ""
	for _, c := range r.Candidates {
		if c.Appended {
			ending += fmt.Sprintf("Appended when trainings had begun: %s.\n", c.Name)
		}
	}
	if len(r.Table) > 1 {
		ending += fmt.Sprintf("Choice by %s: %s, %s.\n", r.Metric, r.Choice, r.Rule)
	}
	if ending != "" {
		parts = append(parts, ending)
	}
	_, err := io.WriteString(w, strings.Join(parts, "\n"))
	return err
}

// studyLines are the table's cells, its head first.
func studyLines(r *crossval.Result) [][]string {
	lines := [][]string{{"candidate", "accuracy", "± repeats", "macro-F1", "± repeats", "log loss", r.Metric + " ± folds", "difference", "95 % interval", "p", "seconds"}}
	for i, row := range r.Table {
		name := row.Name
		if r.Candidates[i].Appended {
			name += " (appended)"
		}
		difference, interval, p := "", "", ""
		if d := row.ToBase; d != nil {
			difference, interval, p = fmt.Sprintf("%+.4f", d.Value), fmt.Sprintf("%+.4f to %+.4f", d.Interval.Low, d.Interval.High), fmt.Sprintf("%.3f", d.Test.P)
		}
		lines = append(lines, []string{
			name, row.Accuracy.Value.String(), row.Accuracy.SD.String(), row.MacroF1.Value.String(), row.MacroF1.SD.String(),
			row.LogLoss.Value.String(), row.FoldSD.String(), difference, interval, p, fmt.Sprintf("%.0f", row.Seconds),
		})
	}
	return lines
}

func textTable(lines [][]string) string { return metrics.Align(lines) }

// markdownTable lays lines out as a table whose first one is its head.
func markdownTable(lines [][]string) string {
	var b strings.Builder
	for i, line := range lines {
		cells := make([]string, len(line))
		for k, text := range line {
			cells[k] = cell(text)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(line)) + "\n")
		}
	}
	return b.String()
}
