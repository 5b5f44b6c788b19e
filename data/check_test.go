package data

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	cfg := cleaned(twoByTwo())
	cfg.Data.ValidFraction = 0.5
	const train = `id,text,food,service
1,Good  food,good,
2,good FOOD,good,
3,good food,bad,
4,x,god,bda
4,w,,bad
5,z,good,
`
	want := []string{
		`train.csv:3: warning: the text is that of line 2 too`,
		`train.csv:4: warning: the text is that of line 2 too; food is bad here and good there`,
		`train.csv:5: error: column "food": sentence "4": polarity "god" is not in data.polarities (good, bad); add it there or correct the file; did you mean good?`,
		`train.csv:5: error: column "service": sentence "4": polarity "bda" is not in data.polarities (good, bad); add it there or correct the file; did you mean bad?`,
		`train.csv:6: error: sentence id "4" is already that of line 5; ids must differ`,
		`train.csv: warning: "food" has only 1 example of "bad", of which data.valid_fraction 0.5 holds none out; 2 would do`,
		`train.csv: warning: "service" has only 1 example of "bad", of which data.valid_fraction 0.5 holds none out; 2 would do`,
		`test.jsonl:1: warning: the text is that of train.csv:7 too; food is absent here and good there`,
		`test.jsonl:2: error: malformed JSON: the line ends early, want an object`,
	}
	want[8] = `test.jsonl:2: error: malformed JSON: "oops", want an object`
	var got []string
	c, err := NewChecker(cfg, func(word string) bool { return word != "food" && word != "z" }, func(f Finding) error {
		got = append(got, f.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Vectors.Kind = "file"
	c.cfg = cfg
	first, err := c.Check(t.Context(), "train.csv", strings.NewReader(train), Auto)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Check(t.Context(), "test.jsonl", strings.NewReader("{\"text\":\" Z\"}\noops\n"), JSONL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	wantFirst := &Checked{
		File: "train.csv", Sentences: 6, Labels: 5,
		Findings: map[string]int{Fault: 3, Duplicate: 1, Contradiction: 1, Rare: 2},
		Statistics: Statistics{Polarities: []string{"good", "bad"}, Sentences: 6, Aspects: []AspectCount{
			{Aspect: "food", Absent: 2, Counts: []int{3, 1}}, {Aspect: "service", Absent: 5, Counts: []int{0, 1}}}},
		Lengths: Lengths{Median: 1, P90: 2, P99: 2, Longest: 2},
		Words:   Words{Tokens: 9, Types: 5, Known: &Known{Tokens: 5. / 9, Types: 3. / 5, Missing: []WordCount{{"food", 3}, {"z", 1}}}},
	}
	if diff := cmp.Diff(wantFirst, first); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if second.Sentences != 1 || second.Errors() != 1 || second.Findings[Leakage] != 1 {
		t.Errorf("counts of the second file: %+v", second)
	}
}

// What no sentence has is told once, of the file to train on.
func TestCheckUnseen(t *testing.T) {
	got := checkedFindings(t, cleaned(twoByTwo()), "f.jsonl", `{"text":"a","labels":{"food":"good"}}`, Unseen)
	want := []string{
		`f.jsonl: warning: no sentence has the aspect "service"; take it out of data.aspects or label some`,
		`f.jsonl: warning: no sentence has the polarity "bad"; take it out of data.polarities or label some`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := checkedFindings(t, cleaned(twoByTwo()), "f.jsonl", "", Fault); !cmp.Equal(got, []string{"f.jsonl: error: no <sentences> or <Reviews> element; is it a SemEval XML file?"}) {
		t.Errorf("of an empty file: %q", got)
	}
}

// The sample and the known answers of the counts that absa data stats has too.
func TestCheckCountsLikeStatistics(t *testing.T) {
	cfg := configs.Default()
	set, err := OpenReader(t.Context(), "train.xml", strings.NewReader(string(sample.Train())), cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChecker(cfg, nil, func(f Finding) error {
		if f.Kind == Fault {
			t.Errorf("%v", f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Check(t.Context(), "train.xml", strings.NewReader(string(sample.Train())), Auto)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Statistics(set.All()), got.Statistics); diff != "" {
		t.Errorf("(-opened +checked):\n%s", diff)
	}
	counts := map[string]int{}
	set.CountWords(counts, set.All())
	tokens := 0
	for _, n := range counts {
		tokens += n
	}
	if got.Words.Tokens != tokens || got.Words.Types != len(counts) {
		t.Errorf("%d words, %d different; want %d, %d", got.Words.Tokens, got.Words.Types, tokens, len(counts))
	}
}

func TestLengths(t *testing.T) {
	l := newLengthCounts(60)
	for n := range 100 {
		l.add(n + 1)
	}
	l.add(0)
	l.add(1 << 30)
	want := Lengths{Median: 50, P90: 91, P99: 100, Longest: maxLength, Empty: 1, Cut: 41. / 102}
	if diff := cmp.Diff(want, l.summary()); diff != "" {
		t.Error(diff)
	}
	if got := newLengthCounts(60).summary(); got != (Lengths{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// A limit beyond the lengths that are told apart cuts what is longer still.
func TestCheckCutsLongSentences(t *testing.T) {
	cfg := cleaned(twoByTwo())
	cfg.Text.MaxTokens = 2 * maxLength
	c, err := NewChecker(cfg, nil, func(Finding) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	file := fmt.Sprintf("text\n%s\n%s\n", strings.Repeat("a ", cfg.Text.MaxTokens), strings.Repeat("b ", cfg.Text.MaxTokens+1))
	got, err := c.Check(t.Context(), "f.csv", strings.NewReader(file), Auto)
	if err != nil {
		t.Fatal(err)
	}
	if got.Lengths.Cut != 0.5 || got.Lengths.Longest != maxLength {
		t.Errorf("lengths %+v, want one of two cut", got.Lengths)
	}
}

// Words beyond those that are counted by type bear on no share.
func TestWords(t *testing.T) {
	w := newWordCounts()
	w.add([]string{"known", "known", "odd", strings.Repeat("x", maxWordSize+1)})
	got := w.summary(func(word string) bool { return word == "known" })
	want := Words{Tokens: 4, Types: 2, Known: &Known{Tokens: 2. / 3, Types: 1. / 2, Missing: []WordCount{{"odd", 1}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w = newWordCounts()
	w.add([]string{strings.Repeat("x", maxWordSize+1)})
	if got := w.summary(func(string) bool { return true }); got.Known.Tokens != 0 || got.Tokens != 1 {
		t.Errorf("of nothing that is counted: %+v", got)
	}
}

// A finding that cannot be told, or an end that is asked for, ends the check.
func TestCheckEnds(t *testing.T) {
	full := errors.New("disk full")
	c, err := NewChecker(cleaned(twoByTwo()), nil, func(Finding) error { return full })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"f.jsonl", "f.csv", "f.xml"} {
		text := "{\n{\n"
		if name == "f.xml" {
			text = "<sentences><x/><x/></sentences>"
		}
		if _, err := c.Check(t.Context(), name, strings.NewReader(text), Auto); !errors.Is(err, full) {
			t.Errorf("%s: got %v, want %v", name, err, full)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Check(ctx, "f.jsonl", strings.NewReader("{\"text\":\"a\"}\n"), Auto); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A value of a megabyte is not repeated in a message.
func TestFindingsAreShort(t *testing.T) {
	mega := strings.Repeat("é", 1<<18)
	file := fmt.Sprintf(`{"id":"%[1]s","text":"a","labels":{"%[1]s":"good"}}
{"id":"%[1]s","text":"b","labels":{"food":"%[1]s"}}
{"%[1]s":1}
`, mega)
	var csv string
	for _, row := range []string{"id,text,food," + mega, mega + ",a," + mega + ",", mega + ",,,"} {
		csv += row + "\n"
	}
	xml := fmt.Sprintf(`<sentences><sentence id="%[1]s"><text>a</text><%[1]s/><aspectTerms><aspectTerm term="%[1]s" from="0" to="1"/><aspectTerm term="a" from="%[1]s" to="1"/></aspectTerms></sentence></sentences>`, mega[:1<<17])
	for name, file := range map[string]string{"f.jsonl": file, "f.csv": csv, "f.xml": xml} {
		findings := checkedFindings(t, cleaned(twoByTwo()), name, file, "!"+Unseen)
		if len(findings) < 2 {
			t.Errorf("%s: findings %d", name, len(findings))
		}
		for _, f := range findings {
			if len(f) > 1000 {
				t.Errorf("%s: a message of %d bytes: %.100s", name, len(f), f)
			}
		}
	}
}

// A sentence without an id has one name, whoever reads it and whatever is wrong with
// those before.
func TestNamesOfSentencesWithoutID(t *testing.T) {
	cfg := cleaned(twoByTwo())
	files := map[string]struct{ sound, faulty, wrong, end string }{
		"f.jsonl": {"{\"text\":\"a\"}\n", "{\"text\":1}\n", "{\"text\":\"b\",\"labels\":{\"food\":\"odd\"}}\n", ""},
		"f.csv":   {"a,\n", "b,good,bad\n", "c,odd\n", ""},
		"f.xml":   {"<sentence><text>a</text></sentence>\n", "<sentence><text>b</text><x/></sentence>\n", "<sentence><text>c</text><aspectCategories><aspectCategory category='food' polarity='odd'/></aspectCategories></sentence>\n", "</sentences>"},
	}
	for name, f := range files {
		head := map[string]string{"f.csv": "text,food\n", "f.xml": "<sentences>\n"}[name]
		const want = `sentence "#3": polarity "odd" is not in`
		sound := head + f.sound + f.sound + f.wrong + f.end
		if _, err := OpenReader(t.Context(), name, strings.NewReader(sound), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: training says %v, want %s", name, err, want)
		}
		if name != "f.csv" { // from a worker, or from the decoder behind one
			if _, err := inBlocks(t, 1, sound, cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s in blocks: training says %v, want %s", name, err, want)
			}
		}
		for _, before := range []string{f.sound + f.sound, f.sound + f.faulty} {
			findings := checkedFindings(t, cfg, name, head+before+f.wrong+f.end, Fault)
			if len(findings) == 0 || !strings.Contains(findings[len(findings)-1], want) {
				t.Errorf("%s: check says %q, want %s", name, findings, want)
			}
		}
	}
}
