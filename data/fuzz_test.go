package data

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever the file holds: an error that names it, or a corpus that the rest
// of the package can rely on.
func FuzzReadFrom(f *testing.F) {
	f.Add(sentence(`id="1"`, labelled("food=good", "service=bad", "food=good")))
	f.Add(sentence(`id="1"`, labelled("food=good", "food=bad")))
	f.Add(sentence(`id="é"`, `<text>né &amp; &#233;</text><aspectTerms><aspectTerm term="&amp;" from="3" to="4"/></aspectTerms>`))
	f.Add("\ufeff<?xml version='1.0' encoding='us-ascii'?>" + sentence("", "<!-- c --><text><![CDATA[<]]></text>"))
	f.Add("<!DOCTYPE x [<!ENTITY e 'boom'>]><sentences><sentence><text>&e;")
	f.Fuzz(func(t *testing.T, file string) {
		if strings.HasPrefix(strings.TrimSpace(file), "{") {
			return // lines of JSON, for Open
		}
		for _, policy := range []string{"error", "drop"} {
			cfg := twoByTwo()
			cfg.Contradictions = policy
			for _, size := range []int{7, 64, 1 << 20} {
				sameAsRead(t, size, file, cleaned(cfg))
			}
			c, err := ReadFrom("f.xml", strings.NewReader(file), cfg)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "f.xml:") {
					t.Errorf("error %q does not begin with the name of the file", err)
				}
				continue
			}
			checkCorpus(t, c, policy == "drop")
		}
	})
}

func checkCorpus(t *testing.T, c *Corpus, drop bool) {
	t.Helper()
	ids := map[string]bool{}
	for _, r := range c.Reviews {
		if strings.TrimSpace(r.ID) == "" || ids[r.ID] {
			t.Errorf("id %q is empty or used twice", r.ID)
		}
		ids[r.ID] = true
		if strings.TrimSpace(r.Text) == "" || !utf8.ValidString(r.Text) {
			t.Errorf("text %q", r.Text)
		}
		if len(r.Labels) != len(c.Schema.Aspects) {
			t.Errorf("%d labels, want %d", len(r.Labels), len(c.Schema.Aspects))
		}
		for _, label := range r.Labels {
			if label < Absent || label >= len(c.Schema.Polarities) {
				t.Errorf("label %d", label)
			}
		}
	}
	for _, row := range c.Statistics().Aspects {
		if got, want := row.Absent+row.Labelled(), len(c.Reviews); got != want {
			t.Errorf("%s: %d sentences counted, want %d", row.Aspect, got, want)
		}
	}
	if !drop && len(c.Dropped) > 0 {
		t.Errorf("dropped %v, want an error", c.Dropped)
	}
	train, valid := splitOf(t, c.Reviews, c.Schema, 0.3, 1)
	checkPartition(t, c.Reviews, train, valid)
}
