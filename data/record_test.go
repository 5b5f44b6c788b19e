package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"absa/configs"
	"absa/data/sample"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// recorded lists the sentences and faults of a corpus, a line each, and the
// error that ended it.
func recorded(name, file string, o RecordOptions) (all []string, ended error) {
	for r, err := range Records(name, strings.NewReader(file), o) {
		if err != nil {
			return all, err
		}
		if r.Err != nil {
			all = append(all, r.Err.Error())
			continue
		}
		row := []string{r.ID, r.Text}
		for _, l := range r.Labels {
			row = append(row, l.Aspect+"="+l.Polarity)
		}
		all = append(all, strings.Join(row, "|"))
	}
	return all, nil
}

func TestRecords(t *testing.T) {
	mega := strings.Repeat("a", longest+1)
	var columns strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&columns, "c%d,", i)
	}
	wide := columns.String()
	tests := []struct {
		name, file, text string
		aspects          []string
		want             []string
		ended            string
	}{
		{name: "wide", file: "f.csv", text: "id,text,Front desk,Wi-Fi (2.4 GHz)\n1,\"so, so\nfar\",good,\n\n2,b,, bad \n,c,,\n,,,\n",
			want: []string{"1|so, so\nfar|Front desk=good", "2|b|Wi-Fi (2.4 GHz)=bad", "|c"}},
		{name: "byte order mark, CRLF, no id", file: "f.CSV", text: "\ufefftext,food\r\na,good\r\nb,bad", want: []string{"|a|food=good", "|b|food=bad"}},
		{name: "long, as predict writes it", file: "f.csv", text: "id,text,aspect,polarity,good,bad,presence\n1,a,food,good,0.9,0.1,1\n1,a,service,bad,0.1,0.9,1\n2,b,,,,,\n3,b,food,bad,,,\n",
			want: []string{"1|a|food=good|service=bad", "2|b", "3|b|food=bad"}},
		{name: "long without ids", file: "f.csv", text: "text,aspect,polarity\na,food,good\na,service,bad\nb,,\n", want: []string{"|a|food=good|service=bad", "|b"}},
		{name: "faults of a long one", file: "f.csv", text: "id,text,aspect,polarity\n1,a,food,good\n1,b,food,good\n2,c,food,\n3,d,,\n",
			want: []string{`f.csv:3: sentence id "1" has another text on line 2; ids must differ`, "1|a|food=good",
				`f.csv:4: sentence "2": aspect "food" has polarity ""; give both, or neither where the sentence has no label`, "2|c", "3|d"}},
		{name: "unknown columns", file: "f.csv", text: "id,text,Front Desk,stars,text2\n1,a,good,5,\n", aspects: []string{"Front desk", "Room"},
			want: []string{`f.csv:1: column "Front Desk" is neither id, text nor in data.aspects (Front desk, Room); add it there, map it by data.categories, rename it or take it out; did you mean Front desk?`,
				`f.csv:1: column "stars" is neither id, text nor in data.aspects (Front desk, Room); add it there, map it by data.categories, rename it or take it out`,
				`f.csv:1: column "text2" is neither id, text nor in data.aspects (Front desk, Room); add it there, map it by data.categories, rename it or take it out; did you mean text?`,
				"1|a"}},
		{name: "faults of CSV", file: "f.csv", text: "id,text,food\n1,a\n2,b,good,\n3,\"c\"d,good\n4,e\x00,good\n5,\xff,good\n6,\" \",bad\n7," + mega + ",\n8,ok,good\n9,\"open,good\n",
			want: []string{
				"f.csv:2: 2 fields, want the 3 of the header; a text with a comma or a quote stands in quotes",
				"f.csv:3: 4 fields, want the 3 of the header; a text with a comma or a quote stands in quotes",
				`f.csv:4: malformed CSV in line 4: extraneous or missing " in quoted-field`,
				`f.csv:5: byte 2 of column "text" is NUL: this is not text`,
				"f.csv:6: byte 3 (0xff) is not UTF-8",
				`f.csv:7: sentence "6" has no text`,
				"f.csv:8: longer than 1048576 bytes, passed over",
				"8|ok|food=good",
				"f.csv:10: a quote is not closed up to line 11, passed over"}},
		{name: "no text column", file: "f.csv", text: "id,review\n1,a\n", ended: `f.csv:1: no column "text" (columns: "id", "review"); name the one with the sentences so`},
		{name: "a column twice", file: "f.csv", text: "text,food,food\n", ended: `f.csv:1: column "food" stands twice; rename one`},
		{name: "columns that a spreadsheet leaves", file: "f.csv", text: "\n,,\nid,text,food,,\n1,a,good,,\n2,b,,, \n3,c, and more,good,\n,,,,\n",
			want: []string{"1|a|food=good", "2|b", `f.csv:6: field 4 is "good", and its column has no name; name the column or empty it`}},
		{name: "a column without a name", file: "f.csv", text: ",text,,food\n1,a,x,good\n",
			want: []string{"f.csv:1: column 1 has no name; name it or take it out", "f.csv:1: column 3 has no name; name it or take it out", "|a|food=good"}},
		{name: "a header of a megabyte", file: "f.csv", text: strings.Repeat("a,", longest/2-10) + "b\n", ended: `f.csv:1: column "a" stands twice; rename one`},
		{name: "a header of many columns", file: "f.csv", text: wide + "\n", ended: `f.csv:1: no column "text" (columns: "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", 99990 more); name the one with the sentences so`},
		{name: "nothing", file: "f.csv"},

		{name: "JSON lines", file: "f.jsonl", text: "\ufeff{\"text\":\"a\",\"labels\":{\"x\":\"y\"},\"id\":\"1\"}\n\n{\"text\":\n{\"text\":\"b\\u0000\"}\n" + `{"text":"` + mega + "\"}\n{\"text\":\"c\",\"label\":{}}\n{\"text\":\"d\"}",
			want: []string{"1|a|x=y", "f.jsonl:3: malformed JSON: the line ends early, want text in quotes", "f.jsonl:4: byte 2 of the text is NUL: this is not text",
				"f.jsonl:5: longer than 1048576 bytes, passed over", `f.jsonl:6: unexpected key "label", want id, text, labels; others may stand beside labels only`, "|d"}},

		{name: "faults of XML", file: "f.xml", text: `<sentences>
<sentence id="1"><text>a</text><aspectCategories>
<aspectCategory category="food"/>
<aspectCategory category="food" polarity="good"/>
</aspectCategories></sentence>
<sentence id=""><text>b</text></sentence>
<sentense/>
between
<sentence id="2"><text>so <b>bold</b></text></sentence>
<sentence id="3"><text> </text></sentence>
<sentence id="4"><text>c</text><aspectCategory category="food" polarity="good"><deep/></aspectCategory></sentence>
<sentence id="5"><text>d</text><aspectCategories><aspectCategory category="x" polarity="y"/></aspectCategories></sentence>
<sentence id="6"><text>e</sentence>`,
			want: []string{`f.xml:3: sentence "1": <aspectCategory> has no polarity`, "f.xml:6: sentence 2 of the file has an empty id",
				"f.xml:7: unexpected <sentense> in <sentences>, want sentence", `f.xml:8: text "between" inside <sentences>`, `f.xml:9: sentence "2": <b> inside <text>`,
				`f.xml:10: sentence "3" has no text`, "f.xml:11: unexpected <aspectCategory> in <sentence>, want text, aspectTerms, aspectCategories", "5|d|x=y"},
			ended: "f.xml:13: malformed XML: element <text> closed by </sentence>"},
		{name: "a long piece of XML", file: "f.xml", text: "<sentences>\n<!--" + mega + strings.Repeat("a", 1<<16) + "--></sentences>", ended: "f.xml:2: a piece of XML that is longer than 1048576 bytes"},
		{name: "deep XML", file: "f.xml", text: "<sentences>\n" + strings.Repeat("<a>", 1000), want: []string{"f.xml:2: unexpected <a> in <sentences>, want sentence"}, ended: "f.xml:2: elements are nested more than 32 deep"},
		{name: "no XML", file: "f", text: "hello", ended: `f:1: text "hello" outside <sentences>; a corpus is XML of SemEval, an object of JSON in each line, or CSV in a file named so (.csv)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ended := recorded(test.file, test.text, RecordOptions{Aspects: test.aspects})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (ended == nil) != (test.ended == "") || ended != nil && ended.Error() != test.ended {
				t.Errorf("ended by %v, want %q", ended, test.ended)
			}
		})
	}
}

// A sentence whose labels have no end is refused before it fills the memory.
func TestRecordsOfEndlessLabels(t *testing.T) {
	space := strings.Repeat(" ", 1000) // fewer labels, in less time
	for _, test := range []struct{ name, head, label, want string }{
		{"f.xml", "<sentences>\n<sentence id=\"1\">\n<text>a</text><aspectCategories>", `<aspectCategory category="food" polarity="good"/>` + space, "f.xml:2: a sentence with labels of more than 8388608 bytes"},
		{"f.xml", "<sentences>\n<sentence>\n<text>food</text><aspectTerms>", `<aspectTerm term="food" from="0" to="4"/>` + space, "f.xml:2: a sentence with labels of more than 8388608 bytes"},
		{"f.xml", "<Reviews><Review><sentences>\n<sentence>\n<text>food</text><Opinions>", `<Opinion category="food" polarity="good"/>` + space, "f.xml:2: a sentence with labels of more than 8388608 bytes"},
		{"f.csv", "id,text,aspect,polarity\n", "1,a,food,good" + space + "\n", `f.csv:8274: sentence "1" on line 2: a sentence with labels of more than 8388608 bytes`},
	} {
		file := func() io.Reader {
			return io.MultiReader(strings.NewReader(test.head), &repeated{text: test.label})
		}
		for r, err := range Records(test.name, file(), RecordOptions{}) {
			if r.Err != nil {
				err = r.Err
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("%s: got %v, want %s", test.name, err, test.want)
			}
			break
		}
		if _, err := OpenReader(t.Context(), test.name, file(), cleaned(twoByTwo())); err == nil {
			t.Errorf("%s: training takes it", test.name)
		}
	}
}

// repeated is a text that comes again for ever.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// Training accepts what has no fault, and refuses by the first fault what has one.
func TestRecordsAreWhatOpenReads(t *testing.T) {
	cfg := cleaned(twoByTwo())
	const long = "id,text,aspect,polarity\n1,a,food,good\n1,a,service,bad\n2,b,,\n"
	for name, file := range map[string]string{
		"wide.csv":      "id,text,food,service\n1,a,good,bad\n2,b,,\n",
		"long.csv":      long,
		"blank id.csv":  "id,text,food\n,a,good\n#1,b,\n",
		"label.csv":     "text,food\na,god\n",
		"column.csv":    "text,fod\na,good\n",
		"fields.csv":    "text,food\na\n",
		"empty.csv":     "text,food\n",
		"nothing.csv":   "",
		"header.csv":    "txt,food\n",
		"lines.jsonl":   `{"text":"a","labels":{"food":"good"}}`,
		"nul.jsonl":     `{"text":"a\u0000"}`,
		"twice.jsonl":   "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"1\",\"text\":\"b\"}",
		"mark.jsonl":    "\ufeff{\"text\":\"a\"}",
		"sound.xml":     sentence(`id="1"`, labelled("food=good")),
		"label.xml":     sentence(`id="1"`, labelled("food=god")),
		"two.xml":       sentence(`id="1"`, labelled("food=good", "food=bad")),
		"malformed.xml": "<sentences><sentence>",
		"opinions.xml":  opinions("food=good", "service=bad"),
		"opinion.xml":   opinions("ROOM#STYLE=good"),
		"both.xml":      opinions("food=good", "food=bad"),
		"long.xml":      sentence(`id="1"`, "<text>"+strings.Repeat("a ", longest)+"</text>"),
		"long.jsonl":    `{"text":"` + strings.Repeat("a ", longest) + `"}`,
		"wide text.csv": "text\n" + strings.Repeat("a ", longest) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, opened := OpenReader(t.Context(), name, strings.NewReader(file), cfg)
			faults := checkedFindings(t, cfg, name, file, Fault)
			switch {
			case opened == nil && len(faults) > 0:
				t.Errorf("training takes what a check refuses: %q", faults)
			case opened != nil && len(faults) == 0:
				t.Errorf("a check takes what training refuses: %v", opened)
			case opened != nil && faults[0] != strings.Replace(opened.Error(), ": ", ": error: ", 1) && !strings.Contains(opened.Error(), "no sentence in it"):
				t.Errorf("training says %v, a check %q", opened, faults[0])
			}
		})
	}
	a, err := OpenReader(t.Context(), "wide.csv", strings.NewReader("id,text,service,food\n1,a,bad,good\n2,b,,\n"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenReader(t.Context(), "long.csv", strings.NewReader(long), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("the wide and the long form differ")
	}
}

// checkedFindings are the findings of a kind, or of all but one ("!" before it).
func checkedFindings(t testing.TB, cfg configs.Config, name, file, kind string) (list []string) {
	t.Helper()
	c, err := NewChecker(cfg, nil, func(f Finding) error {
		if f.Kind == kind || strings.HasPrefix(kind, "!") && f.Kind != kind[1:] {
			list = append(list, f.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(t.Context(), name, strings.NewReader(file), Auto); err != nil {
		t.Fatal(err)
	}
	return list
}

// The bytes of the records of a file, and what is before and after them, are the
// file.
func TestRecordsTile(t *testing.T) {
	for name, file := range map[string]string{
		"sample.xml": string(sample.Train()),
		"f.jsonl":    "\ufeff\n{\"text\":\"a\"}\r\n\n{\"text\":\"b\"}",
		"f.csv":      "\ufefftext\n\"a\nb\"\n\nc\r\nd",
	} {
		var b strings.Builder
		end := int64(0)
		for r, err := range Records(name, strings.NewReader(file), RecordOptions{}) {
			if err != nil || r.Err != nil {
				t.Fatal(name, err, r.Err)
			}
			if end == 0 {
				b.WriteString(file[:r.From])
			} else if r.From != end {
				t.Fatalf("%s: %q begins at %d, want %d", name, r.Text, r.From, end)
			}
			piece := file[r.From:r.To]
			if first := strings.Fields(r.Text)[0]; !strings.Contains(piece, strings.Split(first, "&")[0]) {
				t.Errorf("%s: %q is not in %q", name, r.Text, piece)
			}
			b.WriteString(piece)
			end = r.To
		}
		b.WriteString(file[end:])
		if b.String() != file {
			t.Errorf("%s: the pieces are %q", name, b.String())
		}
	}
}

// A corpus is the same after a way through all formats.
func TestReformat(t *testing.T) {
	odd := twoByTwo()
	odd.Aspects = []string{"Front desk", "Wi-Fi (2.4 GHz)", "Value & \"price\"", "é, ü"}
	odd.Polarities = []string{"très bien", "so-so", "<bad>"}
	const oddFile = `{"id": "a,b", "text": " \"Quoted\", <tagged> & \\ over\ntwo lines\t", "labels": {"é, ü": "<bad>", "Front desk": "très bien"}}
{"text": "no id", "labels": {"Value & \"price\"": "so-so"}}
{"id": "3", "text": "no label"}
`
	files := []struct {
		name, text string
		cfg        configs.Config
	}{
		{"sample.xml", string(sample.Train()), configs.Default()},
		{"odd.jsonl", oddFile, cleaned(odd)},
	}
	if os.Getenv("ABSA_TEST_DATA") != "" {
		for _, file := range []string{semevalTrain, semevalTest, semeval2015, semeval2015Test} {
			text, err := os.ReadFile(publicFile(t, file))
			if err != nil {
				t.Fatal(err)
			}
			c := configs.Default()
			files = append(files, struct {
				name, text string
				cfg        configs.Config
			}{filepath.Base(file), string(text), c})
		}
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, f.name)
			if err := os.WriteFile(path, []byte(f.text), 0o600); err != nil {
				t.Fatal(err)
			}
			want, err := Open(t.Context(), path, f.cfg, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"1.jsonl", "2.csv", "3.xml", "4.csv", "5.jsonl", "6.xml"} {
				next := filepath.Join(dir, name)
				if err := reformat(t.Context(), path, next); err != nil {
					t.Fatal(err)
				}
				path = next
				got, err := Open(t.Context(), path, f.cfg, OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got.Fingerprint() != want.Fingerprint() || got.Len() != want.Len() {
					t.Errorf("%s: %d sentences, fingerprint %s; want %d, %s", name, got.Len(), got.Fingerprint(), want.Len(), want.Fingerprint())
				}
			}
		})
	}
}

// What can be read only once is no CSV, which takes two readings.
func TestReformatOfAPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.jsonl")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	err := reformat(t.Context(), pipe, filepath.Join(dir, "out.csv"))
	if err == nil || !strings.Contains(err.Error(), "pipe.jsonl is no regular file") {
		t.Errorf("got %v", err)
	}
	go os.WriteFile(pipe, []byte(`{"text":"a","labels":{"food":"good"}}`), 0o600)
	if err := reformat(t.Context(), pipe, filepath.Join(dir, "out.jsonl")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "out.jsonl")); err != nil || string(got) != `{"text": "a", "labels": {"food": "good"}}`+"\n" {
		t.Errorf("it comes out as %q, %v", got, err)
	}
}

// A file that loses its sentences between the two readings is no empty table.
func TestReformatOfAChangingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(path, []byte(`{"text":"a"}`+"\n"+`{"text":"b"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	x := Reformatting{From: JSONL, To: CSV}
	err := x.Write(&emptying{Context: t.Context(), path: path}, path, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "has 0 sentences now and had 2") {
		t.Errorf("got %v", err)
	}
}

// emptying is a context that empties a file after it was asked twice.
type emptying struct {
	context.Context
	path  string
	asked int
}

func (e *emptying) Err() error {
	if e.asked++; e.asked == 2 {
		return errors.Join(os.Truncate(e.path, 0), e.Context.Err())
	}
	return e.Context.Err()
}

func reformat(ctx context.Context, from, to string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	x := Reformatting{From: Auto, To: FormatOf(to)}
	return x.Write(ctx, from, f)
}

// From XML to XML nothing is lost, and what another format cannot hold is named.
func TestReformatKeepsOrRefuses(t *testing.T) {
	c := twoByTwo()
	file := sentence(`id="1"`, `<text>good food</text><aspectTerms><aspectTerm term="food" polarity="good" from="5" to="9"/></aspectTerms>
<aspectCategories><aspectCategory category="food" polarity="good"/><aspectCategory category="food" polarity="good"/></aspectCategories>`)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.xml")
	for name, test := range map[string]struct{ text, to, want string }{
		"XML":                  {file, "out.xml", ""},
		"a contradiction":      {sentence(`id="1"`, labelled("food=good", "food=bad")), "out.csv", `in.xml:2: sentence "1": "food" is "good" and "bad"`},
		"a control character":  {`{"id":"1","text":"a\u001b"}`, "out.xml", "in.xml:1: sentence \"1\": XML cannot hold the character U+001B"},
		"a column of its own":  {`{"text":"a","labels":{"text":"good"}}`, "out.csv", `an aspect "text" cannot be a column`},
		"the long form's":      {`{"text":"a","labels":{"aspect":"x","polarity":"y"}}`, "out.csv", "cannot both be columns"},
		"a blank polarity":     {`{"text":"a","labels":{"food":" "}}`, "out.csv", `in.xml:1: sentence "#1": polarity " " of "food"`},
		"a padded polarity":    {`{"text":"a","labels":{"food":"good "}}`, "out.csv", `polarity "good " of "food"`},
		"a nameless column":    {`{"text":"a","labels":{"":"good"}}`, "out.csv", "an aspect without a name"},
		"a nameless aspect":    {`{"text":"a","labels":{"":"good"}}`, "out.xml", `in.xml:1: sentence "#1": aspect "" has polarity "good"`},
		"an empty polarity":    {`{"text":"a","labels":{"food":""}}`, "out.xml", `aspect "food" has polarity ""`},
		"a fault":              {`{"text":"a"} b`, "out.csv", "in.xml:1: malformed JSON"},
		"too long for a line":  {`<sentences><sentence><text>` + strings.Repeat(`"`, longest-10) + `</text></sentence></sentences>`, "out.jsonl", "a line of more than"},
		"too long for a table": {`<sentences><sentence><text>` + strings.Repeat(`"`, longest-10) + `</text></sentence></sentences>`, "out.csv", "a record of more than"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(in, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, test.to)
			err := reformat(t.Context(), in, out)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			a, err := Read(in, c)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Read(out, c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(Corpus{}, "Path", "SHA256")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
