package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"
)

// The files of a split have each sentence once, as it was, labels in their shares
// and equal texts together; the same seed gives the same files.
func TestSplitFile(t *testing.T) {
	cfg := configs.Default()
	dir := t.TempDir()
	for _, name := range []string{"c.xml", "c.jsonl", "c.csv", "reviews.xml"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			xml := filepath.Join(dir, "c.xml")
			if err := os.WriteFile(xml, sample.Train(), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "reviews.xml" {
				if err := os.WriteFile(path, []byte(asReviews(t, content(t, xml))), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if name != "c.xml" {
				if err := reformat(t.Context(), xml, path); err != nil {
					t.Fatal(err)
				}
				trimLastLineEnd(t, path)
			}
			out := filepath.Join(dir, "parts of "+name)
			sides, err := SplitFile(t.Context(), path, cfg, Shares{Validation: 0.1, Test: 0.2, Seed: 3}, out)
			if err != nil {
				t.Fatal(err)
			}
			whole := map[string]string{}
			eachRecord(t, path, func(id, piece string) { whole[id] = strings.TrimSpace(piece) })
			total := len(whole)
			texts := map[string]string{}
			for i, want := range []float64{0.7, 0.1, 0.2} {
				set, err := Open(t.Context(), sides[i].Path, cfg, OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := float64(set.Len()) / float64(total); got < want-0.02 || got > want+0.02 || set.Len() != sides[i].Statistics.Sentences {
					t.Errorf("%s has %.3f of the sentences, want %v", sides[i].Path, got, want)
				}
				eachRecord(t, sides[i].Path, func(id, piece string) {
					if whole[id] != strings.TrimSpace(piece) {
						t.Errorf("%s: sentence %s is %q, want %q", sides[i].Path, id, piece, whole[id])
					}
					delete(whole, id)
				})
				for r := range Records(sides[i].Path, strings.NewReader(content(t, sides[i].Path)), RecordOptions{}) {
					text := strings.Join(strings.Fields(strings.ToLower(r.Text)), " ")
					if other, ok := texts[text]; ok && other != sides[i].Path {
						t.Errorf("%q is in %s and %s", text, other, sides[i].Path)
					}
					texts[text] = sides[i].Path
				}
			}
			if len(whole) > 0 {
				t.Errorf("%d sentences are in no file", len(whole))
			}

			again := filepath.Join(dir, "again "+name)
			if _, err := SplitFile(t.Context(), path, cfg, Shares{Validation: 0.1, Test: 0.2, Seed: 3}, again); err != nil {
				t.Fatal(err)
			}
			if content(t, sides[2].Path) != content(t, filepath.Join(again, "test"+filepath.Ext(name))) {
				t.Error("the same seed gives another split")
			}
			if _, err := SplitFile(t.Context(), path, cfg, Shares{Test: 0.2, Seed: 4}, out); !errors.Is(err, fs.ErrExist) {
				t.Errorf("over a folder with files: %v", err)
			}
		})
	}
}

func TestSplitFileErrors(t *testing.T) {
	cfg := cleaned(twoByTwo())
	dir := t.TempDir()
	sound, wrong, one := filepath.Join(dir, "f.csv"), filepath.Join(dir, "g.csv"), filepath.Join(dir, "one.csv")
	for path, text := range map[string]string{sound: "text,food\na,good\nb,good\nc,bad\n", wrong: "text,food\na,god\n", one: "text\na\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, path, want string
		ctx              context.Context
		shares           Shares
	}{
		{"shares of one", sound, "below 1 together", t.Context(), Shares{Test: 0.5, Validation: 0.5}},
		{"no share", sound, "above 0", t.Context(), Shares{}},
		{"a fault", wrong, "g.csv:2: column \"food\"", t.Context(), Shares{Test: 0.5}},
		{"one sentence", one, "a larger corpus is needed", t.Context(), Shares{Test: 0.5}},
		{"cancelled", sound, "context canceled", cancelled, Shares{Test: 0.5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := filepath.Join(dir, "out")
			_, err := SplitFile(test.ctx, test.path, cfg, test.shares, out)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 3 {
				t.Errorf("the folder has %v", entries)
			}
		})
	}
}

// eachRecord calls use for the id and the bytes of each sentence of a file.
func eachRecord(t testing.TB, path string, use func(id, piece string)) {
	t.Helper()
	text := content(t, path)
	for r, err := range Records(path, strings.NewReader(text), RecordOptions{}) {
		if err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		use(r.ID, text[r.From:r.To])
	}
}

// asReviews is a file of SemEval-2014 in the form of 2015, five sentences in each
// review.
func asReviews(t testing.TB, file string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("<Reviews>\n<Review rid=\"0\"><sentences>")
	n := 0
	for r, err := range Records("f.xml", strings.NewReader(file), RecordOptions{}) {
		if err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		if n++; n%5 == 0 {
			fmt.Fprintf(&b, "\n</sentences></Review><Review rid=\"%d\"><sentences>", n)
		}
		x := xmlText{}
		x.attribute("id", r.ID)
		x.add("><text>")
		x.escape(r.Text)
		x.add("</text><Opinions>")
		for _, l := range r.Labels {
			x.add("<Opinion")
			x.attribute("category", l.Aspect)
			x.attribute("polarity", l.Polarity)
			x.add("/>")
		}
		b.WriteString("\n<sentence" + x.String() + "</Opinions></sentence>")
	}
	return b.String() + "\n</sentences></Review></Reviews>\n"
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func trimLastLineEnd(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.TrimSuffix(content(t, path), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}
