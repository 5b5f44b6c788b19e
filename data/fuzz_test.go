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
	f.Add(opinions("FOOD#QUALITY=good", "food=bad", "service=neutral"))
	f.Add("<Reviews><Review rid=\"1\"><sentences><sentence id=\"a\"><text>x</text></sentence></sentences></Review><Review><sentences></sentences></Review></Reviews>")
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

// Whatever the file holds: records whose bytes tile it, faults with a line of it,
// and a check that refuses what training refuses.
func FuzzRecords(f *testing.F) {
	f.Add(0, "id,text,food,service\n1,\"a \"\"b\"\"\nc\",good,\n\n2,d,,bad\n")
	f.Add(0, "text,aspect,polarity\na,food,good\na,service,bad\nb,,\n")
	f.Add(0, "\ufeffid,text\r\n,a\r\n\"x\"y,b\r\n1,\"open\n")
	f.Add(1, "{\"text\":\"a\",\"labels\":{\"food\":\"good\"}}\n\n{\"text\":\n{\"id\":\"1\",\"text\":\"b\"}")
	f.Add(2, sentence(`id="1"`, labelled("food=good", "service=bad", "food=good"))+"<!-- end -->")
	f.Add(2, "<Reviews><Review rid=\"1\"><sentences><sentence><text>x</text></sentence></sentences></Review>\n<Review><sentences><sentence><text>y</text></sentence></sentences></Review></Reviews>")
	f.Add(2, sentence(`id="1"`, `<text>a<b/></text><x/>y<aspectCategories><aspectCategory category="food"/></aspectCategories>`))
	f.Fuzz(func(t *testing.T, format int, file string) {
		name := []string{"f.csv", "f.jsonl", "f.xml"}[uint(format)%3]
		cfg := cleaned(twoByTwo())
		lines, from, faults := strings.Count(file, "\n")+1, int64(-1), 0
		for r, err := range Records(name, strings.NewReader(file), RecordOptions{Aspects: cfg.Data.Aspects}) {
			switch {
			case err != nil:
				faults++
				if !strings.HasPrefix(err.Error(), name+":") {
					t.Errorf("error %q does not begin with the name of the file", err)
				}
			case r.Err != nil:
				faults++
			case r.From < 0 || r.To <= r.From || r.To > int64(len(file)) || faults == 0 && from >= 0 && (r.From < from || r.From > from && !strings.Contains(file[from:r.From], "</sentences")):
				t.Errorf("%q has the bytes %d to %d after %d", r.Text, r.From, r.To, from)
			case strings.TrimSpace(r.Text) == "":
				t.Error("a blank text")
			}
			if r.Line < 0 || r.Line > lines {
				t.Errorf("line %d of %d", r.Line, lines)
			}
			from = r.To
		}
		_, opened := OpenReader(t.Context(), name, strings.NewReader(file), cfg)
		found := checkedFindings(t, cfg, name, file, Fault)
		if opened == nil && len(found) > 0 || opened != nil && len(found) == 0 {
			t.Errorf("training: %v; check: %q", opened, found)
		}
	})
}
