package cmd

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDataGenerate holds that what is made up is a corpus, and that no file is
// overwritten.
func TestDataGenerate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"made.xml", "made.jsonl"} {
		path := filepath.Join(dir, name)
		absa(t, "data", "generate", "--sentences", "300", path).wantStatus(t, 0)
		got := absa(t, "data", "stats", path)
		got.wantStatus(t, 0)
		if !strings.Contains(got.stdout, path+": 300 sentences") {
			t.Errorf("%s: counted %q", name, got.stdout)
		}
		before := content(t, path)
		absa(t, "data", "generate", "--sentences", "2", path).wantError(t, 1, path, "already exists")
		if content(t, path) != before {
			t.Errorf("%s: it was overwritten", name)
		}
	}
	absa(t, "data", "generate", filepath.Join(dir, "made.csv")).wantError(t, 2, "neither .xml nor .jsonl")
	absa(t, "data", "generate", "--sentences", "0", filepath.Join(dir, "none.xml")).wantError(t, 2, "at least 1")
	absa(t, "data", "generate", filepath.Join(dir, "no", "folder.xml")).wantError(t, 1, "no such file")
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("the folder holds %q", left)
	}
}

const hotel = `id,text,Front desk,Wi-Fi (2.4 GHz)
1,Friendly staff.,Good,
2,"Slow, slow.",,Bad
3,Nobody at the desk.,Bad,
4,Fast and free.,,Good
5,friendly  STAFF.,Good,
`

// ownNames is a configuration of other aspects and polarities.
var ownNames = []string{"--set", "data.aspects=[Front desk, Wi-Fi (2.4 GHz)]", "--set", "data.polarities=[Good, So-so, Bad]"}

// TestDataCheck holds what a user and a program read of a check, and its status.
func TestDataCheck(t *testing.T) {
	path := write(t, "reviews.csv", hotel)
	got := absa(t, append([]string{"data", "check", path}, ownNames...)...)
	got.wantStatus(t, 0)
	for _, want := range []string{
		path + ":6: warning: the text is that of line 2 too\n",
		path + `: warning: no sentence has the polarity "So-so"`,
		path + ": 5 sentences, 5 labels; 0 errors, ",
		"Wi-Fi (2.4 GHz)       3     1      0    1\n",
		"tokens: median 4, ", "words: 19, 12 different; ",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	if got.stderr != "" {
		t.Errorf("stderr: %q", got.stderr)
	}

	bad := write(t, "bad.csv", strings.Replace(hotel, "Good,", "good,", 2)+strings.Repeat("5,again,,\n", 30))
	got = absa(t, append([]string{"data", "check", path, bad}, ownNames...)...)
	got.wantStatus(t, 1)
	for _, want := range []string{
		bad + `:2: error: column "Front desk": sentence "1": polarity "good" is not in data.polarities (Good, So-so, Bad); add it there or correct the file; did you mean Good?`,
		bad + ":3: warning: the text is that of " + path + ":3 too\n",
		": 21 more of these (--all lists them)\n", ": 35 sentences, ",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	if !strings.HasSuffix(got.stderr, "absa: 32 errors in 1 of 2 files\n") {
		t.Errorf("stderr: %q", got.stderr)
	}
	all := absa(t, append([]string{"data", "check", "--all", "--json", path, bad}, ownNames...)...)
	all.wantStatus(t, 1)
	kinds := map[string]int{}
	for line := range strings.Lines(all.stdout) {
		var f struct {
			Kind      string
			Sentences int
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		kinds[f.Kind]++
	}
	// Of 30 sentences of one text and id, each but the first repeats it.
	want := map[string]int{"error": 32, "duplicate": 30, "leakage": 5, "unseen": 1, "rare": 4, "": 2}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	got = absa(t, "data", "check")
	got.wantStatus(t, 0)
	for _, want := range []string{"sample/train.xml: 578 sentences, 752 labels; 0 errors", "sample/test.xml: 203 sentences"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	absa(t, "data", "check", "none.csv").wantError(t, 1, "none.csv", "no such file")
	absa(t, "data", "check", "--format", "yaml", path).wantError(t, 2, `"yaml" is none of auto, jsonl, csv, semeval`)
	absa(t, append([]string{"data", "check", "--set", "vectors.kind=file", "--set", "vectors.path=none.txt", "--quiet", path}, ownNames...)...).wantStatus(t, 0)
}

// TestOwnNames trains on aspects and polarities with spaces, capitals and dots
// by settings alone, from CSV, and labels with them.
func TestOwnNames(t *testing.T) {
	path := write(t, "reviews.csv", hotel)
	run := trained(t, append([]string{"--set", "data.train=" + path, "--set", "data.test=" + path, "--set", "data.valid_fraction=0", "--set", "train.select=last"}, ownNames...)...)
	got := finish(t, predicting(t, run, "Friendly staff.\n", "--output", "jsonl", "--all"))
	got.wantStatus(t, 0)
	all := saidAll(t, got.stdout)
	if len(all) != 1 || len(all[0].Aspects) != 2 || all[0].Aspects[1].Aspect != "Wi-Fi (2.4 GHz)" || len(all[0].Aspects[1].Probabilities) != 3 {
		t.Errorf("answer %s", got.stdout)
	}
	absa(t, "evaluate", "--checkpoint", run, "--data", path).wantStatus(t, 0)
}

// TestPredictWritesACorpus holds that a check accepts what predict labels,
// whatever comes in: blank lines, ids that repeat or are empty.
func TestPredictWritesACorpus(t *testing.T) {
	const input = "id,text\n1,Friendly staff.\n1,\"Slow, \"\"slow\"\".\"\n3, \n,Fast.\n ,Friendly staff.\n"
	path := write(t, "reviews.csv", hotel)
	run := trained(t, append([]string{"--set", "data.train=" + path, "--set", "data.test=" + path, "--set", "data.valid_fraction=0", "--set", "train.select=last"}, ownNames...)...)
	for output, name := range map[string]string{"csv": "labelled.csv", "semeval": "labelled.xml"} {
		t.Run(output, func(t *testing.T) {
			got := finish(t, predicting(t, run, input, "--format", "csv", "--output", output, "--all"))
			got.wantStatus(t, 0)
			labelled := write(t, name, got.stdout)
			check := absa(t, append([]string{"data", "check", labelled}, ownNames...)...)
			check.wantStatus(t, 0)
			if !strings.Contains(check.stdout, ": 4 sentences, 8 labels; 0 errors") {
				t.Errorf("%s is checked as %s", got.stdout, check.stdout)
			}
			absa(t, "evaluate", "--checkpoint", run, "--data", labelled).wantStatus(t, 0)
		})
	}
}

func TestDataSplit(t *testing.T) {
	more := ""
	for i := range 20 {
		more += fmt.Sprintf("m%d,Sentence %d.,Good,Bad\n", i, i)
	}
	path := write(t, "reviews.csv", hotel+more)
	out := filepath.Join(t.TempDir(), "parts")
	args := append([]string{"data", "split", "--test", "0.4", "--out", out, path}, ownNames...)
	got := absa(t, args...)
	got.wantStatus(t, 0)
	if names := files(t, out); !cmp.Equal(names, []string{"test.csv", "train.csv"}) {
		t.Errorf("files %q", names)
	}
	for _, name := range []string{"train.csv", "test.csv"} {
		part := content(t, filepath.Join(out, name))
		if !strings.HasPrefix(part, "id,text,Front desk,Wi-Fi (2.4 GHz)\n") || !strings.Contains(got.stdout, filepath.Join(out, name)+": ") {
			t.Errorf("%s is %q, told of as %s", name, part, got.stdout)
		}
		if strings.Contains(part, "\n1,Friendly") != strings.Contains(part, "5,friendly") {
			t.Errorf("equal texts are apart: %q", part)
		}
	}
	before := content(t, filepath.Join(out, "train.csv"))
	absa(t, args...).wantError(t, 1, out, "already exists", "new or empty")
	if content(t, filepath.Join(out, "train.csv")) != before {
		t.Error("a file was overwritten")
	}
	absa(t, append([]string{"data", "split", path}, ownNames...)...).wantError(t, 2, "--out")
	absa(t, append([]string{"data", "split", "--out", "x", "--test", "1", path}, ownNames...)...).wantError(t, 2, "below 1")
	absa(t, "data", "split", "--out", filepath.Join(t.TempDir(), "x"), path).wantError(t, 1, path+":1: column \"Front desk\"")
}

func TestDataConvert(t *testing.T) {
	path := write(t, "reviews.csv", hotel)
	dir := t.TempDir()
	for _, step := range [][2]string{{path, "a.xml"}, {"a.xml", "b.jsonl"}, {"b.jsonl", "c.csv"}} {
		from, to := step[0], filepath.Join(dir, step[1])
		if from != path {
			from = filepath.Join(dir, from)
		}
		got := absa(t, "data", "convert", from, to)
		got.wantStatus(t, 0)
		if got.stdout != to+": 5 sentences\n" {
			t.Errorf("stdout %q", got.stdout)
		}
	}
	if got := content(t, filepath.Join(dir, "c.csv")); got != hotel {
		t.Errorf("it comes back as\n%s", got)
	}
	absa(t, "data", "convert", path, filepath.Join(dir, "a.xml")).wantError(t, 1, "a.xml", "already exists")
	absa(t, "data", "convert", path, filepath.Join(dir, "d.txt")).wantError(t, 2, "give --to")
	absa(t, "data", "convert", "--to", "yaml", path, filepath.Join(dir, "d.txt")).wantError(t, 2, `"yaml" is none of`)
	absa(t, "data", "convert", write(t, "bad.jsonl", "{\"text\":\"a\"}\n{\n"), filepath.Join(dir, "d.xml")).wantError(t, 1, "bad.jsonl:2: malformed JSON", "absa data check")
	absa(t, "data", "convert", path, filepath.Join(dir, "no", "d.xml")).wantError(t, 1, "no such file")
	if names := files(t, dir); len(names) != 3 {
		t.Errorf("the folder has %q", names)
	}
	got := absa(t, "data", "convert", "--to", "jsonl", "--from", "csv", path, filepath.Join(dir, "d.txt"))
	got.wantStatus(t, 0)
}
