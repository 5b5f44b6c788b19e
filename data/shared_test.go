package data

import (
	"strings"
	"testing"

	"absa/configs"

	"github.com/google/go-cmp/cmp"
)

func TestFoldedHash(t *testing.T) {
	var room []byte
	foldedHash := func(text []byte) (hash uint64) {
		hash, room = foldedHash(room, text)
		return hash
	}
	alike := [][]string{
		{"I don't like it, at all!", "i DONT like it at all", " I  don’t like it -- at all.\n", "Idontlikeitatall"},
		{"Crème brûlée: 4.50", "CRÈME BRÛLÉE 450"},
		{"Ωραίο φαγητό!", "ωραίο φαγητό", "ΩΡΑΊΟ ΦΑΓΗΤΌ"},
		{"caf\u00e9 na\u00efve", "cafe\u0301 nai\u0308ve", "CAFE\u0301 NAI\u0308VE"},
		{"Große ﬁsche", "GROSSE FISCHE", "grosse fische"},
		{"ΚΑΛΟΣ", "καλο\u03c3", "καλο\u03c2"},
		{"we won\u00b4t 12", "we won't \uff11\uff12", "WE WONT 12 \u2764\ufe0f"},
		{"寿司、美味しい。", "寿司美味しい"},
		{":-)", " :-)\t"},
		{"…", " …"},
		{"", " \n"},
	}
	seen := map[uint64]string{}
	for _, texts := range alike {
		want := foldedHash([]byte(texts[0]))
		if other, ok := seen[want]; ok {
			t.Errorf("%q and %q have one hash", other, texts[0])
		}
		seen[want] = texts[0]
		for _, text := range texts[1:] {
			if got := foldedHash([]byte(text)); got != want {
				t.Errorf("%q and %q differ", texts[0], text)
			}
		}
	}
	for _, text := range []string{"I do like it at all", "Creme brulee 450", ":-("} {
		if other, ok := seen[foldedHash([]byte(text))]; ok {
			t.Errorf("%q and %q have one hash", text, other)
		}
	}
	// It is kept in files.
	if got := foldedHash([]byte("It was good, wasn't it?")); got != 0x7ac4ec71fe9016bf {
		t.Errorf("hash %#x, which was 0x7ac4ec71fe9016bf", got)
	}
}

func TestShared(t *testing.T) {
	open := func(lines ...string) *Set {
		t.Helper()
		s, err := OpenReader(t.Context(), "f.csv", strings.NewReader("text\n"+strings.Join(lines, "\n")+"\n"), cleaned(twoByTwo()))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := open("Great!", "fine", "great", "slow staff", "none")
	b := open("Slow... staff!", "GREAT", "great?", "none")
	want := []Pair{{0, 1}, {2, 1}, {3, 0}}
	if diff := cmp.Diff(want, Shared(a, []uint32{0, 1, 2, 3}, b, b.All())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Pair{{0, 2}}, Shared(a, []uint32{0, 1}, b, []uint32{2, 3})); diff != "" {
		t.Errorf("of some (-want +got):\n%s", diff)
	}
}

// What the published corpora share.
func TestSharedByPublishedCorpora(t *testing.T) {
	c := configs.Default()
	mams := c
	mams.Data.Aspects = []string{"food", "service", "staff", "price", "ambience", "menu", "place", "miscellaneous"}
	sets := map[string]*Set{}
	for file, cfg := range map[string]configs.Config{semevalTrain: c, semevalTest: c, semeval2015: c, semeval2016: c, "mams-acsa/train.xml": mams} {
		sets[file] = mustOpen(t, publicFile(t, file), cfg, OpenOptions{})
	}
	tests := []struct {
		a, b string
		want int
	}{
		{semevalTrain, semevalTest, 1},
		{semeval2015, semevalTest, 2},
		{semeval2016, semevalTest, 2},
		{"mams-acsa/train.xml", semevalTest, 8},
		{"mams-acsa/train.xml", semevalTrain, 46},
		{semeval2015, semevalTrain, 1154},
		{semeval2016, semevalTrain, 1164},
	}
	for _, tt := range tests {
		a, b := sets[tt.a], sets[tt.b]
		pairs := Shared(a, a.All(), b, b.All())
		texts := map[uint64]bool{}
		for _, p := range pairs {
			texts[a.image.folded[p.A]] = true
		}
		if len(pairs) != tt.want {
			t.Errorf("%s shares %d sentences with %s, want %d", tt.a, len(pairs), tt.b, tt.want)
		}
		if tt.a == semeval2015 && tt.b == semevalTrain && len(texts) != 1149 {
			t.Errorf("%d different texts of 2015 in 2014, want 1149", len(texts))
		}
	}
	pairs := Shared(sets[semevalTrain], sets[semevalTrain].All(), sets[semevalTest], sets[semevalTest].All())
	if len(pairs) == 1 {
		if a, b := sets[semevalTrain].ID(int(pairs[0].A)), sets[semevalTest].ID(int(pairs[0].B)); a != "1715" || b != "11350031#590790#3" {
			t.Errorf("the sentence is %s and %s", a, b)
		}
	}
}
