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

// hostileLines yields n records of a format, a CSV header among them, the same
// for the same arguments. The first sentence has the id "first".
func hostileLines(format string, n int) iter.Seq[hostile] {
	kinds := hostileJSONL
	if format == "csv" {
		kinds = hostileCSV
	}
	return func(yield func(hostile) bool) {
		rng := rand.New(rand.NewPCG(7, 7))
		if format == "csv" && !yield(hostile{text: "id,text,food,service\n", silent: true}) {
			return
		}
		for i := range n {
			var h hostile
			switch {
			case i == 0:
				h = kinds(rng, 0, i)
				h.text = strings.Replace(h.text, "good0", "first", 1)
			case i%10_000 > 0 && i%2500 == 0:
				h = kinds(rng, -(i/2500)%4, i) // of a megabyte
			default:
				h = kinds(rng, max(0, rng.IntN(25)-8), i)
			}
			if !yield(h) {
				return
			}
		}
	}
}

const notUTF8 = "is not UTF-8"

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
	for _, format := range []string{"jsonl", "csv"} {
		t.Run("predict "+format, func(t *testing.T) {
			c := predicting(t, run, "", "--format", format, "--output", "jsonl", "--quiet")
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
		t.Run("check "+format, func(t *testing.T) {
			c := command(t, "data", "check", "--format", format, "--all", "--json", "-")
			c.Stdin = nil
			findings := bufio.NewReaderSize(send(t, c, format, n), 1<<16)
			line, bad, first := 0, 0, 1
			if format == "csv" {
				first = 2
			}
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
