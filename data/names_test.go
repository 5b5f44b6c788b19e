package data

import (
	"os"
	"path/filepath"
	"testing"

	"absa/configs"

	"github.com/google/go-cmp/cmp"
)

func TestNamesIn(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, file, text string
		categories       []configs.Category
		want             Schema
	}{
		{"in order", "a.jsonl", "{\"text\": \"a\", \"labels\": {\"room\": \"good\", \"staff\": \"bad\"}}\n{\"text\": \"b\", \"labels\": {\"bar\": \"good\"}}", nil,
			Schema{Aspects: []string{"room", "staff", "bar"}, Polarities: []string{"good", "bad"}}},
		{"opinions that are joined", "b.xml", opinions("FOOD#QUALITY=positive", "SERVICE#GENERAL=neutral", "FOOD#QUALITY=negative"), nil,
			Schema{Aspects: []string{"FOOD#QUALITY", "SERVICE#GENERAL"}, Polarities: []string{"positive", "neutral", "negative", "conflict"}}},
		{"under other names", "c.xml", sentence("", labelled("staff=positive", "place=neutral", "waiters=negative")), []configs.Category{{Category: "staff", Aspect: "service"}, {Category: "waiters", Aspect: "service"}, {Category: "place"}},
			Schema{Aspects: []string{"service"}, Polarities: []string{"positive", "negative", "conflict"}}},
		{"a polarity of terms alone", "d.xml", sentence("", `<text>the bar</text><aspectTerms><aspectTerm term="bar" polarity="neutral" from="4" to="7"/></aspectTerms><aspectCategories><aspectCategory category="bar" polarity="good"/></aspectCategories>`), nil,
			Schema{Aspects: []string{"bar"}, Polarities: []string{"good", "neutral"}}},
		{"an empty column", "e.csv", "text,room,garden,staff,pool\na,good,,bad,\n", []configs.Category{{Category: "pool"}, {Category: "staff", Aspect: "service"}},
			Schema{Aspects: []string{"room", "garden", "service"}, Polarities: []string{"good", "bad"}}},
		{"another name and its own", "f.xml", sentence("", labelled("drinks=positive", "menu=negative")), []configs.Category{{Category: "drinks", Aspect: "menu"}},
			Schema{Aspects: []string{"menu"}, Polarities: []string{"positive", "negative", "conflict"}}},
		{"its own name and another", "g.xml", sentence("", labelled("menu=positive", "drinks=neutral", "drinks=negative")), []configs.Category{{Category: "drinks", Aspect: "menu"}},
			Schema{Aspects: []string{"menu"}, Polarities: []string{"positive", "neutral", "negative", "conflict"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := NamesIn(t.Context(), path, tt.categories, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			c := cleaned(configs.Data{Aspects: got.Aspects, Polarities: got.Polarities, Categories: tt.categories})
			if _, err := Open(t.Context(), path, c, OpenOptions{}); err != nil {
				t.Errorf("it cannot be read by them: %v", err)
			}
		})
	}
}

func TestNamesInTellsProgress(t *testing.T) {
	path, _ := madeFile(t, 20000)
	var last, of int64
	if _, err := NamesIn(t.Context(), path, nil, func(done, total int64) {
		if done <= last {
			t.Errorf("%d after %d", done, last)
		}
		last, of = done, total
	}); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Stat(path); err != nil || of != stat.Size() || last != of {
		t.Errorf("%d of %d, %v", last, of, err)
	}
}
