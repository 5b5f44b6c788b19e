package cmd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// hostile is a line of hostile input, or a record of several, and what is said of
// it: part of a message, or "" where it is fine.
type hostile struct {
	text           string // with its line end
	predict, check string
	silent         bool // predict has no answer for it
}

// hostileFormat is how the lines of a format are made.
type hostileFormat struct {
	head, tail string
	// kinds makes the line of a kind, those of a megabyte below 0.
	kinds func(rng *rand.Rand, kind, i int) hostile
}

func hostileFormats() map[string]hostileFormat {
	return map[string]hostileFormat{
		"text":    {kinds: hostileText},
		"jsonl":   {kinds: hostileJSONL},
		"csv":     {head: "id,text,food,service\n", kinds: hostileCSV},
		"semeval": {head: "<sentences>\n", tail: "</sentences>\n", kinds: hostileXML},
		"reviews": {head: "<Reviews><Review><sentences>\n", tail: "</sentences></Review></Reviews>\n", kinds: hostileReviews},
	}
}

// hostileLines yields n records of a format, its head and tail among them, the
// same for the same arguments. The first sentence has the id "first".
func hostileLines(format string, n int) iter.Seq[hostile] {
	f := hostileFormats()[format]
	return func(yield func(hostile) bool) {
		rng := rand.New(rand.NewPCG(7, 7))
		if f.head != "" && !yield(hostile{text: f.head, silent: true}) {
			return
		}
		for i := range n {
			var h hostile
			switch {
			case i == 0:
				h = f.kinds(rng, 0, i)
				h.text = strings.Replace(h.text, "good0", "first", 1)
			case i%10_000 > 0 && i%2500 == 0:
				h = f.kinds(rng, -(i/2500)%4, i) // of a megabyte
			default:
				h = f.kinds(rng, max(0, rng.IntN(25)-8), i)
			}
			if !yield(h) {
				return
			}
		}
		yield(hostile{text: f.tail, silent: true})
	}
}

const notUTF8 = "is not UTF-8"

// hostileText is a line that is a sentence. data check reads no text.
func hostileText(rng *rand.Rand, kind, i int) hostile {
	const mega = 1 << 20
	switch kind {
	case -1, -3:
		return hostile{text: strings.Repeat("long ", mega/5+1+rng.IntN(mega/5)) + "\n", predict: "longer than 1048576 bytes"}
	case -2:
		return hostile{text: fmt.Sprint(i) + strings.Repeat("a-", mega/2-100) + "\n"} // no white space to cut at
	case 1:
		return hostile{text: fmt.Sprintf("bad %d \xff\n", i), predict: notUTF8}
	case 2:
		return hostile{text: fmt.Sprintf("nul %d \x00\n", i), predict: "is NUL"}
	case 3:
		return hostile{text: [...]string{"\n", "  \t\r\n"}[rng.IntN(2)]}
	case 4:
		return hostile{text: fmt.Sprintf("control \x01\x1b[2J\x07 %d\r\n", i)}
	}
	return hostile{text: fmt.Sprintf("the food was word%d and good\n", i)}
}

// hostileXML is a sentence of XML that is well-formed: what is not ends a file,
// as TestHostileXML holds.
func hostileXML(rng *rand.Rand, kind, i int) hostile {
	const mega = 1 << 20
	sentence := func(inside string) string {
		return fmt.Sprintf(`<sentence id="good%d">%s</sentence>`, i, inside) + "\n"
	}
	labelled := func(label string) string {
		return sentence(fmt.Sprintf("<text>label %d</text><aspectCategories>%s</aspectCategories>", i, label))
	}
	switch kind {
	case -1, -3:
		return hostile{text: sentence("<text>" + strings.Repeat(strings.Repeat("long ", 1000)+"<!---->", mega/5000+1+rng.IntN(200)) + "</text>"), predict: "longer than 1048576 bytes", check: "a text of more than 1048576 bytes"}
	case -2:
		return hostile{text: sentence(fmt.Sprintf("<text>%d%s</text>", i, strings.Repeat("a-", mega/2-10_000)))}
	case 1:
		return hostile{text: sentence(""), predict: "has no text", check: "has no text"}
	case 2:
		return hostile{text: sentence("<text> <!-- nothing --> </text>"), predict: "has no text", check: "has no text"}
	case 3:
		return hostile{text: fmt.Sprintf("<sentence id=\"\"><text>empty %d</text></sentence>\n", i), check: "has an empty id"}
	case 4:
		return hostile{text: fmt.Sprintf("stray %d<!-- -->\n", i), check: "inside <sentences>", silent: true}
	case 5:
		return hostile{text: sentence(fmt.Sprintf("<text>two &amp;\nlines &#x9f; %d</text>", i))}
	case 6:
		return hostile{text: sentence(fmt.Sprintf("<text>a <b>bold</b> %d</text>", i)), check: "<b> inside <text>"}
	case 7:
		return hostile{text: sentence(fmt.Sprintf("<text>one</text><text>two %d</text>", i)), check: "a second <text>"}
	case 8:
		return hostile{text: labelled(`<aspectCategory category="food" polarity="postive"/>`), check: "did you mean positive?"}
	case 9:
		return hostile{text: labelled(`<aspectCategory category="fo&#10;od" polarity="positive"/>`), check: `aspect "fo\nod" is not in data.aspects`}
	case 10:
		return hostile{text: fmt.Sprintf("<sentence id=\"first\"><text>twice %d</text></sentence>\n", i), check: `sentence id "first" is already that of line`}
	case 11:
		return hostile{text: labelled(`<aspectCategory category="food" polarity="positive"/><aspectCategory category="food" polarity="negative"/>`), check: "food is positive and negative"}
	case 12:
		return hostile{text: sentence(fmt.Sprintf(`<text>food %d</text><aspectTerms><aspectTerm term="food" from="1" to="5"/></aspectTerms>`, i)), check: "characters 1 to 5 of the text"}
	case 13:
		return hostile{text: labelled(`<aspectCategory category="food"/>`), check: "has no polarity"}
	case 14:
		return hostile{text: sentence(fmt.Sprintf("<text>odd %d</text><aspects/>", i)), check: "unexpected <aspects>"}
	}
	return hostile{text: sentence(fmt.Sprintf("<text>the food was word%d and good</text>", i))}
}

// hostileReviews is hostileXML in the form of SemEval-2015, some of it in a review of
// its own.
func hostileReviews(rng *rand.Rand, kind, i int) hostile {
	h := hostileXML(rng, kind, i)
	h.text = strings.NewReplacer("aspectCategories", "Opinions", "aspectCategory", "Opinion").Replace(h.text)
	switch kind {
	case 11:
		h.check = "" // they come to conflict
	case 12:
		h.check = "unexpected <aspectTerms>"
	}
	if i%7 == 6 {
		h.text = "</sentences></Review><Review><sentences>" + h.text
	}
	return h
}

// hostileJSONL is the line of a kind, those of a megabyte below 0.
func hostileJSONL(rng *rand.Rand, kind, i int) hostile {
	const mega = 1 << 20
	sentence := func(text string) string { return fmt.Sprintf(`{"id":"good%d","text":"%s"}`, i, text) + "\n" }
	switch kind {
	case -1:
		return hostile{text: sentence(strings.Repeat("long ", mega/5+rng.IntN(mega/5))), predict: "longer than 1048576 bytes", check: "longer than 1048576 bytes"}
	case -2:
		return hostile{text: sentence(fmt.Sprint(i) + strings.Repeat("a-", mega/2-100))} // no white space to cut at
	case -3:
		return hostile{text: strings.Repeat("[", mega-1) + "\n", predict: "malformed JSON", check: "malformed JSON"}
	case 1:
		return hostile{text: sentence("bad \xff"), predict: notUTF8, check: "malformed JSON: invalid UTF-8"}
	case 2:
		return hostile{text: sentence("nul \x00"), predict: "malformed JSON: invalid character '\\x00'", check: "malformed JSON"}
	case 3:
		return hostile{text: sentence(`nul \u0000`), predict: "byte 5 is NUL", check: "byte 5 of the text is NUL"}
	case 4:
		return hostile{text: [...]string{"\n", "  \t\r\n"}[rng.IntN(2)], silent: true}
	case 5:
		return hostile{text: sentence(fmt.Sprintf(`control \u0001\u001b[2J\u0007\u009f %d`, i))}
	case 6:
		return hostile{text: `{"id":"x","text":"cut` + "\n", predict: "malformed JSON", check: "malformed JSON: a string has no end"}
	case 7:
		return hostile{text: fmt.Sprintf(`{"id":"good%d"}`, i) + "\n", predict: `no "text"`, check: "has no text"}
	case 8:
		return hostile{text: fmt.Sprintf(`{"text":"label %d","labels":{"food":"postive"}}`, i) + "\n", check: "did you mean positive?"}
	case 9:
		return hostile{text: fmt.Sprintf(`{"text":"aspect %d","labels":{"food\u001b[2J":"positive"}}`, i) + "\n", check: `aspect "food\x1b[2J" is not in data.aspects`}
	case 10:
		return hostile{text: fmt.Sprintf(`{"id":"first","text":"twice %d"}`, i) + "\n", check: `sentence id "first" is already that of line`}
	case 11:
		return hostile{text: "[1,2]\n", predict: "a JSON array", check: "want an object"}
	case 12:
		junk := make([]byte, 1+rng.IntN(60))
		for k := range junk {
			junk[k] = byte(128 + rng.IntN(64)) // never the beginning of a character
		}
		return hostile{text: string(junk) + "\n", predict: notUTF8, check: "malformed JSON"}
	case 13:
		return hostile{text: `{"text":"a"} {"text":"b"}` + "\n", predict: "malformed JSON", check: "after the end of the object"}
	case 14:
		return hostile{text: fmt.Sprintf(`{"id":%d,"text":"number %[1]d"}`, i) + "\n"}
	}
	return hostile{text: sentence(fmt.Sprintf("the food was word%d and good", i))}
}

// hostileCSV is the record of a kind, those of a megabyte below 0.
func hostileCSV(rng *rand.Rand, kind, i int) hostile {
	const mega = 1 << 20
	row := func(text, labels string) string { return fmt.Sprintf("good%d,%s,%s\n", i, text, labels) }
	switch kind {
	case -1:
		return hostile{text: row(strings.Repeat("long ", mega/5+rng.IntN(mega/5)), ","), predict: "longer than 1048576 bytes", check: "longer than 1048576 bytes"}
	case -2:
		return hostile{text: row(fmt.Sprint(i)+strings.Repeat("é'", mega/3-100), ",")} // no white space to cut at
	case -3:
		return hostile{text: row("many"+strings.Repeat(",", mega-1000), ","), predict: "fields, want the 4", check: "fields, want the 4"}
	case 1:
		return hostile{text: row("bad \xff", ","), predict: notUTF8, check: notUTF8}
	case 2:
		return hostile{text: row("nul \x00", ","), predict: "byte 5 is NUL", check: `byte 5 of column "text" is NUL`}
	case 3:
		return hostile{text: row("label \x00", "\x00,"), predict: "is NUL", check: "is NUL"}
	case 4:
		return hostile{text: [...]string{"\n", "\r\n"}[rng.IntN(2)], silent: true}
	case 5:
		return hostile{text: row(fmt.Sprintf("control \x01\x1b[2J\x07 %d", i), ",")}
	case 6:
		return hostile{text: row(`"quote" d`, ","), predict: "malformed CSV", check: "malformed CSV"}
	case 7:
		return hostile{text: fmt.Sprintf("good%d\n", i), predict: "1 fields, want the 4", check: "1 fields, want the 4"}
	case 8:
		return hostile{text: row(fmt.Sprintf("label %d", i), "postive,"), check: `column "food": sentence`}
	case 9:
		return hostile{text: row("a comma, and more", ","), predict: "5 fields, want the 4", check: "5 fields, want the 4"}
	case 10:
		return hostile{text: fmt.Sprintf("first,twice %d,,\n", i), check: `sentence id "first" is already that of line`}
	case 11:
		return hostile{text: row(fmt.Sprintf("\"two\nlines, %d\"", i), "positive,negative")}
	case 12:
		return hostile{text: row(" ", ","), check: "has no text"}
	}
	return hostile{text: row(fmt.Sprintf("the food was word%d and good", i), "positive,")}
}

// send starts a command that reads hostile lines and returns its output.
func send(t testing.TB, c *exec.Cmd, format string, n int) io.Reader {
	t.Helper()
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	go func() {
		w := bufio.NewWriterSize(stdin, 1<<16)
		for h := range hostileLines(format, n) {
			if _, err := w.WriteString(h.text); err != nil {
				break // the program has ended, which the test sees
			}
		}
		w.Flush()
		stdin.Close()
	}()
	return stdout
}

// ended waits for a command and holds its status and memory.
func ended(t testing.TB, c *exec.Cmd, most int64) {
	t.Helper()
	c.Wait() // the status says how it went
	if got := c.ProcessState.ExitCode(); got != 1 {
		t.Errorf("exit status %d, want 1", got)
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	t.Logf("peak of resident memory: %d MiB", peak>>20)
	if peak > most {
		t.Errorf("resident memory reached %d MiB, want at most %d", peak>>20, most>>20)
	}
}

// TestHostile sends a few thousand hostile lines, TestSoakHostile a million.
func TestHostile(t *testing.T) { testHostile(t, 8000) }

func TestSoakHostile(t *testing.T) {
	if os.Getenv("ABSA_SOAK") == "" {
		t.Skip("the long form of TestHostile; set ABSA_SOAK=1")
	}
	testHostile(t, 1_000_000)
}

// testHostile holds that every line of hostile input has the message that it
// should have, with its number, or its answer, and that memory stays bounded.
func testHostile(t *testing.T, n int) {
	run := trained(t)
	for _, format := range []string{"text", "jsonl", "csv", "semeval", "reviews"} {
		flag := strings.Replace(format, "reviews", "semeval", 1)
		t.Run("predict "+format, func(t *testing.T) {
			c := predicting(t, run, "", "--format", flag, "--output", "jsonl", "--quiet")
			c.Stdin = nil
			answers := json.NewDecoder(send(t, c, format, n))
			line, bad := 0, 0
			for h := range hostileLines(format, n) {
				at := line + 1
				line += strings.Count(h.text, "\n")
				if h.silent {
					continue
				}
				var got said
				if err := answers.Decode(&got); err != nil {
					t.Fatalf("line %d: %v", at, err)
				}
				if h.predict == "" {
					if got.Error != "" {
						t.Fatalf("line %d, %.60q: %s", at, h.text, got.Error)
					}
				} else if bad++; !strings.HasPrefix(got.Error, fmt.Sprintf("stdin:%d: ", at)) || !strings.Contains(got.Error, h.predict) || len(got.Error) > 1000 {
					t.Fatalf("line %d, %.60q: %.1000q, want %s", at, h.text, got.Error, h.predict)
				}
			}
			if answers.More() {
				t.Error("there are more answers than lines")
			}
			t.Logf("%d lines, %d of them bad", line, bad)
			ended(t, c, 1<<30) // LibTorch and a window of sentences, some of a megabyte
		})
		if format == "text" {
			continue
		}
		t.Run("check "+format, func(t *testing.T) {
			c := command(t, "data", "check", "--format", flag, "--all", "--json", "-")
			c.Stdin = nil
			findings := bufio.NewReaderSize(send(t, c, format, n), 1<<16)
			line, bad, first := 0, 0, 1+strings.Count(hostileFormats()[format].head, "\n")
			for h := range hostileLines(format, n) {
				at := line + 1
				line += strings.Count(h.text, "\n")
				if h.check == "" {
					continue
				}
				text, err := findings.ReadString('\n')
				if err != nil {
					t.Fatalf("line %d: %v", at, err)
				}
				var got struct {
					Kind, File, Message string
					Line                int
				}
				if err := json.Unmarshal([]byte(text), &got); err != nil {
					t.Fatal(err)
				}
				if bad++; got.Kind != "error" || got.File != "stdin" || got.Line != at || !strings.Contains(got.Message, h.check) || len(got.Message) > 1000 {
					t.Fatalf("line %d, %.60q: %.1000q, want %s", at, h.text, text, h.check)
				}
				if strings.Contains(h.check, `"first"`) && !strings.Contains(got.Message, fmt.Sprintf("line %d;", first)) {
					t.Fatalf("line %d: %s, want line %d", at, got.Message, first)
				}
			}
			for text, err := findings.ReadString('\n'); err == nil; text, err = findings.ReadString('\n') {
				if strings.Contains(text, `"kind":"error"`) || strings.Contains(text, `"duplicate"`) {
					t.Errorf("after the last line: %.1000s", text)
				}
			}
			t.Logf("%d lines, %d of them bad", line, bad)
			ended(t, c, 640<<20) // hashes of a million sentences, counts of a quarter of a million words
		})
	}
}

// TestHostileXML holds that XML that is malformed has its sentences before that
// place answered, and a message with the line: nothing says where to read on.
func TestHostileXML(t *testing.T) {
	const (
		mega = 1 << 20
		one  = "<sentence id=\"1\"><text>good food</text></sentence>\n"
		two  = "<sentence id=\"2\"><text>slow staff</text></sentence>\n"
	)
	run := trained(t)
	for _, test := range []struct {
		name, file, want string
		line             int
	}{
		{"not UTF-8", one + "<sentence id=\"2\"><text>bad \xff</text></sentence>\n", "malformed XML: invalid UTF-8", 3},
		{"NUL", one + "<sentence id=\"2\"><text>nul \x00</text></sentence>\n", "malformed XML: illegal character code U+0000", 3},
		{"cut short", one + "<sentence id=\"2\"><text>slow", "malformed XML: unexpected EOF", 3},
		{"tags that do not match", one + "<sentence id=\"2\">\n<text>slow</sentence>\n", "element <text> closed by </sentence>", 4},
		{"an entity that is not declared", "<!-- &boom; -->" + one + "<sentence id=\"2\"><text>&boom;</text></sentence>\n", "invalid character entity &boom;", 3},
		{"a long piece", one + "<sentence id=\"2\"><text>" + strings.Repeat("long ", mega/4), "a piece of XML that is longer than 1048576 bytes", 3},
		{"a long tag", one + "<sentence id=\"" + strings.Repeat("x", mega+mega/4), "a piece of XML that is longer than 1048576 bytes", 3},
		{"a deep one", one + "<sentence id=\"2\">\n" + strings.Repeat("<a>", 10_000), "elements are nested more than 32 deep", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := "<sentences>\n" + test.file
			if strings.HasSuffix(test.file, "\n") {
				file += two + "</sentences>\n"
			}
			got := finish(t, predicting(t, run, file, "--format", "semeval", "--output", "jsonl", "--quiet"))
			got.wantStatus(t, 1)
			if all := saidAll(t, got.stdout); len(all) != 1 || all[0].Text != "good food" || all[0].Error != "" {
				t.Errorf("answers %.1000s", got.stdout)
			}
			if want := fmt.Sprintf("absa: stdin:%d: ", test.line); !strings.Contains(got.stderr, want) || !strings.Contains(got.stderr, test.want) || len(got.stderr) > 1000 {
				t.Errorf("predict says %.1000q, want %s and %s", got.stderr, want, test.want)
			}

			c := command(t, "data", "check", "--format", "semeval", "--all", "-")
			c.Stdin = strings.NewReader(file)
			got = finish(t, c)
			got.wantStatus(t, 1)
			found := false
			for line := range strings.Lines(got.stdout) {
				found = found || strings.HasPrefix(line, fmt.Sprintf("stdin:%d: error: ", test.line)) && strings.Contains(line, test.want) && len(line) < 1000
			}
			if !found || !strings.Contains(got.stdout, "stdin: 1 sentence, ") {
				t.Errorf("check says %.1000s, want %s of line %d", got.stdout, test.want, test.line)
			}
		})
	}
}
