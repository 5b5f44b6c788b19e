package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const explained = "The Staff wasn't nice, the décor ﬁne…\nA long wait\n\n"

// TestExplainJSONL holds what a program reads: the words with their place in the
// text, a weight of each per aspect, and the predictions as without.
func TestExplainJSONL(t *testing.T) {
	type opinion struct {
		Aspect, Polarity    string
		Probabilities       map[string]float64
		Attention, Gradient []float64
	}
	type line struct {
		Text  string
		Words []struct {
			Word       string
			Start, End int
		}
		Aspects []opinion
	}
	read := func(stdout string) (all []line) {
		for text := range strings.Lines(stdout) {
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			all = append(all, l)
		}
		return all
	}
	for _, kind := range []string{"additive", "none"} {
		t.Run(kind, func(t *testing.T) {
			run := trained(t, "--set", "model.attention.kind="+kind)
			with := finish(t, predicting(t, run, explained, "--output", "jsonl", "--all", "--explain"))
			with.wantStatus(t, 0)
			all := read(with.stdout)
			if len(all) != 3 {
				t.Fatalf("%d lines: %s", len(all), with.stdout)
			}
			var words []string
			for _, w := range all[0].Words {
				words = append(words, w.Word+"="+string([]rune(all[0].Text)[w.Start:w.End]))
			}
			want := []string{"the=The", "staff=Staff", "was=was", "n't=n't", "nice=nice", ",=,", "the=the", "décor=décor", "ﬁne=ﬁne", "...=…"}
			if diff := cmp.Diff(want, words); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			for i := range all {
				for a, o := range all[i].Aspects {
					sum := 0.0
					for _, v := range o.Attention {
						sum += v
					}
					if kind == "none" && o.Attention != nil || kind == "additive" && math.Abs(sum-1) > 1e-5 || len(o.Gradient) != len(all[i].Words) {
						t.Errorf("%q of %q: attention %v, gradient %v", o.Aspect, all[i].Text, o.Attention, o.Gradient)
					}
					all[i].Aspects[a].Attention, all[i].Aspects[a].Gradient = nil, nil
				}
				all[i].Words = nil
			}
			without := finish(t, predicting(t, run, explained, "--output", "jsonl", "--all"))
			if diff := cmp.Diff(read(without.stdout), all); diff != "" {
				t.Errorf("predictions without and with an explanation (-+):\n%s", diff)
			}
		})
	}
}

// TestExplainTable holds that words are coloured on a terminal that takes colours
// and named with their weights elsewhere.
func TestExplainTable(t *testing.T) {
	run := trained(t)
	got := finish(t, predicting(t, run, explained, "--all", "--explain"))
	got.wantStatus(t, 0)
	if n := strings.Count(got.stdout, "    attention  ") + strings.Count(got.stdout, "    gradient   "); n != 20 || strings.Contains(got.stdout, "\x1b") {
		t.Errorf("%d lines of reasons, want 2 for each aspect of 2 sentences, without colours:\n%s", n, got.stdout)
	}
	for _, test := range []struct {
		name, set string
		coloured  bool
	}{
		{"terminal", "TERM=xterm-256color", true},
		{"NO_COLOR", "NO_COLOR=1", false},
		{"dumb", "TERM=dumb", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader, tty := terminal(t)
			c := predicting(t, run, explained, "--all", "--explain")
			c.Env = append(c.Env, "NO_COLOR=", "TERM=xterm", test.set)
			c.Stdout = tty
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			tty.Close()
			var screen bytes.Buffer
			if _, err := io.Copy(&screen, reader); err != nil && !errors.Is(err, syscall.EIO) {
				t.Error(err)
			}
			if err := c.Wait(); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(screen.String(), "\x1b[38;5;16;48;5;"); got != test.coloured {
				t.Errorf("coloured: %v, want %v:\n%q", got, test.coloured, screen.String())
			}
		})
	}
	for _, output := range []string{"csv", "semeval"} {
		finish(t, predicting(t, run, "", "--output", output, "--explain")).wantError(t, 2, "--output "+output+" has no place for --explain; table and jsonl have")
	}
}
