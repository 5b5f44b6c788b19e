package data

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"

	"github.com/google/go-cmp/cmp"
)

// inBlocks reads a corpus in blocks of so many bytes.
func inBlocks(t testing.TB, size int, file string, c configs.Config) (*Set, error) {
	t.Helper()
	x := conversion{name: "f.xml", data: c.Data, text: c.Text, block: size}
	var b bytes.Buffer
	head, err := x.write(t.Context(), strings.NewReader(file), &b)
	if err != nil {
		return nil, err
	}
	copy(b.Bytes(), head)
	m, err := parseImage(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return (&Set{image: m}).describe("f.xml", c), nil
}

// sameAsRead fails unless a corpus in blocks of so many bytes is what Read makes
// of it, or the same error.
func sameAsRead(t testing.TB, size int, file string, c configs.Config) {
	t.Helper()
	want, wantErr := ReadFrom("f.xml", strings.NewReader(file), c.Data)
	got, err := inBlocks(t, size, file, c)
	if err != nil || wantErr != nil {
		if err == nil || wantErr == nil || err.Error() != wantErr.Error() {
			t.Errorf("blocks of %d: error %v\nwant %v\nin %q", size, err, wantErr, file)
		}
		return
	}
	tokenize, err := NewTokenizer(c.Text)
	if err != nil {
		t.Fatal(err)
	}
	type sentence struct {
		ID     string
		Words  []string
		Labels []int
		Group  uint32
	}
	var a, b []sentence
	groups := map[string]uint32{}
	for i, r := range want.Reviews {
		text := strings.Join(strings.Fields(strings.ToLower(r.Text)), " ")
		if _, ok := groups[text]; !ok {
			groups[text] = uint32(len(groups))
		}
		a = append(a, sentence{r.ID, tokenize(r.Text), r.Labels, groups[text]})
		if i >= got.Len() {
			break
		}
		s := sentence{ID: got.ID(i), Group: got.image.groups[i]}
		for _, k := range got.Words(i) {
			s.Words = append(s.Words, got.Word(int(k)))
		}
		for _, label := range got.Labels(i) {
			s.Labels = append(s.Labels, int(label))
		}
		b = append(b, s)
	}
	if diff := cmp.Diff(a, b); diff != "" || got.Len() != len(want.Reviews) {
		t.Errorf("blocks of %d: %d sentences, want %d (-read +opened):\n%s", size, got.Len(), len(want.Reviews), diff)
	}
	if diff := cmp.Diff([][]string{want.Merged, want.Dropped}, [][]string{slices.Collect(got.Merged()), slices.Collect(got.Dropped())}); diff != "" {
		t.Errorf("blocks of %d: merged and dropped (-read +opened):\n%s", size, diff)
	}
	if got.SHA256() != want.SHA256 {
		t.Errorf("blocks of %d: SHA256 %s, want %s", size, got.SHA256(), want.SHA256)
	}
}

// What is converted is what Read reads, down to each error.
func TestOpenIsRead(t *testing.T) {
	files := map[string]string{
		"sample, train": string(sample.Train()),
		"sample, test":  string(sample.Test()),
		"CRLF":          strings.ReplaceAll(string(sample.Test()), "\n", "\r\n"),
	}
	for _, file := range []string{semevalTrain, semevalTest, semeval2015Test, semeval2016} {
		if folder := os.Getenv("ABSA_TEST_DATA"); folder != "" {
			text, err := os.ReadFile(publicFile(t, file))
			if err != nil {
				t.Fatal(err)
			}
			files[file] = string(text)
		}
	}
	for name, file := range files {
		for _, cleaning := range []string{"article", "none"} {
			t.Run(name+", "+cleaning, func(t *testing.T) {
				c := configs.Default()
				c.Text.Cleaning = cleaning
				for _, size := range []int{1000, 1 << 20} {
					sameAsRead(t, size, file, c)
				}
			})
		}
	}
}

// An odd sentence in a large file costs no more than its exact reading.
func TestOpenReadsOnWithTheDecoder(t *testing.T) {
	const head, tail = "<?xml version='1.0' encoding='utf-8'?>\n<!-- c -->\n<sentences>\n", "</sentences>\n<!-- end -->"
	plain := func(ids ...string) string {
		var b strings.Builder
		for _, id := range ids {
			b.WriteString("<sentence id=\"" + id + "\">\n<text>Text " + id + "</text></sentence>\n")
		}
		return b.String()
	}
	tests := map[string]string{
		"nothing odd":        plain("1", "2", "3"),
		"processing":         plain("1", "2") + "<?p i?>" + plain("3", "4"),
		"cut in a comment":   plain("1", "2") + "<!-- <sentence id='9'><text>no</text></sentence> -->" + plain("3"),
		"cut in CDATA":       plain("1") + "<sentence id='2'><text><![CDATA[ <sentence id='9'> ]]></text></sentence>" + plain("3"),
		"space in end tags":  plain("1", "2") + "<sentence id='3'><text>x</text ></sentence >" + plain("4"),
		"no id":              plain("1", "2") + "<sentence><text>x</text></sentence>" + plain("4"),
		"no id, odd":         plain("1", "2") + "<sentence ><text>x</text ></sentence>" + plain("4"),
		"number before":      plain("#3", "2") + "<sentence><text>x</text></sentence>",
		"id twice":           plain("1", "2", "3", "1"),
		"id twice, then odd": plain("1", "2", "1") + "<x/>",
		"odd, then id twice": plain("1", "2") + "<sentence id='3'><text>x</text ></sentence>" + plain("2"),
		"wrong at the end":   plain("1", "2", "3") + "<sentence id='4'>",
		"second root":        plain("1", "2") + "</sentences>" + plain("3"),
		"own namespace":      plain("1") + "<x:sentence id='2'><text>x</text></x:sentence>" + plain("3"),
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			for size := 1; size < 200; size += 13 {
				sameAsRead(t, size, head+file+tail, cleaned(twoByTwo()))
			}
		})
	}
}

// The reader of lines says where an error is.
func TestOpenLinesErrors(t *testing.T) {
	good := `{"id": "1", "text": "x"}` + "\n\n"
	tests := []struct{ name, line, want string }{
		{"no object", `["a"]`, "f.jsonl:3: malformed JSON: \"[\\\"a\\\"]\", want an object"},
		{"cut off", `{"id": "2", "text": "y`, "f.jsonl:3: malformed JSON: a string has no end"},
		{"cut off after a comma", `{"id": "2",`, "f.jsonl:3: malformed JSON: the line ends early"},
		{"more behind", `{"text": "y"} 1`, "f.jsonl:3: malformed JSON: \"1\" after the end"},
		{"no colon", `{"text" "y"}`, "want a colon"},
		{"misspelt key", `{"text": "y", "label": {}}`, `f.jsonl:3: unexpected key "label", want id, text, labels`},
		{"key twice", `{"text": "y", "text": "y"}`, `f.jsonl:3: "text" stands twice`},
		{"labels twice", `{"text": "y", "labels": {}, "labels": {}}`, `f.jsonl:3: "labels" stands twice`},
		{"no text", `{"id": "2"}`, `f.jsonl:3: sentence "2" has no text`},
		{"blank text", `{"id": "2", "text": " "}`, `f.jsonl:3: sentence "2" has no text`},
		{"blank id", `{"id": " ", "text": "y"}`, "f.jsonl:3: the id is empty"},
		{"another key without labels", `{"text": "y", "aspects": [{"aspect": "food"}]}`, `f.jsonl:3: unexpected key "aspects", want id, text, labels; others may stand beside labels only`},
		{"list for an id", `{"id": [2], "text": "y"}`, `f.jsonl:3: "id" is neither text nor a number`},
		{"number that is none", `{"id": 2.x, "text": "y"}`, "f.jsonl:3: malformed JSON: "},
		{"number for an id twice", `{"id": 1, "text": "y"}`, `f.jsonl:3: sentence id "1" is already that of line 1`},
		{"bad value of another key", `{"text": "y", "labels": {}, "more": {"a": tru}}`, "f.jsonl:3: malformed JSON: "},
		{"another key is cut off", `{"text": "y", "labels": {}, "more":`, "f.jsonl:3: malformed JSON: "},
		{"id twice", `{"id": "1", "text": "y"}`, `f.jsonl:3: sentence id "1" is already that of line 1`},
		{"bad escape", `{"text": "\q"}`, "f.jsonl:3: malformed JSON: "},
		{"bad UTF-8", "{\"text\": \"caf\xe9\"}", "f.jsonl:3: malformed JSON: invalid UTF-8"},
		{"control character", "{\"text\": \"a\tb\"}", "want no control character"},
		{"unknown aspect", `{"id": "2", "text": "y", "labels": {"ambiance": "good"}}`, `f.jsonl:3: sentence "2": aspect "ambiance" is not in data.aspects (food, service)`},
		{"unknown polarity", `{"text": "y", "labels": {"food": "meh"}, "id": "2"}`, `f.jsonl:3: sentence "2": polarity "meh" is not in data.polarities (good, bad)`},
		{"contradiction", `{"id": "2", "text": "y", "labels": {"food": "good", "food": "bad"}}`, `f.jsonl:3: sentence "2": food is good and bad; correct the file, or set data.contradictions`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := OpenReader(t.Context(), "f.jsonl", strings.NewReader(good+test.line+"\n"), cleaned(twoByTwo()))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "f.jsonl:3: ") {
				t.Errorf("got %v, want an error that says %s", err, test.want)
			}
		})
	}
	if _, err := OpenReader(t.Context(), "f.jsonl", strings.NewReader("{"), cleaned(twoByTwo())); err == nil {
		t.Error("a brace is a corpus")
	}
}

// Ids may be numbers, and other keys stand beside labels.
func TestOpenLinesAsOthersWriteThem(t *testing.T) {
	file := `{"id": 12345678901234567890, "stars": 5, "text": "x", "more": {"labels": [1, "}"], "text": null}, "labels": {"food": "good"}, "last": -1.5e3 }
{"id": null, "text": "y"}
{"text": "z", "labels": {}, "id": -2,"empty":[]}
`
	s, err := OpenReader(t.Context(), "f.jsonl", strings.NewReader(file), cleaned(twoByTwo()))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range s.Len() {
		ids = append(ids, s.ID(i))
	}
	if diff := cmp.Diff([]string{"12345678901234567890", "#2", "-2"}, ids); diff != "" || s.Labels(0)[0] != 0 {
		t.Errorf("labels %v, ids (-want +got):\n%s", s.Labels(0), diff)
	}
}

// The sample as lines is the sample as XML: one fingerprint.
func TestOpenLinesIsXML(t *testing.T) {
	c := configs.Default()
	corpus, err := ReadFrom("train.xml", bytes.NewReader(sample.Train()), c.Data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := OpenReader(t.Context(), "train.xml", bytes.NewReader(sample.Train()), c)
	if err != nil {
		t.Fatal(err)
	}
	lines := jsonl(t, corpus.Schema, corpus.Reviews)
	blank := strings.Repeat(" \n", 1000)
	for _, file := range []string{lines, "\ufeff" + lines, blank + lines, "\ufeff" + blank + lines, strings.ReplaceAll(lines, "\n", " \r\n\n"), strings.TrimSuffix(lines, "\n")} {
		got, err := inBlocks(t, 500, file, c)
		if err != nil {
			t.Fatal(err)
		}
		if got.Fingerprint() != want.Fingerprint() || !slices.Equal(got.image.words, want.image.words) || !slices.Equal(got.image.ends, want.image.ends) {
			t.Errorf("fingerprints %s and %s", got.Fingerprint(), want.Fingerprint())
		}
	}
}

// The probe has what tokenizers cut in ways of their own: a change there changes
// its cuts, and with them the names of converted corpora.
func TestProbe(t *testing.T) {
	cuts, err := probed(configs.Text{Cleaning: "none", MaxTokens: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"well", "n't", "'ve", "'s", "cannot", "'em", "o'clock", "$", "4.50", "7:30pm", "1,000", "1/2", "u.s.", "p.m.", "a.b.c.d.e",
		"www.example.com", "http://a.example/b?c=1&d=2", "a.b@c-d.org", "c-d.com", "...", "--", "\"", "!!!", "café", "cafe\u0301", "寿司", "softly", "😋😋", "👍🏽", "2nd"} {
		if !slices.Contains(cuts, token) {
			t.Errorf("no %q among %q", token, cuts)
		}
	}
	text := configs.Text{Cleaning: "article", MaxTokens: 1}
	seen := [][]string{cuts}
	for _, way := range []struct {
		change func()
		tokens []string
	}{
		{func() {}, []string{"strasse", "fish", "x", "b", "gonna", "£", "naïve—or––not"}},
		{func() { text.Tokenizer = "spacy" }, []string{"gon", "d", "‘s", "naïve", "or––not", "……", "★", "司"}},
		{func() { text.StopWords = "keep" }, []string{"the", "its"}},
	} {
		way.change()
		cuts, err := probed(text)
		if err != nil || slices.ContainsFunc(seen, func(other []string) bool { return slices.Equal(cuts, other) }) {
			t.Errorf("%v, %+v: %q", err, text, cuts)
		}
		seen = append(seen, cuts)
		for _, token := range way.tokens {
			if !slices.Contains(cuts, token) {
				t.Errorf("%+v: no %q among %q", text, token, cuts)
			}
		}
	}
}
