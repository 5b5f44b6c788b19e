package cmd

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"absa/internal/ratings"
)

// rating is a call of rate with an input.
func rating(t testing.TB, run, input string, args ...string) outcome {
	t.Helper()
	c := command(t, append([]string{"rate", "--checkpoint", run, "--threads", "1"}, args...)...)
	c.Stdin = strings.NewReader(input)
	return finish(t, c)
}

// stays are reviews of three hotels, one of which has a name that is markup.
const stays = `id,hotel,review
1,Aster,"The food was great. The staff wasn't nice.
Cheap!"
2,<script>alert(1)</script>,<b>Slow</b> staff & <script>alert(2)</script> food. Mr. Lee was kind.
3,Aster,Great food! Great food! The room costs 3.50 more.
4,Birch,
5,A hotel with a name that nobody would give one that is of their own and wants guests,Fine.
`

func ratingLines(t testing.TB, stdout string) (all []ratings.Line) {
	t.Helper()
	for text := range strings.Lines(stdout) {
		var l ratings.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		all = append(all, l)
	}
	return all
}

// TestRate holds what a program reads: what is counted, and that the outputs agree
// with each other and with predict.
func TestRate(t *testing.T) {
	run := trained(t)
	by := []string{"--group-by", "hotel", "--text-column", "review", "--format", "csv", "--threshold", "0"}
	call := func(output string) string {
		got := rating(t, run, stays, append(by, "--output", output)...)
		got.wantStatus(t, 0)
		return got.stdout
	}
	lines := ratingLines(t, call("jsonl"))
	var got []string
	for _, l := range lines {
		if l.Aspect == "food" {
			got = append(got, fmt.Sprintf("%.9s: %d reviews, %d sentences, %d", l.Group, l.Reviews, l.Sentences, l.Count))
		}
		sum := 0
		for _, s := range l.Polarities {
			sum += s.Count
		}
		if sum != l.Count || !(1 <= l.Low && l.Low <= l.Rating && l.Rating <= l.High && l.High <= 5) {
			t.Errorf("%+v", l)
		}
		seen := map[string]bool{}
		for _, q := range append(l.Pros, l.Cons...) {
			if seen[q.Text] {
				t.Errorf("%q is quoted twice", q.Text)
			}
			seen[q.Text] = true
		}
	}
	want := []string{"<script>a: 1 reviews, 2 sentences, 2", "A hotel w: 1 reviews, 1 sentences, 1", "Aster: 2 reviews, 6 sentences, 6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	sentences := "The food was great.\nThe staff wasn't nice.\nCheap!\nGreat food!\nGreat food!\nThe room costs 3.50 more.\n"
	said := finish(t, predicting(t, run, sentences, "--output", "jsonl", "--all"))
	said.wantStatus(t, 0)
	counts := map[string]map[string]int{}
	for _, s := range saidAll(t, said.stdout) {
		for _, a := range s.Aspects {
			if counts[a.Aspect] == nil {
				counts[a.Aspect] = map[string]int{}
			}
			counts[a.Aspect][a.Polarity]++
		}
	}
	records, err := csv.NewReader(strings.NewReader(call("csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if header := "group,aspect,count,positive,neutral,negative,conflict,rating,low,high,pro,con"; strings.Join(records[0], ",") != header || len(records) != 1+len(lines) {
		t.Fatalf("%d records under %v", len(records)-1, records[0])
	}
	page := call("html")
	for i, l := range lines {
		if l.Group == "Aster" {
			for p, s := range l.Polarities {
				if s.Count != counts[l.Aspect][p] {
					t.Errorf("%s: %d are %s, predict says %d", l.Aspect, s.Count, p, counts[l.Aspect][p])
				}
			}
		}
		full := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
		wantRecord := []string{l.Group, l.Aspect, strconv.Itoa(l.Count), full(l.Rating), full(l.Low), full(l.High)}
		r := records[i+1]
		if diff := cmp.Diff(wantRecord, append(append([]string{}, r[:3]...), r[7:10]...)); diff != "" {
			t.Errorf("(-jsonl +csv):\n%s", diff)
		}
		for _, v := range []float64{l.Rating, l.Low, l.High} {
			if !strings.Contains(page, fmt.Sprintf(`<data value="%s">%.2f</data>`, full(v), v)) {
				t.Errorf("%s, %s: %v is not in the page", l.Group, l.Aspect, v)
			}
		}
	}
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;alert(2)") {
		t.Error("what was read is markup in the page, or not in it")
	}
	table := call("table")
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{"Aster (2 reviews, 6 sentences)\n", "Birch (1 review, 0 sentences)\n  no aspect is mentioned\n", "+ positive; · neutral, conflict; − negative\n", "★"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

// TestRateInputs holds that JSON lines from a pipe and files are one input, and that
// what cannot be read is named and left out.
func TestRateInputs(t *testing.T) {
	run := trained(t)
	first := write(t, "first.jsonl", `{"shop":"A","text":"Good."}`+"\n"+`{"shop":"A"}`+"\n")
	got := rating(t, run, "{\"shop\":12,\"text\":\"Bad.\"}\n\n{\"shop\":\"A\",\"text\":\"Good. Bad.\"}\n\xff\n", "--group-by", "shop", "--output", "jsonl", "--threshold", "0", first, "-")
	got.wantStatus(t, 1)
	var rows []string
	for _, l := range ratingLines(t, got.stdout) {
		if l.Aspect == "food" {
			rows = append(rows, fmt.Sprintf("%s %d %d %d", l.Group, l.Reviews, l.Sentences, l.Count))
		}
	}
	if diff := cmp.Diff([]string{"12 1 1 1", "A 2 3 3"}, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, want := range []string{`first.jsonl:2: no "text"`, "stdin:4: byte 1 (0xff) is not UTF-8", "absa: 2 of 5 reviews could not be read"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("stderr has no %q:\n%s", want, got.stderr)
		}
	}
	rating(t, run, "", "--group-by", "shop", "--strict", first).wantError(t, 1, `first.jsonl:2: no "text"`)
}

func TestRateErrors(t *testing.T) {
	run := trained(t)
	there := write(t, "there.html", "mine")
	tests := []struct {
		name   string
		input  string
		args   []string
		status int
		want   string
	}{
		{"no group", "", nil, 2, "rate needs --group-by FIELD"},
		{"no run", "", []string{"--checkpoint", "", "--group-by", "hotel"}, 2, "rate needs --checkpoint RUN"},
		{"output", "", []string{"--group-by", "hotel", "--output", "xml"}, 2, `--output "xml" is none of table, jsonl, csv, html`},
		{"format", "", []string{"--group-by", "hotel", "--format", "text"}, 2, `--format "text" is none of auto, jsonl, csv`},
		{"threshold", "", []string{"--group-by", "hotel", "--threshold", "2"}, 2, "--threshold 2, want 0 to 1"},
		{"value", "", []string{"--group-by", "hotel", "--values", "positive=9"}, 2, "--values: positive=9: a value is from 1 to 5"},
		{"no value", "", []string{"--group-by", "hotel", "--values", "positive=good"}, 2, `--values positive=good: "good" is no number`},
		{"strange value", "", []string{"--group-by", "hotel", "--values", "good=5"}, 2, `"good" is no polarity of this model (it has positive, neutral, negative, conflict)`},
		{"no column", stays, []string{"--group-by", "town", "--format", "csv", "--text-column", "review"}, 1, `stdin:1: no column "town" to group by`},
		{"lines", "Good food.\n", []string{"--group-by", "hotel"}, 1, "--format"},
		{"no file", "", []string{"--group-by", "hotel", "nowhere.csv"}, 1, "nowhere.csv"},
		{"there already", "", []string{"--group-by", "hotel", "--out", there}, 1, "it is there already"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rating(t, run, test.input, test.args...).wantError(t, test.status, test.want)
		})
	}
}

// TestRateOwnPolarities holds that polarities of other names need values, and get
// them, and that a model without presence says what that means.
func TestRateOwnPolarities(t *testing.T) {
	corpus := write(t, "own.jsonl", `{"id":"1","text":"good bed","labels":{"Bed":"good"}}`+"\n"+`{"id":"2","text":"bad bed","labels":{"Bed":"bad"}}`+"\n")
	run := trained(t, "--set", "data.train="+corpus, "--set", "data.test=", "--set", "data.valid_fraction=0", "--set", "train.select=last",
		"--set", "data.aspects=[Bed]", "--set", "data.polarities=[good, bad]", "--set", "model.head.presence=false", "--set", "loss.presence_weight=0")
	input := `{"hotel":"A","text":"good bed"}` + "\n"
	rating(t, run, input, "--group-by", "hotel").wantError(t, 2, "--values: no value for good, bad: give each polarity one from 1 to 5, as in good=5")
	out := filepath.Join(t.TempDir(), "ratings.jsonl")
	got := rating(t, run, input, "--group-by", "hotel", "--values", "good=4,bad=2", "--output", "jsonl", "--out", out)
	got.wantStatus(t, 0)
	if !strings.Contains(got.stderr, "each sentence counts for all") {
		t.Errorf("stderr: %s", got.stderr)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if l := ratingLines(t, string(text)); len(l) != 1 || l[0].Rating != 4 && l[0].Rating != 2 {
		t.Errorf("%s", text)
	}
}
