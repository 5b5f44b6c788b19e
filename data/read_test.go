package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"absa/configs"

	"github.com/google/go-cmp/cmp"
)

// twoByTwo is a small schema for the cases below.
func twoByTwo() configs.Data {
	return configs.Data{Aspects: []string{"food", "service"}, Polarities: []string{"good", "bad"}, Contradictions: "error"}
}

func TestReadFrom(t *testing.T) {
	const file = `<?xml version="1.0" encoding="UTF-8"?>
<!-- every part of the format -->
<sentences>
  <sentence id="1">
    <text>Crème brûlée &amp; <![CDATA[<tea>]]>, rude staff</text>
    <aspectTerms>
      <aspectTerm term="Crème brûlée" polarity="good" from="0" to="12"/>
      <aspectTerm term="staff" from="27" to="32"></aspectTerm>
    </aspectTerms>
    <aspectCategories>
      <aspectCategory category="service" polarity="bad"/>
      <aspectCategory category="food" polarity="good"/>
      <aspectCategory category="service" polarity="bad"/>
    </aspectCategories>
  </sentence>
  <sentence id="b"><text>No label.</text></sentence>
  <sentence><aspectCategories/><text> No id. </text></sentence>
</sentences>
`
	sum := sha256.Sum256([]byte(file))
	want := &Corpus{
		Path:   "three.xml",
		Schema: Schema{Aspects: []string{"food", "service"}, Polarities: []string{"good", "bad"}},
		Reviews: []Review{
			{
				ID:   "1",
				Text: "Crème brûlée & <tea>, rude staff",
				Terms: []Term{
					{Text: "Crème brûlée", Polarity: "good", From: 0, To: 12},
					{Text: "staff", From: 27, To: 32},
				},
				Labels: []int{0, 1},
			},
			{ID: "b", Text: "No label.", Labels: []int{Absent, Absent}},
			{ID: "#3", Text: " No id. ", Labels: []int{Absent, Absent}},
		},
		Merged: []string{"1"},
		SHA256: hex.EncodeToString(sum[:]),
	}
	readers := []struct {
		name string
		r    io.Reader
	}{
		{"whole", strings.NewReader(file)},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(file))},
	}
	for _, tt := range readers {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadFrom("three.xml", tt.r, twoByTwo())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("corpus (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadFromByteOrderMark(t *testing.T) {
	file := "\ufeff" + sentence(`id="1"`, `<text>x</text>`)
	c, err := ReadFrom("bom.xml", strings.NewReader(file), twoByTwo())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(file))
	if got, want := c.SHA256, hex.EncodeToString(sum[:]); got != want {
		t.Errorf("SHA256 = %s, want %s, that of all bytes of the file", got, want)
	}
}

// sentence returns a file of one sentence, whose element is on line 2.
func sentence(attributes, inner string) string {
	return "<sentences>\n<sentence " + attributes + ">\n" + inner + "\n</sentence>\n</sentences>"
}

func labelled(labels ...string) string {
	var b strings.Builder
	b.WriteString("<text>x</text><aspectCategories>\n")
	for _, label := range labels {
		category, polarity, _ := strings.Cut(label, "=")
		b.WriteString(`<aspectCategory category="` + category + `" polarity="` + polarity + `"/>` + "\n")
	}
	return b.String() + "</aspectCategories>"
}

func TestReadFromErrors(t *testing.T) {
	term := func(attributes string) string {
		return "<text>good food</text><aspectTerms><aspectTerm " + attributes + "/></aspectTerms>"
	}
	tests := []struct {
		name string
		file string
		want []string // parts of the message
	}{
		{"empty file", "", []string{"f.xml: no <sentences>"}},
		{"no sentence", "<sentences>\n</sentences>", []string{"f.xml: no <sentence>"}},
		{"not XML", "id,text\n1,good", []string{"f.xml:1: text \"id,text", "JSON in each line"}},
		{"not XML, after blank lines", "\r\n \nid,text\n1,good\n<sentences/>", []string{"f.xml:3: text \"id,text"}},
		{"text behind", "<sentences>\n</sentences>\n\nx\n", []string{"f.xml:4: text \"x\" outside <sentences>"}},
		{"cut off", "<sentences>\n<sentence id='1'>\n<text>a", []string{"f.xml:3: malformed XML: unexpected EOF"}},
		{"tags crossed", "<sentences>\n<sentence id='1'>\n</sentences>", []string{"f.xml:3: malformed XML"}},
		{"unknown entity", sentence(`id="1"`, "<text>a&nbsp;b</text>"), []string{"f.xml:3: malformed XML", "&nbsp;"}},
		{"own entity", "<!DOCTYPE x [<!ENTITY e 'boom'>]>\n" + sentence(`id="1"`, "<text>&e;</text>"), []string{"f.xml:4: malformed XML"}},
		{"bad UTF-8", sentence(`id="1"`, "<text>caf\xe9</text>"), []string{"f.xml:3: malformed XML: invalid UTF-8"}},
		{"other encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><sentences/>`, []string{"f.xml:1:", "iconv -f ISO-8859-1 -t UTF-8"}},
		{"another format", "\n<Review/>", []string{"f.xml:2: root element is <Review>, want <sentences>", "or <Reviews>"}},
		{"no sentence of 2015", "<Reviews>\n</Reviews>", []string{"f.xml: no <sentence>"}},
		{"text in a review", "<Reviews>\n<Review>x</Review></Reviews>", []string{"f.xml:2: text \"x\" inside <Review>"}},
		{"misspelt review", "<Reviews>\n<review/></Reviews>", []string{"f.xml:2: unexpected <review> in <Reviews>, want Review"}},
		{"opinions of a review", "<Reviews><Review><sentences/>\n<Opinions/></Review></Reviews>", []string{"f.xml:2: unexpected <Opinions> in <Review>, want sentences"}},
		{"parts of 2014", reviews("\n<aspectCategories/>"), []string{"f.xml:4: unexpected <aspectCategories> in <sentence>, want text, Opinions"}},
		{"parts of 2015", sentence(`id="1"`, "<text>x</text>\n<Opinions/>"), []string{"f.xml:4: unexpected <Opinions> in <sentence>, want text, aspectTerms, aspectCategories"}},
		{"misspelt opinion", reviews("<Opinions>\n<opinion/></Opinions>"), []string{"f.xml:4: unexpected <opinion> in <Opinions>, want Opinion"}},
		{"no category of an opinion", opinions("=good"), []string{"f.xml:4: sentence \"r:0\": <Opinion> has no category"}},
		{"no polarity of an opinion", opinions("food="), []string{"f.xml:4: sentence \"r:0\": <Opinion> has no polarity"}},
		{"unknown category of an opinion", opinions("food=good", "FOOD#STYLE=good", "ROOM#STYLE=bad"), []string{"f.xml:6: sentence \"r:0\": aspect \"ROOM#STYLE\"", "data.categories"}},
		{"unknown polarity of an opinion", opinions("food=meh"), []string{"f.xml:4: sentence \"r:0\": polarity \"meh\"", "data.polarities (good, bad)"}},
		{"opinions that do not go together", opinions("food=good", "food=bad"), []string{"f.xml:5: sentence \"r:0\": food is bad here and good on line 4; correct the file"}},
		{"two roots", sentence(`id="1"`, "<text>x</text>") + "\n<sentences/>", []string{"f.xml:6: a second <sentences>"}},
		{"text between", "<sentences>\nx<sentence/></sentences>", []string{"f.xml:2: text \"x\" inside <sentences>"}},
		{"misspelt sentence", "<sentences>\n<sentense/></sentences>", []string{"f.xml:2: unexpected <sentense> in <sentences>, want sentence"}},
		{"misspelt list", sentence(`id="1"`, "<text>x</text>\n<aspectCategory/>"), []string{"f.xml:4: unexpected <aspectCategory> in <sentence>", "aspectCategories"}},
		{"misspelt item", sentence(`id="1"`, "<aspectTerms><term/></aspectTerms>"), []string{"f.xml:3: unexpected <term> in <aspectTerms>, want aspectTerm"}},
		{"item with content", sentence(`id="1"`, `<aspectCategories><aspectCategory category="food" polarity="bad"><x/>`), []string{"f.xml:3: unexpected <x> in <aspectCategory>"}},
		{"markup in text", sentence(`id="1"`, "<text>so <b>good</b></text>"), []string{"f.xml:3: sentence \"1\": <b> inside <text>"}},
		{"no text", sentence(`id="7"`, ""), []string{"f.xml:2: sentence \"7\" has no text"}},
		{"blank text", sentence(`id="7"`, "<text> \n </text>"), []string{"f.xml:2: sentence \"7\" has no text"}},
		{"two texts", sentence(`id="7"`, "<text>a</text>\n<text>b</text>"), []string{"f.xml:4: sentence \"7\": a second <text>"}},
		{"empty id", sentence(`id=" "`, "<text>x</text>"), []string{"f.xml:2: sentence 1 of the file has an empty id"}},
		{"two ids", sentence(`id="1" id="2"`, "<text>x</text>"), []string{"f.xml:2: <sentence> has two attributes id"}},
		{"id twice", "<sentences>\n<sentence id='1'><text>x</text></sentence>\n<sentence id='1'><text>y</text></sentence></sentences>",
			[]string{"f.xml:3: sentence id \"1\" is already that of line 2"}},
		{"unknown aspect", sentence(`id="9"`, labelled("food=good", "ambiance=bad")),
			[]string{"f.xml:5: sentence \"9\": aspect \"ambiance\"", "data.aspects (food, service)"}},
		{"aspect in capitals", sentence(`id="9"`, labelled("Food=good")), []string{"aspect \"Food\" is not in data.aspects"}},
		{"unknown polarity", sentence(`id="9"`, labelled("food=meh")),
			[]string{"f.xml:4: sentence \"9\": polarity \"meh\"", "data.polarities (good, bad)"}},
		{"no category", sentence(`id="9"`, labelled("=good")), []string{"f.xml:4: sentence \"9\": <aspectCategory> has no category"}},
		{"no polarity", sentence(`id="9"`, labelled("food=")), []string{"f.xml:4: sentence \"9\": <aspectCategory> has no polarity"}},
		{"contradiction", sentence(`id="9"`, labelled("food=good", "service=bad", "food=bad")),
			[]string{"f.xml:6: sentence \"9\": food is bad here and good on line 4", "data.contradictions"}},
		{"unknown polarity of a term", sentence(`id="9"`, term(`term="food" polarity="meh" from="5" to="9"`)), []string{"f.xml:3:", "data.polarities"}},
		{"term without offset", sentence(`id="9"`, term(`term="food" from="5"`)), []string{"f.xml:3: sentence \"9\": <aspectTerm> has no to"}},
		{"offset in words", sentence(`id="9"`, term(`term="food" from="five" to="9"`)), []string{`from="five" is not a whole number`}},
		{"offset outside", sentence(`id="9"`, term(`term="food" from="5" to="10"`)), []string{"f.xml:2: sentence \"9\": term \"food\": characters 5 to 10 are not in a text of 9"}},
		{"offset backwards", sentence(`id="9"`, term(`term="food" from="9" to="5"`)), []string{"characters 9 to 5 are not in"}},
		{"offset elsewhere", sentence(`id="9"`, term(`term="food" from="4" to="8"`)), []string{`characters 4 to 8 of the text are " foo"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ReadFrom("f.xml", strings.NewReader(tt.file), twoByTwo())
			if err == nil {
				t.Fatalf("got %+v, want an error", c)
			}
			sameAsRead(t, 30, tt.file, cleaned(twoByTwo()))
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q\ndoes not say %q", err, want)
				}
			}
		})
	}
}

func TestReadFromReaderError(t *testing.T) {
	broken := errors.New("disk on fire")
	r := io.MultiReader(strings.NewReader("<sentences>\n"), iotest.ErrReader(broken))
	_, err := ReadFrom("f.xml", r, twoByTwo())
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "f.xml:2: read corpus") {
		t.Errorf("got %v, want f.xml:2: read corpus: %v", err, broken)
	}
}

func TestReadFromDropsContradictions(t *testing.T) {
	file := "<sentences>" +
		`<sentence id="a">` + labelled("food=good", "food=bad", "food=good", "service=bad") + "</sentence>" +
		`<sentence id="b">` + labelled("food=good", "food=good", "food=bad") + "</sentence></sentences>"
	cfg := twoByTwo()
	cfg.Contradictions = "drop"
	c, err := ReadFrom("f.xml", strings.NewReader(file), cfg)
	if err != nil {
		t.Fatal(err)
	}
	got := [][]int{c.Reviews[0].Labels, c.Reviews[1].Labels}
	if diff := cmp.Diff([][]int{{Absent, 1}, {Absent, Absent}}, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b"}, c.Merged); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

func TestReadFromBadConfig(t *testing.T) {
	tests := []struct {
		name   string
		change func(*configs.Data)
		want   string
	}{
		{"no aspect", func(c *configs.Data) { c.Aspects = nil }, "data.aspects: the list is empty"},
		{"blank aspect", func(c *configs.Data) { c.Aspects = []string{"food", " "} }, "data.aspects: entry 2 is empty"},
		{"polarity twice", func(c *configs.Data) { c.Polarities = []string{"good", "good"} }, `data.polarities: "good" is listed twice`},
		{"unknown policy", func(c *configs.Data) { c.Contradictions = "ignore" }, `data.contradictions: "ignore"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := twoByTwo()
			tt.change(&cfg)
			_, err := ReadFrom("f.xml", strings.NewReader(sentence(`id="1"`, "<text>x</text>")), cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %s", err, tt.want)
			}
		})
	}
}

func TestOpenTrainAndTest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.xml")
	if err := os.WriteFile(file, []byte(sentence(`id="1"`, labelled("food=good"))), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := cleaned(twoByTwo())
	cfg.Data.Train, cfg.Data.Test = file, file
	for name, open := range map[string]func(context.Context, configs.Config, OpenOptions) (*Set, error){"data.train": OpenTrain, "data.test": OpenTest} {
		s, err := open(t.Context(), cfg, OpenOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.Path != file || s.Len() != 1 {
			t.Errorf("%s: got %d sentences of %s, want 1 of %s", name, s.Len(), s.Path, file)
		}
		for _, path := range []string{"", filepath.Join(t.TempDir(), "missing.xml"), t.TempDir()} {
			bad := cfg
			bad.Data.Train, bad.Data.Test = path, path
			_, err := open(t.Context(), bad, OpenOptions{})
			if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), path) {
				t.Errorf("%s of %q: got %v, want an error that names both", name, path, err)
			}
		}
	}
}
