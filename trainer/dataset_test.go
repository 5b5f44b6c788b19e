package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"absa/data"
)

// semeval returns settings that read SemEval-2014 from the folder of corpora.
func semeval(t testing.TB) []string {
	t.Helper()
	folder := os.Getenv("ABSA_TEST_DATA")
	if folder == "" {
		t.Skip("needs SemEval-2014: set ABSA_TEST_DATA to a folder that holds semeval2014/Restaurants_Train_v2.xml and semeval2014/Restaurants_Test_Gold.xml")
	}
	return []string{
		"data.train=" + filepath.Join(folder, "semeval2014", "Restaurants_Train_v2.xml"),
		"data.test=" + filepath.Join(folder, "semeval2014", "Restaurants_Test_Gold.xml"),
	}
}

// TestMajority holds the baseline on SemEval-2014 as a run reports it, counted
// by hand from the label statistics of the test corpus.
func TestMajority(t *testing.T) {
	r := train(t, small(t, append(semeval(t), "train.max_steps=1")...)).result
	want := []struct {
		name     string
		majority float64
		support  int
	}{
		{"food", .7225, 418},
		{"service", .5872, 172},
		{"price", .6145, 83},
		{"ambience", .6441, 118},
		{"anecdotes/miscellaneous", .5427, 234},
	}
	near := func(got, want float64) bool { return math.Abs(got-want) < 0.00005 }
	if len(r.Aspects) != len(want) {
		t.Errorf("%d aspects, want %d", len(r.Aspects), len(want))
	}
	for _, w := range want {
		if got := r.Aspects[w.name]; !near(float64(got.Majority), w.majority) || got.Support != w.support {
			t.Errorf("%s: majority %v of %d labels, want %.4f of %d", w.name, got.Majority, got.Support, w.majority, w.support)
		}
	}
	if !near(float64(r.Majority), .6410) {
		t.Errorf("overall: majority %v, want 0.6410", r.Majority)
	}
}

// TestFingerprints holds that runs which were begun by earlier versions can be
// resumed: what tells their data is as it was.
func TestFingerprints(t *testing.T) {
	tests := []struct {
		name string
		set  []string
		want Fingerprint
	}{
		{"sample", nil, Fingerprint{Train: "9c27cd544d821bd4", Test: "057c91adbb7e98cf", Split: "c507eb80ce98361e"}},
		{"no test corpus", []string{"data.test="}, Fingerprint{Train: "9c27cd544d821bd4", Test: "e3b0c44298fc1c14", Split: "c507eb80ce98361e"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := Prepare(t.Context(), small(t, test.set...), source{}, func(Event) {})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if d.Fingerprint != test.want {
				t.Errorf("got %v, want %v", d.Fingerprint, test.want)
			}
		})
	}
}

// TestSplitFile holds split.json against encoding/json, whatever the ids are.
func TestSplitFile(t *testing.T) {
	var lines strings.Builder
	var all []string
	for _, id := range []string{"1", "a<b>&c", "\"\\", "é\u2028", "\u007f\x01", "-"} {
		text, err := json.Marshal(map[string]string{"id": id, "text": "text " + id})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, "%s\n", text)
		all = append(all, id)
	}
	set, err := data.OpenReader(t.Context(), "ids.jsonl", strings.NewReader(lines.String()), small(t))
	if err != nil {
		t.Fatal(err)
	}
	words := data.NewVocabulary(nil, 1)
	for n := range len(all) + 1 {
		s := split{set.Examples(set.All()[:n], words), set.Examples(set.All()[n:], words)}
		lists := struct {
			Train []string `json:"train"`
			Valid []string `json:"valid"`
		}{all[:n], all[n:]}
		pretty, err := indented(lists)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := json.Marshal(lists)
		if err != nil {
			t.Fatal(err)
		}
		for indent, want := range map[bool]string{true: string(pretty), false: string(compact) + "\n"} {
			var got strings.Builder
			if err := s.write(&got, indent); err != nil || got.String() != want {
				t.Errorf("%d trained on: got %s, %v\nwant %s", n, got.String(), err, want)
			}
		}
	}
}

// TestArticleCleaning holds that three sentences of the training corpus are
// left out, and no label of the test corpus.
func TestArticleCleaning(t *testing.T) {
	r := train(t, small(t, append(semeval(t), "text.cleaning=article", "data.valid_fraction=0", "train.select=last", "train.max_steps=1")...))
	want := "3 training sentences have no word left"
	if got := notes(r.events); !strings.Contains(got, want) {
		t.Errorf("the user is told %q, want %q", got, want)
	}
	i := slices.IndexFunc(r.events, func(e Event) bool { _, ok := e.(Prepared); return ok })
	if p := r.events[i].(Prepared); p.Train != 3038 || p.Test != 800 {
		t.Errorf("%d sentences to train on and %d to test, want 3038 and 800", p.Train, p.Test)
	}
	support := 0
	for _, a := range r.result.Aspects {
		support += a.Support
	}
	if support != 1025 {
		t.Errorf("%d labels counted, want 1025", support)
	}
}

func TestPrepareErrors(t *testing.T) {
	glove := write(t, "tiny.txt", "the 1 2 3\nfood 4 5 6\n")
	good := strings.Replace(unseen, `"neutral"`, `"positive"`, 1)
	file := []string{"vectors.kind=file", "vectors.dimension=0", "vectors.path=" + glove}
	tests := []struct {
		name string
		set  []string
		want []string
		is   error
	}{
		{"no training corpus", []string{"data.train=none.xml"}, []string{"data.train: read corpus: open none.xml", "absa fetch semeval2014"}, fs.ErrNotExist},
		{"no test corpus", []string{"data.test=none.xml"}, []string{"data.test: read corpus: open none.xml", "absa fetch semeval2014"}, fs.ErrNotExist},
		{"malformed", []string{"data.train=" + write(t, "bad.xml", good[:len(good)-20])}, []string{"data.train", "bad.xml:4", "malformed XML"}, nil},
		{"unknown polarity", []string{"data.train=" + write(t, "bad.xml", strings.Replace(good, `"negative"`, `"bad"`, 1))}, []string{"bad.xml:3", `"bad"`, "negative"}, nil},
		{"nothing left", []string{"text.cleaning=article", "data.train=" + write(t, "empty.xml", "<sentences>\n<sentence id=\"1\"><text>...</text></sentence></sentences>")}, []string{"empty.xml", "no sentence to train on"}, nil},
		{"no vectors", append(file, "vectors.path=none.txt"), []string{"vectors.path", "none.txt", "absa fetch glove-100d"}, fs.ErrNotExist},
		{"wrong dimension", append(file, "vectors.dimension=300"), []string{"vectors.dimension: got 300", glove, "have 3"}, nil},
		{"malformed vectors", append(file, "vectors.path="+write(t, "bad.txt", "the 1 2 3\nfood 4 5\n")), []string{"vectors.path", "bad.txt:2"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := try(t, t.Context(), small(t, test.set...), nil)
			wantError(t, r.err, test.want...)
			if test.is != nil && !errors.Is(r.err, test.is) {
				t.Errorf("%v does not wrap %v", r.err, test.is)
			}
			if n := strings.Count(r.err.Error(), "data.train: ") + strings.Count(r.err.Error(), "data.test: "); n > 1 {
				t.Errorf("%q names the key twice", r.err)
			}
			if _, err := os.Stat(r.dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a run folder: %v", err)
			}
		})
	}
}

// TestVocabulary holds which words have a row: with vectors of a file all that
// may be looked up, otherwise those of the training side, often enough.
func TestVocabulary(t *testing.T) {
	corpus := write(t, "train.xml", `<sentences>
<sentence id="1"><text>good food</text><aspectCategories><aspectCategory category="food" polarity="positive"/></aspectCategories></sentence>
<sentence id="2"><text>good staff</text><aspectCategories><aspectCategory category="service" polarity="positive"/></aspectCategories></sentence>
</sentences>`)
	glove := write(t, "tiny.txt", "good 1 2\n")
	set := []string{"data.train=" + corpus, "data.test=" + write(t, "unseen.xml", unseen), "data.valid_fraction=0", "train.select=last"}
	tests := []struct {
		name string
		set  []string
		want []string
	}{
		{"random", []string{"vectors.min_count=1"}, []string{"good", "food", "staff"}},
		{"random, twice at least", []string{"vectors.min_count=2"}, []string{"good"}},
		{"file", []string{"vectors.kind=file", "vectors.dimension=0", "vectors.path=" + glove, "vectors.min_count=2"},
			[]string{"good", "...", "delicious", "food", "quixotically", "slow", "staff", "the", "waiters", "was", "zyzzyva"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := Prepare(t.Context(), small(t, slices.Concat(set, test.set)...), source{}, func(Event) {})
			if err != nil {
				t.Fatal(err)
			}
			got := d.Vocabulary.Words()[data.UnknownID+1:]
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if rows := len(d.Vectors.Values) / d.Vectors.Dimension; rows != d.Vocabulary.Len() {
				t.Errorf("%d vectors for %d words", rows, d.Vocabulary.Len())
			}
		})
	}
}

// TestNotes holds that the user is told what was read.
func TestNotes(t *testing.T) {
	twice := strings.Replace(unseen, `<aspectCategory category="food" polarity="positive"/>`, strings.Repeat(`<aspectCategory category="food" polarity="positive"/>`, 2), 1)
	contradicted := strings.Replace(unseen, `<aspectCategory category="food" polarity="positive"/>`, `<aspectCategory category="food" polarity="positive"/><aspectCategory category="food" polarity="neutral"/>`, 1)
	tests := []struct {
		name string
		set  []string
		want []string
	}{
		{"sample", nil, []string{"the training corpus is the embedded sample: 578 sentences", "the test corpus is the embedded sample: 203"}},
		{"merged", []string{"data.test=" + write(t, "twice.xml", twice)}, []string{"twice.xml: 1 labels stood twice", "(sentences 1)"}},
		{"dropped", []string{"data.contradictions=drop", "data.test=" + write(t, "contradicted.xml", contradicted)}, []string{"contradicted.xml: ", "contradictory labels were dropped (sentences 1)"}},
		{"coverage", []string{"vectors.kind=file", "vectors.dimension=0", "vectors.path=" + write(t, "one.txt", "the 1 2\n")}, []string{"one.txt: 1 of ", "words have a vector"}},
		{"subwords", []string{"vectors.kind=file", "vectors.dimension=0", "vectors.path=" + filepath.Join("..", "data", "vectors", "testdata", "fasttext.bin")}, []string{"words have a vector (100.0 %)", "of them made of their subwords"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var events []Event
			if _, err := Prepare(t.Context(), small(t, test.set...), source{}, func(e Event) { events = append(events, e) }); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if got := notes(events); !strings.Contains(got, want) {
					t.Errorf("the user is told %q, want %q", got, want)
				}
			}
		})
	}
}
