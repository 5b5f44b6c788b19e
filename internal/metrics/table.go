package metrics

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Table lays a result out as the article does: a line per aspect, then all
// pairs pooled, then macro-F1 over all pairs.
//
//	aspect   support  majority   model
//	food         418    0.7225  0.8110
//	service      172    0.5872  0.8023
//	overall      590    0.6831  0.8085
//	macro-F1            0.2029  0.5480
type Table struct {
	Lines           []Line
	MajorityMacroF1 Score
	MacroF1         Score
}

// Line is one line of a Table: an aspect, or all of them.
type Line struct {
	Name            string
	Support         int
	Majority, Model Score // accuracies
}

// Table lays the result out.
func (r Result) Table() Table {
	t := Table{MajorityMacroF1: r.Overall.Majority.MacroF1(), MacroF1: r.Overall.Model.MacroF1()}
	for _, row := range append(r.Aspects[:len(r.Aspects):len(r.Aspects)], r.Overall) {
		t.Lines = append(t.Lines, Line{row.Name, row.Model.Support(), row.Majority.Accuracy(), row.Model.Accuracy()})
	}
	return t
}

// String ends every line, the last too, with a line end.
func (t Table) String() string {
	lines := [][]string{{"aspect", "support", "majority", "model"}}
	for _, l := range t.Lines {
		lines = append(lines, []string{l.Name, strconv.Itoa(l.Support), l.Majority.String(), l.Model.String()})
	}
	lines = append(lines, []string{"macro-F1", "", t.MajorityMacroF1.String(), t.MacroF1.String()})
	return Align(lines)
}

// Align lays out lines of equally many cells: it pads the first column on its
// right and the others on their left. Every line ends with a line end.
func Align(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		for i, cell := range line {
			if i == 0 {
				fmt.Fprintf(&b, "%-*s", widths[i], cell) // fmt counts runes too
			} else {
				fmt.Fprintf(&b, "  %*s", widths[i], cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
