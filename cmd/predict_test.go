package cmd

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trained trains a little and returns the run's folder.
func trained(t testing.TB, more ...string) string {
	t.Helper()
	c := command(t, little(more...)...)
	finish(t, c).wantStatus(t, 0)
	return filepath.Join(c.Dir, "run")
}

// predicting is a call of predict with an input.
func predicting(t testing.TB, run, input string, args ...string) *exec.Cmd {
	t.Helper()
	c := command(t, append([]string{"predict", "--checkpoint", run, "--threads", "1"}, args...)...)
	c.Stdin = strings.NewReader(input)
	return c
}

// said is a line of --output jsonl.
type said struct {
	ID, Text, Error string
	Aspects         []struct {
		Aspect, Polarity string
		Probabilities    map[string]float64
		Presence         *float64
	}
}

func saidAll(t testing.TB, stdout string) (all []said) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var s said
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, s)
	}
	return all
}

// TestPredictJSONL holds what a program reads: an answer for each line in its
// order, with its id, and the error of a line that is none.
func TestPredictJSONL(t *testing.T) {
	run := trained(t)
	input := `{"id":"a","text":"The food was great <3"}` + "\n" + `{"id":7,"text":` + "\n" + `{"text":"  "}` + "\n" + `{"id":9,"text":"Slow staff."}` + "\n"
	got := finish(t, predicting(t, run, input, "--output", "jsonl", "--all"))
	got.wantStatus(t, 1)
	all := saidAll(t, got.stdout)
	var rows []string
	for _, s := range all {
		rows = append(rows, fmt.Sprintf("%s|%s|%s|%d", s.ID, s.Text, s.Error, len(s.Aspects)))
	}
	want := []string{"a|The food was great <3||5", "2||stdin:2: malformed JSON: unexpected end of JSON input|0", "3|  ||0", "9|Slow staff.||5"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, a := range all[0].Aspects {
		if len(a.Probabilities) != 4 || a.Probabilities[a.Polarity] == 0 || a.Presence == nil {
			t.Errorf("opinion %+v", a)
		}
	}
	if !strings.Contains(got.stdout, "great <3") {
		t.Error("characters are escaped as for a page")
	}
	for _, want := range []string{"stdin:2: malformed JSON", "absa: 1 of 4 sentences could not be read"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("no %q in %s", want, got.stderr)
		}
	}
}

// TestPredictOutputs holds the other forms of an answer.
func TestPredictOutputs(t *testing.T) {
	run := trained(t)
	text := "The food, \"<b>\" & all\nwas \x1b[31mgreat\n\n"

	got := finish(t, predicting(t, run, text, "--output", "csv", "--all"))
	got.wantStatus(t, 0)
	records, err := csv.NewReader(strings.NewReader(got.stdout)).ReadAll()
	if err != nil || len(records) != 1+5+5 {
		t.Fatalf("%d records, %v:\n%s", len(records), err, got.stdout)
	}
	if diff := cmp.Diff([]string{"id", "text", "aspect", "polarity", "positive", "neutral", "negative", "conflict", "presence", "calibrated"}, records[0]); diff != "" {
		t.Error(diff)
	}
	if r := records[1]; r[0] != "1" || r[1] != "The food, \"<b>\" & all" || r[2] != "service" || r[8] == "" {
		t.Errorf("record %q", r)
	}

	got = finish(t, predicting(t, run, text, "--output", "semeval", "--all"))
	got.wantStatus(t, 0)
	again := absa(t, "data", "stats", write(t, "out.xml", got.stdout))
	again.wantStatus(t, 0)
	if !strings.Contains(again.stdout, "2 sentences, 10 labels") {
		t.Errorf("read back: %s", again.stdout)
	}

	// Ids that repeat or are blank make a corpus too.
	got = finish(t, predicting(t, run, "id,text\np,good\np,bad\n ,so\n", "--format", "csv", "--output", "semeval"))
	got.wantStatus(t, 0)
	absa(t, "data", "stats", write(t, "ids.xml", got.stdout)).wantStatus(t, 0)

	got = finish(t, predicting(t, run, text, "--all"))
	got.wantStatus(t, 0)
	if lines := strings.Split(got.stdout, "\n"); len(lines) != 1+6+6+1 || lines[1] != "1: The food, \"<b>\" & all" || !strings.HasPrefix(lines[3], "  food  ") {
		t.Errorf("table:\n%s", got.stdout)
	}
	if strings.Contains(got.stdout, "\x1b") {
		t.Error("the table passes a terminal's control characters on")
	}
	got = finish(t, predicting(t, run, "food", "--threshold", "1"))
	got.wantStatus(t, 0)
	if !strings.Contains(got.stdout, "  mentions no aspect\n") {
		t.Errorf("table:\n%s", got.stdout)
	}

	// Files, and a file for the answers, which is there when all is done.
	c := predicting(t, run, "from stdin\n", "--output", "jsonl", "--out", "out.jsonl", write(t, "a.csv", "text\nfrom a\n"), "-")
	got = finish(t, c)
	got.wantStatus(t, 0)
	out, err := os.ReadFile(filepath.Join(c.Dir, "out.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if all := saidAll(t, string(out)); got.stdout != "" || len(all) != 2 || !strings.HasSuffix(all[0].ID, "a.csv:2") || all[1].ID != "stdin:1" {
		t.Errorf("stdout %q, file %s", got.stdout, out)
	}
}

// TestPredictSaysWhatTheModelCannot holds that the notes of a model that reads
// padding and knows no presence are given, and that it answers for all aspects.
func TestPredictSaysWhatTheModelCannot(t *testing.T) {
	run := trained(t, "--set", "model.head.presence=false", "--set", "model.attention.kind=self", "--set", "model.attention.pool=last_padded", "--set", "model.attention.masked=false", "--set", "loader.buckets=0")
	got := finish(t, predicting(t, run, "good\n", "--output", "jsonl"))
	got.wantStatus(t, 0)
	if all := saidAll(t, got.stdout); len(all) != 1 || len(all[0].Aspects) != 5 || all[0].Aspects[0].Presence != nil {
		t.Errorf("answer %s", got.stdout)
	}
	for _, want := range []string{"one sentence at a time", "does not tell which aspects"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("no %q in %s", want, got.stderr)
		}
	}
}

func TestPredictErrors(t *testing.T) {
	run := trained(t)
	bad := write(t, "bad.txt", "good\nb\xff\nmore\n")
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no model", []string{"predict"}, 2, "--checkpoint RUN"},
		{"format", []string{"predict", "--checkpoint", run, "--format", "yaml"}, 2, `"yaml" is none of`},
		{"output", []string{"predict", "--checkpoint", run, "--output", "yaml"}, 2, `"yaml" is none of`},
		{"batch size", []string{"predict", "--checkpoint", run, "--batch-size", "0"}, 2, "at least 1"},
		{"threshold", []string{"predict", "--checkpoint", run, "--threshold", "2"}, 2, "0 to 1"},
		{"no file", []string{"predict", "--checkpoint", run, "--output", "jsonl", "nothing.txt"}, 1, "nothing.txt"},
		{"no run", []string{"predict", "--checkpoint", "nothing"}, 1, "nothing"},
		{"a file that is there", []string{"predict", "--checkpoint", run, "--out", bad}, 1, "it is there already"},
		{"no column", []string{"predict", "--checkpoint", run, "--output", "jsonl", write(t, "x.csv", "review\ngood\n")}, 1, `:1: no column "text"`},
	} {
		t.Run(test.name, func(t *testing.T) { absa(t, test.args...).wantError(t, test.status, test.want) })
	}

	t.Run("strict", func(t *testing.T) {
		got := finish(t, predicting(t, run, "", "--output", "jsonl", "--strict", bad))
		got.wantStatus(t, 1)
		if all := saidAll(t, got.stdout); len(all) != 1 || !strings.Contains(got.stderr, bad+":2: byte 2 (0xff) is not UTF-8") {
			t.Errorf("stdout %s, stderr %s", got.stdout, got.stderr)
		}
	})
	t.Run("a file of answers in spite of a bad line", func(t *testing.T) {
		c := predicting(t, run, "", "--output", "jsonl", "--out", "out", bad)
		got := finish(t, c)
		got.wantStatus(t, 1)
		if names := files(t, c.Dir); !cmp.Equal(names, []string{"out"}) || !strings.Contains(got.stderr, "1 of 3 sentences could not be read") {
			t.Errorf("files %q, stderr %s", names, got.stderr)
		}
	})
	t.Run("no file of answers after an error", func(t *testing.T) {
		c := predicting(t, run, "<sentences><sentence><text>a</text></sentence>", "--output", "jsonl", "--out", "out")
		finish(t, c).wantStatus(t, 1)
		if names := files(t, c.Dir); len(names) != 0 {
			t.Errorf("files %q", names)
		}
	})
}

// piped is a running predict, to which lines are sent one by one.
type piped struct {
	t     testing.TB
	c     *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

func pipe(t testing.TB, run string, args ...string) *piped {
	t.Helper()
	c := predicting(t, run, "", append([]string{"--output", "jsonl", "--quiet"}, args...)...)
	c.Stdin = nil
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
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return &piped{t, c, stdin, bufio.NewReader(stdout)}
}

// answer reads the next line of the output.
func (p *piped) answer() said {
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	return saidAll(p.t, line)[0]
}

// rss is the resident memory in bytes as the system counts it.
func (p *piped) rss() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.c.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kib << 10
}

// TestPredictAnswersAtOnce holds that a line is answered before the next one is
// sent.
func TestPredictAnswersAtOnce(t *testing.T) {
	p := pipe(t, trained(t))
	for i := range 50 {
		if _, err := fmt.Fprintf(p.stdin, "the food was good %d\n", i); err != nil {
			t.Fatal(err)
		}
		if got := p.answer(); got.ID != strconv.Itoa(i+1) {
			t.Fatalf("line %d is answered by %+v", i+1, got)
		}
	}
	p.stdin.Close()
	if err := p.c.Wait(); err != nil {
		t.Error(err)
	}
}

// TestPredictInterrupted holds that a signal ends a predict that waits.
func TestPredictInterrupted(t *testing.T) {
	p := pipe(t, trained(t))
	fmt.Fprintln(p.stdin, "good")
	p.answer()
	if err := p.c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.c.Wait()
	if got := p.c.ProcessState.ExitCode(); got != 130 {
		t.Errorf("exit status %d, want 130", got)
	}
}

// TestPredictMemorySoak holds that a long stream, hostile lines among it, takes no
// more memory at its end than after a tenth, and that every line has its answer.
// ABSA_SOAK sends a million lines.
func TestPredictMemorySoak(t *testing.T) {
	lines := 20_000
	if os.Getenv("ABSA_SOAK") != "" {
		lines = 1_000_000
	} else if testing.Short() {
		t.Skip("takes seconds")
	}
	p := pipe(t, trained(t))
	go func() {
		w := bufio.NewWriter(p.stdin)
		defer w.Flush()
		b := rand.New(rand.NewPCG(1, 2))
		for i := range lines {
			switch b.IntN(20) {
			case 0:
				fmt.Fprintf(w, "bad \xff\n")
			case 1:
				fmt.Fprintf(w, "control \x01\x1b[2J %d\n", i)
			case 2:
				fmt.Fprintln(w)
			case 3:
				if b.IntN(lines/1000) == 0 { // 50 lines of about a megabyte
					fmt.Fprintln(w, strings.Repeat("long ", 200_000+b.IntN(20_000)))
					continue
				}
				fmt.Fprintf(w, "NUL \x00\n")
			default:
				fmt.Fprintf(w, "the food was word%d and %s\n", i, strings.Repeat("so ", b.IntN(12)))
			}
		}
	}()
	var early int64
	for i := range lines {
		if got := p.answer(); got.ID != strconv.Itoa(i+1) {
			t.Fatalf("line %d is answered by %+v", i+1, got)
		}
		if i+1 == lines/10 {
			early = p.rss()
		}
	}
	late := p.rss()
	t.Logf("resident after %d lines: %d MiB, after %d: %d MiB", lines/10, early>>20, lines, late>>20)
	if late-early > 20<<20 {
		t.Errorf("resident memory grew by %d MiB", (late-early)>>20)
	}
	p.stdin.Close()
	p.c.Wait()
	if got := p.c.ProcessState.ExitCode(); got != 1 {
		t.Errorf("exit status %d, want 1", got)
	}
}
