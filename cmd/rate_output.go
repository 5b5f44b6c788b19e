package cmd

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"absa/internal/ratings"
	"absa/internal/report"
)

func (l *tally) write(w io.Writer) error {
	switch l.rate.output {
	case "jsonl":
		return writeLines(w, l.ratings)
	case "csv":
		return writeRecords(w, l.ratings)
	case "html":
		return report.WriteRatings(w, report.RatingsPage{
			Ratings: l.ratings, GroupBy: l.rate.input.GroupBy, Model: l.rate.model.Run, Presence: l.model.Presence,
			Reviews: l.reviews - l.bad, Sentences: l.sentences,
		})
	}
	return writeRatings(w, l.ratings)
}

// writeLines writes an object per group and aspect.
func writeLines(w io.Writer, r *ratings.Ratings) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, g := range r.Groups() {
		for _, line := range r.Lines(g) {
			if err := e.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeRecords writes a record per group and aspect.
func writeRecords(w io.Writer, r *ratings.Ratings) error {
	c := csv.NewWriter(w)
	header := append([]string{"group", "aspect", "count"}, r.Polarities...)
	_ = c.Write(append(header, "rating", "low", "high", "pro", "con")) // c.Error has it
	for _, g := range r.Groups() {
		for _, l := range r.Lines(g) {
			record := []string{l.Group, l.Aspect, strconv.Itoa(l.Count)}
			for _, p := range r.Polarities {
				record = append(record, strconv.Itoa(l.Polarities[p].Count))
			}
			for _, v := range []float64{l.Rating, l.Low, l.High} {
				record = append(record, strconv.FormatFloat(v, 'g', -1, 64))
			}
			for _, quotes := range [][]ratings.Quote{l.Pros, l.Cons} {
				first := ""
				if len(quotes) > 0 {
					first = quotes[0].Text
				}
				record = append(record, first)
			}
			_ = c.Write(record)
		}
	}
	c.Flush()
	return c.Error()
}

// tableWidth is what a terminal has at least.
const tableWidth = 80

// writeRatings writes for people: each group, and under it a line per aspect with
// the sentences that are most telling.
func writeRatings(w io.Writer, r *ratings.Ratings) error {
	fmt.Fprintf(w, "rating, 95 %% interval, sentences and their shares:\n%s\n", report.Shortened(legend(r), tableWidth))
	for _, g := range r.Groups() {
		fmt.Fprintf(w, "\n%s (%s, %s)\n", report.Shortened(g.Name, tableWidth-40), plural(g.Reviews, "review"), plural(g.Sentences, "sentence"))
		if len(g.Ratings) == 0 {
			fmt.Fprintln(w, "  no aspect is mentioned")
		}
		for _, l := range r.Lines(g) {
			fmt.Fprintf(w, "  %-24s %.1f %s %.1f–%.1f %6d  %s\n", report.Shortened(l.Aspect, 24), l.Rating, stars(l.Rating), l.Low, l.High, l.Count, bar(r, l))
			for _, side := range []struct {
				mark   string
				quotes []ratings.Quote
			}{{"+", l.Pros}, {"−", l.Cons}} {
				if len(side.quotes) > 0 {
					fmt.Fprintf(w, "    %s %s\n", side.mark, report.Shortened(side.quotes[0].Text, tableWidth-6))
				}
			}
		}
	}
	return nil // a bufio.Writer keeps its error for Flush
}

// signs stand for polarities above, at and below the middle of the scale.
var signs = []struct {
	sign string
	side int
}{{"+", 1}, {"·", 0}, {"−", -1}}

// legend says which polarities have which sign.
func legend(r *ratings.Ratings) string {
	var list []string
	for _, s := range signs {
		var names []string
		for p, name := range r.Polarities {
			if r.Scale.Side(p) == s.side {
				names = append(names, name)
			}
		}
		if names != nil {
			list = append(list, s.sign+" "+strings.Join(names, ", "))
		}
	}
	return strings.Join(list, "; ")
}

// barWidth is how many signs a bar has, each for a twentieth.
const barWidth = 20

// bar shows the shares as so many signs.
func bar(r *ratings.Ratings, l ratings.Line) string {
	var b strings.Builder
	share, written := 0.0, 0
	for _, s := range signs {
		for p, name := range r.Polarities {
			if r.Scale.Side(p) == s.side {
				share += l.Polarities[name].Share
			}
		}
		upTo := int(math.Round(share * barWidth))
		b.WriteString(strings.Repeat(s.sign, upTo-written))
		written = upTo
	}
	return b.String()
}

func stars(rating float64) string {
	full := int(math.Round(rating))
	return strings.Repeat("★", full) + strings.Repeat("☆", ratings.Highest-full)
}
