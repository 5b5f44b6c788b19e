package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/metrics"
	"absa/internal/study"
)

// studied is an outcome of so many rows in groups of three.
func studied(rows int, name string, aspects, polarities []string) *study.Outcome {
	spread := func(i int) study.Spread {
		return study.NewSpread([]metrics.Score{metrics.Score(i%7) / 10, metrics.Score(i%5) / 8, metrics.Score(i%3) / 9})
	}
	o := &study.Outcome{Title: name, About: name, Seeds: []int64{1, 2, 3}, Sentences: 800, Pairs: 1025, Aspects: aspects, Classes: polarities}
	claim := study.Claim{Says: name}
	for i := range rows {
		r := study.Row{
			Name: fmt.Sprintf("row-%d", i), Group: fmt.Sprint(name, i/3), Title: fmt.Sprint(name, " ", i), Config: "sample", Args: []string{"train", "--set", "data.aspects=[" + name + "]"},
			Accuracy: spread(i + 1), MacroF1: spread(i + 2), Aspects: map[string]study.Spread{}, Polarities: map[string]study.Spread{}, Parameters: 1000,
		}
		for k, a := range aspects {
			r.Aspects[a] = spread(i + k)
		}
		for k, p := range polarities {
			r.Polarities[p] = spread(i + k)
		}
		if i == 0 { // a baseline of one figure
			r.Accuracy, r.MacroF1 = study.NewSpread(r.Accuracy.Values[:1]), study.NewSpread(r.MacroF1.Values[:1])
		} else {
			e := spread(i + 3)
			r.Epochs, r.Seconds = &e, &e
			d := metrics.Score(i%5-2) / 50
			r.Difference = &study.Difference{Reference: "row-0", Mean: d, Interval: metrics.Interval{Low: d - .02, High: d + .03}}
			claim.Compared = append(claim.Compared, study.ClaimDifference{Row: r.Name, Aspect: append([]string{""}, aspects...)[i%(len(aspects)+1)], Difference: *r.Difference})
		}
		o.Rows = append(o.Rows, r)
	}
	o.Claims = []study.Claim{claim}
	return o
}

// TestStudyEnsembles holds that the page tells what an ensemble is of.
func TestStudyEnsembles(t *testing.T) {
	o := studied(4, "a", []string{"food"}, []string{"good", "bad"})
	for i, each := range []bool{true, false} {
		r := &o.Rows[2+i]
		r.Kind, r.Args, r.Of, r.EachSeed = "ensemble", nil, []string{"row-0", "row-1"}[:2-i], each
	}
	page := studyHTML(t, o)
	for _, want := range []string{
		"the mean of the probabilities of the models of one seed of 1 row-0, 2 row-1; nothing is trained",
		"the mean of the probabilities of the models of 1 row-0; nothing is trained",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
}

func studyHTML(t *testing.T, o *study.Outcome) string {
	t.Helper()
	var b strings.Builder
	if err := WriteStudy(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStudyPage holds that the figures of the page are those of the outcome.
func TestStudyPage(t *testing.T) {
	o := studied(8, "Study", usual.aspects, usual.polarities)
	page := parse(t, studyHTML(t, o))
	want := map[string][]float64{}
	for _, r := range o.Rows {
		var figures []float64
		for _, s := range []study.Spread{r.Accuracy, r.MacroF1} {
			figures = append(figures, float64(s.Mean))
			if s.SD.Defined() {
				figures = append(figures, float64(s.SD))
			}
		}
		if d := r.Difference; d != nil {
			figures = append(figures, float64(d.Mean), float64(d.Interval.Low), float64(d.Interval.High))
		}
		want[r.Name] = figures
	}
	for _, d := range o.Claims[0].Compared {
		want[d.Row+" claim"] = []float64{float64(d.Mean), float64(d.Interval.Low), float64(d.Interval.High)}
	}
	got := map[string][]float64{}
	for _, tr := range page.all("tr") {
		switch name := tr.attribute("data-row"); {
		case name != "" && tr.attribute("data-against") != "":
			got[name+" claim"] = tr.figures(t)
		case name != "":
			got[name] = tr.figures(t)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-outcome +page):\n%s", diff)
	}
	if charts := len(page.all("svg")); charts != 3+1 {
		t.Errorf("%d charts, want one of each group and claim", charts)
	}
}

// TestStudyPageUndefined holds that figures which do not exist, as those of an aspect
// without test labels, leave a gap.
func TestStudyPageUndefined(t *testing.T) {
	none := metrics.Score(math.NaN())
	gap := study.Difference{Reference: "row-0", Mean: none, Interval: metrics.Interval{Low: none, High: none}}
	rare := study.Difference{Reference: "row-0", Mean: .1, Interval: metrics.Interval{Low: none, High: .2}}
	o := studied(4, "Study", usual.aspects, usual.polarities)
	o.Rows[1].Accuracy = study.NewSpread([]metrics.Score{none, .5})
	o.Rows[2].Accuracy = study.NewSpread([]metrics.Score{none, none})
	o.Rows[2].Difference = &gap
	o.Claims[0].Compared[0].Difference = gap
	o.Claims[0].Compared[1].Difference = rare
	o.Claims = append(o.Claims,
		study.Claim{Says: "all gaps", Compared: []study.ClaimDifference{{Row: "row-1", Aspect: "food", Difference: gap}}},
		study.Claim{Says: "nothing to compare"})
	page := parse(t, studyHTML(t, o))
	if charts := len(page.all("svg")); charts != 2+2 {
		t.Errorf("%d charts, want one of each group and of each claim that compares", charts)
	}
	for i := range o.Rows { // no row has a figure
		o.Rows[i].Accuracy = study.NewSpread([]metrics.Score{none})
	}
	studyHTML(t, o)
}

func TestCommand(t *testing.T) {
	got := command([]string{"train", "--set", "train.seed=1", "--set", `data.aspects=["food"]`, "it's"})
	if want := `absa train --set train.seed=1 --set 'data.aspects=["food"]' 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStudyPageHostile(t *testing.T) {
	o := studied(4, script, ratedHostile, []string{script, `" onload="alert(1)`})
	page := parse(t, studyHTML(t, o))
	if found := page.all("script"); len(found) > 0 {
		t.Error("a script came through")
	}
	for _, e := range page.all("") {
		if e.attribute("onload") != "" {
			t.Errorf("<%s> has an onload", e.Data)
		}
	}
}
