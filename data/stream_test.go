package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// got is a sentence of a stream as tests compare it.
type got struct {
	ID, Text string
	Line     int
	Err      string
}

// streamed returns the sentences of an input and the error that ended it.
func streamed(name, input string, o StreamOptions) (all []got, ended error) {
	for s, err := range Stream(name, strings.NewReader(input), o) {
		if err != nil {
			return all, err
		}
		g := got{ID: s.ID, Text: s.Text, Line: s.Line}
		if s.Group != "" {
			g.Text = s.Group + "|" + s.Text
		}
		if s.Err != nil {
			g.Err = s.Err.Error()
		}
		all = append(all, g)
	}
	return all, nil
}

func TestStream(t *testing.T) {
	mega := strings.Repeat("a ", longest/2)
	tests := []struct {
		name, file, input string
		options           StreamOptions
		want              []got
		ended             string // the error in the second place
	}{
		{name: "text", file: "stdin", input: "one\r\ntwo\n\nlast", want: []got{
			{"1", "one", 1, ""}, {"2", "two", 2, ""}, {"3", "", 3, ""}, {"4", "last", 4, ""}}},
		{name: "nothing", file: "stdin"},
		{name: "byte order mark", file: "stdin", input: "\ufeffone\n", want: []got{{"1", "one", 1, ""}}},
		{name: "not UTF-8", file: "x.txt", input: "a\nb\xffc\nd\n", want: []got{
			{"1", "a", 1, ""}, {"2", "", 2, "x.txt:2: byte 2 (0xff) is not UTF-8"}, {"3", "d", 3, ""}}},
		{name: "NUL", file: "x.txt", input: "a\x00b\nc\n", want: []got{
			{"1", "", 1, "x.txt:1: byte 2 is NUL: this is not text, or not UTF-8"}, {"2", "c", 2, ""}}},
		{name: "control characters", file: "x.txt", input: "a\x1b[31mb\x7fc\u0085d\te\n", want: []got{{"1", "a [31mb c d\te", 1, ""}}},
		{name: "as long as a line may be", file: "x.txt", input: mega + "\nb\n", want: []got{{"1", mega, 1, ""}, {"2", "b", 2, ""}}},
		{name: "too long", file: "x.txt", input: mega + "c\nb\n", want: []got{
			{"1", "", 1, "x.txt:1: longer than 1048576 bytes, passed over"}, {"2", "b", 2, ""}}},
		{name: "too long with returns in it", file: "x.txt", input: mega + strings.Repeat("\r", 70_000) + "c\nb\n", want: []got{
			{"1", "", 1, "x.txt:1: longer than 1048576 bytes, passed over"}, {"2", "b", 2, ""}}},
		{name: "as long as a line may be, with a return", file: "x.txt", input: mega + "\r\nb\n", want: []got{{"1", mega, 1, ""}, {"2", "b", 2, ""}}},
		{name: "too long at the end", file: "x.txt", input: "b\n" + mega + mega, want: []got{
			{"1", "b", 1, ""}, {"2", "", 2, "x.txt:2: longer than 1048576 bytes, passed over"}}},
		{name: "a heart is no XML", file: "stdin", input: "<3 this place\n", want: []got{{"1", "<3 this place", 1, ""}}},

		{name: "JSON by its first character", file: "stdin", input: `{"text":"a"}`, want: []got{{"1", "a", 1, ""}}},
		{name: "JSON", file: "x.jsonl", input: `{"id":"7\u001b","text":"a \u00e9","stars":5}` + "\n\n" + `{"id":12345678901234567890,"text":"b"}` + "\n" + `{"id":null,"text":"c"}`, want: []got{
			{"7 ", "a é", 1, ""}, {"12345678901234567890", "b", 3, ""}, {"4", "c", 4, ""}}},
		{name: "bad JSON", file: "x.jsonl", input: strings.Join([]string{
			`{"text":`, `{"id":"i"}`, `{"id":"j","text":5}`, `[1]`, `{"id":[],"text":"a"}`, `{"text":"a"} {}`, `{"text":"\u0000"}`, "{\"text\":\"\xff\"}", `{"text":"ok"}`,
		}, "\n"), want: []got{
			{"1", "", 1, "x.jsonl:1: malformed JSON: unexpected end of JSON input"},
			{"i", "", 2, `x.jsonl:2: no "text"`},
			{"j", "", 3, `x.jsonl:3: "text" is a JSON number, want text`},
			{"4", "", 4, `x.jsonl:4: a JSON array, want an object with "text"`},
			{"5", "", 5, `x.jsonl:5: "id" is neither text nor a number`},
			{"6", "", 6, "x.jsonl:6: malformed JSON: invalid character '{' after top-level value"},
			{"7", "", 7, "x.jsonl:7: byte 1 is NUL: this is not text, or not UTF-8"},
			{"8", "", 8, "x.jsonl:8: byte 10 (0xff) is not UTF-8"},
			{"9", "ok", 9, ""}}},

		{name: "CSV", file: "x.csv", input: "id,text\n1,\"a, \"\"b\"\"\nc\"\n\n2,d\n,e\n", want: []got{
			{"1", "a, \"b\" c", 2, ""}, {"2", "d", 5, ""}, {"6", "e", 6, ""}}},
		{name: "CSV with another column", file: "x.csv", input: "review,stars\na,5\n", options: StreamOptions{TextColumn: "review"}, want: []got{{"2", "a", 2, ""}}},
		{name: "CSV without the column", file: "x.csv", input: "review,stars\na,5\n", ended: `x.csv:1: no column "text" (columns: "review", "stars"); name the one with the text`},
		{name: "CSV with a comma too many", file: "x.csv", input: "hotel,text\nAster,Good food, bad service\nAster,fine\n", options: StreamOptions{GroupBy: "hotel"}, want: []got{
			{"2", "", 2, "x.csv:2: 3 fields, want the 2 of the header; a text with a comma or a quote stands in quotes"}, {"3", "Aster|fine", 3, ""}}},
		{name: "CSV as a spreadsheet leaves it", file: "x.csv", input: "\n,,\n,text,,\n0,a,,\n1,b, and more,\n", want: []got{
			{"4", "a", 4, ""}, {"5", "", 5, `x.csv:5: field 3 is " and more", and its column has no name; name the column or empty it`}}},
		{name: "CSV with a column twice", file: "x.csv", input: "text,\"text\"\na,b\n", ended: `x.csv:1: column "text" stands twice; rename one`},
		{name: "a header over lines", file: "x.csv", input: "\n\"review\nof it\"\n", ended: `x.csv:2: no column "text" (columns: "review\nof it"); name the one with the text`},
		{name: "bad CSV", file: "x.csv", input: "id,text\n1\n2,5\" pizza\n3,\"a\"b\n4,\xff\n5,ok\n6,\"open\n7,in it\n", want: []got{
			{"1", "", 2, "x.csv:2: 1 fields, want the 2 of the header; a text with a comma or a quote stands in quotes"},
			{"3", "", 3, "x.csv:3: malformed CSV in line 3: bare \" in non-quoted-field"},
			{"4", "", 4, "x.csv:4: malformed CSV in line 4: extraneous or missing \" in quoted-field"},
			{"5", "", 5, "x.csv:5: byte 3 (0xff) is not UTF-8"},
			{"5", "ok", 6, ""},
			{"7", "", 7, "x.csv:7: a quote is not closed up to line 9, passed over"}}},
		{name: "a quote over all", file: "x.csv", input: "text\n\"" + strings.Repeat("a\n", longest/2) + "b\nc\n", want: []got{
			{"2", "", 2, "x.csv:2: a quote is not closed up to line 524290, passed over"}, {"524291", "c", 524291, ""}}},

		{name: "XML", file: "stdin", input: "<?xml version=\"1.0\"?>\n<sentences>\n <sentence id=\"a\"><text>x &amp;<!-- -->\ny</text><aspectCategories><aspectCategory category=\"unknown\" polarity=\"odd\"/></aspectCategories></sentence>\n<sentence><text>z</text></sentence></sentences>", want: []got{
			{"a", "x & y", 3, ""}, {"#2", "z", 5, ""}}},
		{name: "XML with an empty id", file: "x.xml", input: "<sentences><sentence id=\"\"><text>a</text></sentence><sentence id=\" \"><text>b</text></sentence></sentences>", want: []got{{"#1", "a", 1, ""}, {"#2", "b", 1, ""}}},
		{name: "XML without a text", file: "x.xml", input: "<sentences><sentence id=\"a\"/>\n<sentence id=\"b\"><text>z</text></sentence></sentences>", want: []got{
			{"a", "", 1, `x.xml:1: sentence "a" has no text`}, {"b", "z", 2, ""}}},
		{name: "XML of 2015", file: "stdin", input: "<Reviews>\n<Review rid='1'><sentences><sentence id=\"1:0\"><text>x</text><Opinions><Opinion category=\"unknown\" polarity=\"odd\"/></Opinions></sentence>\n</sentences></Review><Review><sentences><sentence OutOfScope=\"TRUE\"><text>y</text></sentence><sentence/></sentences></Review></Reviews>", want: []got{
			{"1:0", "x", 2, ""}, {"#2", "y", 3, ""}, {"#3", "", 3, `stdin:3: sentence "#3" has no text`}}},
		{name: "XML of whole reviews", file: "x.xml", input: "<Reviews><Review><sentences/><Opinions/></Review></Reviews>", ended: "x.xml:1: unexpected <Opinions> in <Review>, want sentences"},
		{name: "malformed XML", file: "x.xml", input: "<sentences><sentence id=\"a\"><text>z</text></sentence>\n<sentence id=\"b\"><txt>", want: []got{{"a", "z", 1, ""}}, ended: "x.xml:2: malformed XML: unexpected EOF"},
		{name: "another XML", file: "x.xml", input: "<reviews/>", ended: "x.xml:1: root element is <reviews>, want <sentences> (the format of SemEval-2014 task 4) or <Reviews> (of task 5 of 2015 and 2016)"},
		{name: "no XML", file: "x.xml", input: "", ended: "x.xml: no <sentences> or <Reviews> element; is it a SemEval XML file?"},
		{name: "XML of one long text", file: "x.xml", input: "<sentences><sentence><text>" + mega + mega, ended: "x.xml:1: a piece of XML that is longer than 1048576 bytes"},
		{name: "a text of many pieces", file: "x.xml", input: "<sentences><sentence><text>" + strings.Repeat(mega[:1000]+"<!---->", 1100) + "</text></sentence></sentences>", want: []got{{"#1", "", 1, "x.xml:1: longer than 1048576 bytes, passed over"}}},
		{name: "deep XML", file: "x.xml", input: "<sentences>" + "<sentence>" + strings.Repeat("<a>", 40), ended: "x.xml:1: elements are nested more than 32 deep"},

		{name: "JSON with another key", file: "x.jsonl", input: `{"review":"a","text":"b"}`, options: StreamOptions{TextColumn: "review"}, want: []got{{"1", "a", 1, ""}}},
		{name: "reviews in JSON", file: "x.jsonl", input: strings.Join([]string{
			`{"hotel":" Café\tA ","text":"a\r\nb\u001bc"}`, `{"text":"a"}`, `{"hotel":7,"text":"b"}`, `{"hotel":" ","text":"c"}`, `{"hotel":[1],"text":"d"}`, `{"hotel":"x\u0000","text":"e"}`,
		}, "\n"), options: StreamOptions{GroupBy: "hotel"}, want: []got{
			{"1", "Café\tA|a \nb c", 1, ""},
			{"2", "", 2, `x.jsonl:2: no "hotel" to group by`},
			{"3", "7|b", 3, ""},
			{"4", "", 4, `x.jsonl:4: "hotel" is empty: nothing says which group this is of`},
			{"5", "", 5, `x.jsonl:5: "hotel" is neither text nor a number`},
			{"6", "", 6, "x.jsonl:6: byte 2 is NUL: this is not text, or not UTF-8"}}},
		{name: "reviews in CSV", file: "x.csv", input: "text,id,hotel\n\"a\nb\",i,A\nc,j\nd,k,\n", options: StreamOptions{GroupBy: "hotel"}, want: []got{
			{"i", "A|a\nb", 2, ""},
			{"j", "", 4, "x.csv:4: 2 fields, want the 3 of the header; a text with a comma or a quote stands in quotes"},
			{"k", "", 5, `x.csv:5: "hotel" is empty: nothing says which group this is of`}}},
		{name: "CSV without the group", file: "x.csv", input: "text,stars\na,5\n", options: StreamOptions{GroupBy: "hotel"}, ended: `x.csv:1: no column "hotel" to group by (columns: "text", "stars")`},
		{name: "groups of lines", file: "stdin", input: "a,b\n", options: StreamOptions{GroupBy: "hotel"}, ended: `stdin: text has no field "hotel" to group by; give csv or jsonl, and say which with --format where the name does not end so`},

		{name: "an odd format", file: "x", input: "a", options: StreamOptions{Format: "yaml"}, ended: `x: format "yaml" is none of auto, text, jsonl, csv, semeval`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, ended := streamed(test.file, test.input, test.options)
			if diff := cmp.Diff(test.want, all); diff != "" {
				t.Errorf("sentences (-want +got):\n%.2000s", diff)
			}
			if message := fmt.Sprint(ended); ended != nil && message != test.ended || ended == nil && test.ended != "" {
				t.Errorf("ended by %q, want %q", message, test.ended)
			}
		})
	}
}

// TestStreamStops holds that a receiver that has had enough is not called again.
func TestStreamStops(t *testing.T) {
	for _, input := range []string{"a\nb\n", "{\"text\":\"a\"}\n{}\n", "text\na\nb\n", "<sentences><sentence><text>a</text></sentence><sentence/></sentences>", "\xff\n\xff\n"} {
		o := StreamOptions{}
		if strings.HasPrefix(input, "text") {
			o.Format = CSV
		}
		n := 0
		for range Stream("stdin", strings.NewReader(input), o) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%q: %d sentences, want 1", input, n)
		}
	}
}

// TestStreamFormatOfPieces holds that what a stream is does not hang on the
// pieces in which a pipe brings it.
func TestStreamFormatOfPieces(t *testing.T) {
	tests := []struct {
		name, input string
		options     StreamOptions
		want        []got
	}{
		{"JSON after blank lines", "\n \n{\"text\":\"a\"}", StreamOptions{}, []got{{"3", "a", 3, ""}}},
		{"XML", " \n<?xml version='1.0'?><sentences><sentence><text>a</text></sentence></sentences>", StreamOptions{}, []got{{"#1", "a", 2, ""}}},
		{"XML without a declaration", "<sentences><sentence><text>a</text></sentence></sentences>", StreamOptions{}, []got{{"#1", "a", 1, ""}}},
		{"a byte order mark", "\ufeff{\"text\":\"a\"}", StreamOptions{}, []got{{"1", "a", 1, ""}}},
		{"a byte order mark before CSV", "\ufefftext\na\n", StreamOptions{Format: CSV}, []got{{"2", "a", 2, ""}}},
		{"a character like the mark", "\uff01\n", StreamOptions{}, []got{{"1", "\uff01", 1, ""}}},
		{"nearly XML", "<sentence\n", StreamOptions{}, []got{{"1", "<sentence", 1, ""}}},
		{"white space", strings.Repeat(" ", 1<<17) + "\n", StreamOptions{}, []got{{"1", strings.Repeat(" ", 1<<17), 1, ""}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var all []got
			for s, err := range Stream("stdin", iotest.OneByteReader(strings.NewReader(test.input)), test.options) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, got{s.ID, s.Text, s.Line, ""})
			}
			if diff := cmp.Diff(test.want, all); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStreamAnswersALine holds that a line is given before the next one is sent.
func TestStreamAnswersALine(t *testing.T) {
	for format, line := range map[Format]string{Auto: "<\n", Text: "\n", JSONL: "{\"text\":\"a\"}\n"} {
		r, w := io.Pipe()
		given := make(chan string)
		go func() {
			for s := range Stream("stdin", r, StreamOptions{Format: format}) {
				given <- s.ID
			}
			close(given)
		}()
		for i := range 3 {
			if _, err := io.WriteString(w, line); err != nil {
				t.Fatal(err)
			}
			if id := <-given; id != fmt.Sprint(i+1) {
				t.Errorf("%s: line %s is given, want %d", format, id, i+1)
			}
		}
		w.Close()
		<-given
	}
}

// breaking gives some bytes and then an error.
type breaking struct {
	r   io.Reader
	err error
}

func (f *breaking) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

// TestStreamOfABrokenDisk holds that an error of the input is none of its lines.
func TestStreamOfABrokenDisk(t *testing.T) {
	broken := errors.New("input/output error")
	for _, test := range []struct {
		format Format
		input  string
	}{{Text, "a\nb"}, {JSONL, `{"text":"a"}` + "\n"}, {CSV, "text\na\n\"b\n"}, {SemEval, "<sentences><sentence><text>a</text></sentence>"}} {
		var texts []string
		var ended error
		for s, err := range Stream("x", &breaking{strings.NewReader(test.input), broken}, StreamOptions{Format: test.format}) {
			if ended = err; err == nil {
				texts = append(texts, s.Text)
			}
		}
		if !errors.Is(ended, broken) || !cmp.Equal(texts, []string{"a"}) {
			t.Errorf("%s: read %q, ended by %v; want a, then the error of the input", test.format, texts, ended)
		}
	}
}

// TestAhead holds that the time before a wait is told, once all that came was
// read, and that nothing is lost.
func TestAhead(t *testing.T) {
	r, w := io.Pipe()
	var read []string
	waits := make(chan int)
	idle := func() error { waits <- len(read); return nil }
	done := make(chan error)
	go func() {
		for s, err := range Stream("stdin", Ahead(t.Context(), r, idle), StreamOptions{Format: Text}) {
			if err != nil {
				done <- err
				return
			}
			read = append(read, s.Text)
		}
		done <- nil
	}()
	// send writes while the reader waits for it; it waits again when it has read
	// the lines.
	for n := <-waits; n < 3; {
		if _, err := fmt.Fprintf(w, "line %d\n", n); err != nil {
			t.Fatal(err)
		}
		if now := <-waits; now != n+1 {
			t.Fatalf("it waits after %d lines, want %d", now, n+1)
		}
		n++
	}
	w.Close()
	for {
		select {
		case <-waits:
			continue
		case err := <-done:
			if want := []string{"line 0", "line 1", "line 2"}; err != nil || !cmp.Equal(want, read) {
				t.Errorf("read %q, %v; want %q", read, err, want)
			}
		}
		return
	}
}

// TestAheadPassesErrorsOn holds that what idle returns ends the reading.
func TestAheadPassesErrorsOn(t *testing.T) {
	full := errors.New("no space left")
	r, w := io.Pipe()
	defer w.Close()
	_, err := Ahead(t.Context(), r, func() error { return full }).Read(make([]byte, 1))
	if !errors.Is(err, full) {
		t.Errorf("got %v, want what idle returned", err)
	}
}

// TestStreamOfHostileLines holds that any bytes are read to their end: each line
// gives one sentence with its number. ABSA_SOAK reads a million of them.
func TestStreamOfHostileLines(t *testing.T) {
	lines := 5000
	if os.Getenv("ABSA_SOAK") != "" {
		lines = 1_000_000
	}
	for _, format := range []Format{Text, JSONL, CSV} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			r, w := io.Pipe()
			go func() {
				b := rand.New(rand.NewPCG(1, 2))
				fmt.Fprintln(w, `text`)
				for range lines {
					if _, err := w.Write(hostile(b)); err != nil {
						return
					}
				}
				w.Close()
			}()
			line, good := 0, 0
			for s, err := range Stream("x", r, StreamOptions{Format: format}) {
				if err != nil {
					t.Fatal(err)
				}
				if s.Line <= line || format == Text && s.Line != line+1 {
					t.Fatalf("line %d follows line %d", s.Line, line)
				}
				line = s.Line
				if s.Err == nil {
					good++
				} else if want := fmt.Sprintf("x:%d: ", s.Line); !strings.HasPrefix(s.Err.Error(), want) || strings.ContainsFunc(s.Err.Error(), func(r rune) bool { return r < ' ' }) {
					t.Fatalf("message %q, want it to begin with %q and be printable", s.Err, want)
				}
			}
			if format == Text && line != lines+1 || good == 0 {
				t.Errorf("%d lines, %d of them good, want %d lines", line, good, lines+1)
			}
		})
	}
}

// hostile returns a line, now and then a very long one.
func hostile(b *rand.Rand) []byte {
	switch b.IntN(8) {
	case 0:
		return []byte("\n")
	case 1:
		return []byte("{\"id\":1,\"text\":\"the food was good\"}\n")
	case 2:
		return []byte("\"a quoted, \x01\x02\x1b field\"\n")
	case 3:
		if b.IntN(500) == 0 {
			return append(bytes.Repeat([]byte("long "), 200_000+b.IntN(20_000)), '\n')
		}
	}
	line := make([]byte, b.IntN(80))
	for i := range line {
		line[i] = byte(b.IntN(256))
		if line[i] == '\n' || line[i] == '"' && b.IntN(10) > 0 {
			line[i] = ' '
		}
	}
	return append(line, '\n')
}

// FuzzStream looks for input that is not read to its end, line by line.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{"a\nb", `{"text":"a"}`, "text\n\"a\nb\"\n", "<sentences><sentence id='1'><text>a</text></sentence></sentences>", "\x00\xff\n"} {
		for format := range 4 {
			f.Add(format, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, format int, input []byte) {
		formats := []Format{Text, JSONL, CSV, SemEval}
		line := 0
		for s, err := range Stream("x", bytes.NewReader(input), StreamOptions{Format: formats[uint(format)%4]}) {
			if err != nil {
				return
			}
			if s.Line < line || s.Line > bytes.Count(input, []byte("\n"))+1 {
				t.Fatalf("line %d after line %d", s.Line, line)
			}
			line = s.Line
			if _, err := clean(s.Text, false); err != nil || s.ID == "" && s.Err == nil {
				t.Fatalf("sentence %+v: %v", s, err)
			}
		}
	})
}
