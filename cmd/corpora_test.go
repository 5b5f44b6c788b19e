package cmd

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// taskFive is a corpus in the form of SemEval-2015: reviews of three sentences.
func taskFive(reviews int) string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Reviews>\n")
	for i := range reviews {
		fmt.Fprintf(&b, `<Review rid="%[1]d"><sentences>
<sentence id="%[1]d:0"><text>Warm soup, cold tea in visit %[1]d.</text><Opinions>
<Opinion target="soup" category="FOOD#QUALITY" polarity="positive" from="5" to="9"/>
<Opinion target="tea" category="DRINKS#QUALITY" polarity="negative" from="16" to="19"/></Opinions></sentence>
<sentence id="%[1]d:1"><text>Kind waiters for visit %[1]d.</text><Opinions>
<Opinion target="waiters" category="SERVICE#GENERAL" polarity="positive" from="5" to="12"/></Opinions></sentence>
<sentence id="%[1]d:2" OutOfScope="TRUE"><text>We came by train %[1]d.</text></sentence>
</sentences></Review>
`, i)
	}
	return b.String() + "</Reviews>\n"
}

// TestSemEval2015 holds that every command takes a corpus of 2015.
func TestSemEval2015(t *testing.T) {
	path := write(t, "reviews.xml", taskFive(10))
	stats := absa(t, "data", "stats", path)
	stats.wantStatus(t, 0)
	for _, want := range []string{"30 sentences, 20 labels", "food 20 0 0 0 10 ", "service 20 10 0 0 0 "} {
		if !strings.Contains(strings.Join(strings.Fields(stats.stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stats.stdout)
		}
	}
	check := absa(t, "data", "check", path)
	check.wantStatus(t, 0)
	if !strings.Contains(check.stdout, ": 30 sentences, 20 labels; 0 errors") {
		t.Errorf("checked as %s", check.stdout)
	}
	absa(t, "data", "stats", "--set", "data.aspects=[food]", path).wantError(t, 1, path+`:8: sentence "0:1": aspect "SERVICE#GENERAL" is not in data.aspects (food); map it to one by data.categories`)
	absa(t, "data", "stats", "--set", "data.aspects=[food]", "--set", "data.categories=[{category: 'SERVICE#*', aspect: ''}]", path).wantStatus(t, 0)

	dir := t.TempDir()
	csv := filepath.Join(dir, "reviews.csv")
	absa(t, "data", "convert", path, csv).wantStatus(t, 0)
	if got, want := content(t, csv), "id,text,FOOD#QUALITY,DRINKS#QUALITY,SERVICE#GENERAL\n0:0,\"Warm soup, cold tea in visit 0.\",positive,negative,\n"; !strings.HasPrefix(got, want) {
		t.Errorf("converted to %.200q", got)
	}
	if again := absa(t, "data", "stats", csv); again.stdout[strings.Index(again.stdout, "aspect"):] != stats.stdout[strings.Index(stats.stdout, "aspect"):] {
		t.Errorf("counted as\n%s\nafter conversion as\n%s", stats.stdout, again.stdout)
	}
	parts := filepath.Join(dir, "parts")
	absa(t, "data", "split", "--test", "0.3", "--out", parts, path).wantStatus(t, 0)
	for _, name := range []string{"train.xml", "test.xml"} {
		if part := content(t, filepath.Join(parts, name)); strings.Count(part, "<Review rid") != 10 || !strings.HasSuffix(part, "</Reviews>\n") {
			t.Errorf("%s is %s", name, part)
		}
	}
	run := trained(t, "--set", "data.train="+filepath.Join(parts, "train.xml"), "--set", "data.test="+filepath.Join(parts, "test.xml"), "--set", "data.valid_fraction=0", "--set", "train.select=last")
	absa(t, "evaluate", "--checkpoint", run, "--data", path).wantStatus(t, 0)
	got := finish(t, predicting(t, run, taskFive(1), "--output", "jsonl", "--all"))
	got.wantStatus(t, 0)
	if all := saidAll(t, got.stdout); len(all) != 3 || all[2].ID != "0:2" {
		t.Errorf("labelled as %s", got.stdout)
	}
}

// TestAuxiliary holds what a user reads of a corpus that is trained on too.
func TestAuxiliary(t *testing.T) {
	train, test := write(t, "train.xml", taskFive(8)), write(t, "test.csv", "id,text,service\na,kind WAITERS for visit 3!,positive\nb,Slow waiters.,negative\n")
	call := func(set ...string) outcome {
		args := little("--set", "data.train=sample", "--set", "data.test="+test)
		for _, s := range set {
			args = append(args, "--set", s)
		}
		return absa(t, args...)
	}
	call("train.auxiliary=[{path: "+train+"}]").wantError(t, 1, "train.auxiliary[0]: "+train+" shares 1 sentence with data.test", "3:1 (there a)", "absa data check --all --config CONFIG "+test+" "+train)
	call("train.auxiliary=[{path: "+train+", wieght: 2}]").wantError(t, 2, "train.auxiliary[0].wieght: unknown key; want {path, weight, heads, categories, leakage}")
	check := absa(t, "data", "check", test, train)
	if want := ": warning: the text is that of " + test + ":2 too"; !strings.Contains(check.stdout, want) {
		t.Errorf("no %q in\n%s", want, check.stdout)
	}

	run := trained(t, "--set", "data.test="+test, "--set", "train.auxiliary=[{path: "+train+", leakage: drop}, {path: "+train+", heads: own, leakage: drop}]")
	page := filepath.Join(t.TempDir(), "page.html")
	absa(t, "report", run, "--out", page).wantStatus(t, 0)
	for _, want := range []string{"Trained on 23 sentences of <code>" + train + "</code> too, with 15 labels", "by heads of their own; 1 more were left out", "Of train.auxiliary[1], 1 sentence stands in data.test too"} {
		if !strings.Contains(content(t, page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
