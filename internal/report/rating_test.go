package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/ratings"
)

// rated makes ratings of so many groups.
func rated(t *testing.T, groups int, name string, aspects, polarities []string, text string) RatingsPage {
	t.Helper()
	given := map[string]float64{}
	for i, p := range polarities {
		given[p] = float64(5 - i%5)
	}
	scale, err := ratings.NewScale(polarities, given)
	if err != nil {
		t.Fatal(err)
	}
	r := ratings.New(aspects, polarities, scale)
	for i := range groups {
		group := fmt.Sprintf("%s %03d", name, i)
		r.Review(group)
		for k := range i { // the first has none
			r.Sentence(group)
			r.Add(group, k%(len(aspects)-1), (k*k+i)%len(polarities), ratings.Quote{ID: fmt.Sprint(k), Text: fmt.Sprint(text, k), Confidence: float64(k%10) / 10})
		}
	}
	return RatingsPage{Ratings: r, GroupBy: "hotel", Model: "checkpoints/mine", Presence: true, Reviews: groups, Sentences: 9}
}

func ratingsHTML(t *testing.T, p RatingsPage) string {
	t.Helper()
	var b strings.Builder
	if err := WriteRatings(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const script = `<script>alert(1)</script>`

var (
	ratedUsual   = []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience", "never said"}
	ratedHostile = []string{script, strings.Repeat("long", 30), "{{.}}", `" onload="alert(1)`}
)

// TestRatingsPage holds that the figures of the page are those of the lines, in the
// overview and below it.
func TestRatingsPage(t *testing.T) {
	p := rated(t, 9, "Hotel", ratedUsual, usual.polarities, "It was ")
	page := parse(t, ratingsHTML(t, p))
	groups := p.Ratings.Groups()
	overview := page.find("overview").all("tr")[1:]
	articles := page.all("article")
	if len(overview) != len(groups) || len(articles) != len(groups) {
		t.Fatalf("%d rows and %d articles for %d groups", len(overview), len(articles), len(groups))
	}
	value := func(e element) string { return e.attribute("value") }
	for i, g := range groups {
		if got := articles[i].attribute("data-group"); got != g.Name {
			t.Fatalf("group %q, want %q", got, g.Name)
		}
		want, wantRow := []string{}, []string{fmt.Sprint(g.Reviews)}
		var texts, quotes []string
		for _, l := range p.Ratings.Lines(g) {
			want = append(want, fmt.Sprint(l.Rating), fmt.Sprint(l.Low), fmt.Sprint(l.High), fmt.Sprint(l.Count))
			wantRow = append(wantRow, fmt.Sprint(l.Rating))
			for _, name := range p.Ratings.Polarities {
				want = append(want, fmt.Sprint(l.Polarities[name].Share))
			}
			for _, q := range append(l.Pros, l.Cons...) {
				texts = append(texts, q.Text)
			}
		}
		got, row := []string{}, []string{}
		for _, d := range articles[i].all("data") {
			got = append(got, value(d))
		}
		for _, d := range overview[i].all("data") {
			row = append(row, value(d))
		}
		for _, q := range articles[i].all("q") {
			quotes = append(quotes, q.text())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-lines +page):\n%s", g.Name, diff)
		}
		if diff := cmp.Diff(wantRow, row); diff != "" {
			t.Errorf("%s, overview (-lines +page):\n%s", g.Name, diff)
		}
		if diff := cmp.Diff(texts, quotes); diff != "" {
			t.Errorf("%s, sentences (-lines +page):\n%s", g.Name, diff)
		}
		// What is read is what is meant.
		for _, d := range articles[i].all("data") {
			var v, shown float64
			fmt.Sscan(value(d), &v)
			fmt.Sscan(strings.TrimSuffix(d.text(), " %"), &shown)
			if strings.HasSuffix(d.text(), "%") {
				v *= 100
			}
			if shown-v > .0501 || v-shown > .0501 {
				t.Errorf("%s is shown as %s", value(d), d.text())
			}
		}
	}
	if n := len(page.all("figure")); n != 2*(len(groups)-1) {
		t.Errorf("%d charts for %d groups, the first without a sentence", n, len(groups))
	}
}

// TestRatingsPageOfStrangers holds that nothing that was read is taken for markup.
func TestRatingsPageOfStrangers(t *testing.T) {
	p := rated(t, 5, script, ratedHostile, []string{script, "bad & ugly"}, script)
	p.GroupBy, p.Model, p.Presence = script, script, false
	page := parse(t, ratingsHTML(t, p))
	if n := len(page.all("script")); n != 0 {
		t.Errorf("%d scripts in the page", n)
	}
	for _, e := range page.all("") {
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s has %s", e.Data, a.Key)
			}
		}
	}
	if !strings.Contains(page.text(), "does not tell which aspects") || !strings.Contains(page.all("h1")[0].text(), script) {
		t.Error("the page does not say what it is to say")
	}
}

// TestRatingsPageOfMany holds that a page has no more groups than a reader's machine
// can show, those with the most sentences.
func TestRatingsPageOfMany(t *testing.T) {
	page := parse(t, ratingsHTML(t, rated(t, mostGroups+7, "Hotel", ratedUsual[:2], usual.polarities, "It was ")))
	articles := page.all("article")
	if len(articles) != mostGroups || articles[0].attribute("data-group") != "Hotel 007" || !strings.Contains(page.text(), "7 more are not shown") {
		t.Errorf("%d groups, the first %q", len(articles), articles[0].attribute("data-group"))
	}
}
