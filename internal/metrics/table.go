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
type Table struct{ Result Result }

// String ends every line, the last too, with a line end.
func (t Table) String() string {
	lines := [][]string{{"aspect", "support", "majority", "model"}}
	for _, row := range append(t.Result.Aspects[:len(t.Result.Aspects):len(t.Result.Aspects)], t.Result.Overall) {
		lines = append(lines, []string{
			row.Name,
			strconv.Itoa(row.Model.Support()),
			row.Majority.Accuracy().String(),
			row.Model.Accuracy().String(),
		})
	}
	overall := t.Result.Overall
	lines = append(lines, []string{"macro-F1", "", overall.Majority.MacroF1().String(), overall.Model.MacroF1().String()})
	return align(lines)
}

// align pads the first column on its right and the others on their left.
func align(lines [][]string) string {
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
