package data

import (
	"bufio"
	"slices"
	"strings"
	"testing"

	"absa/configs"

	"github.com/google/go-cmp/cmp"
)

func TestMapping(t *testing.T) {
	stated := []configs.Category{
		{Category: "DRINKS#PRICES", Aspect: "food"},
		{Category: "staff", Aspect: "service"},
		{Category: "food*late", Aspect: "service"},
		{Category: "service", Aspect: "service"},
		{Category: "LOCATION#*", Aspect: ""},
	}
	m := newMapping([]string{"service", "food", "price"}, stated)
	tests := []struct {
		name   string
		aspect int
		led    bool
	}{
		{"food", 1, false},
		{"service", 0, false},
		{"staff", 0, true},
		{"food was late", 0, true},
		{"foodlate", 0, true},
		{"food late again", unmapped, false},
		{"FOOD#QUALITY", 1, true},
		{"FOOD#PRICES", 2, true},
		{"DRINKS#PRICES", 1, true},
		{"LOCATION#GENERAL", passedOver, true},
		{"AMBIENCE#GENERAL", unmapped, false}, // there is no such aspect
		{"Staff", unmapped, false},
		{"", unmapped, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if aspect, led := m.find([]byte(tt.name)); aspect != tt.aspect || led != tt.led {
				t.Errorf("got %d, %t, want %d, %t", aspect, led, tt.aspect, tt.led)
			}
		})
	}
	own := newMapping([]string{"FOOD#QUALITY"}, nil)
	if aspect, led := own.find([]byte("FOOD#QUALITY")); aspect != 0 || led {
		t.Errorf("a category that is an aspect: %d, %t", aspect, led)
	}
}

// Opinions of one aspect come to the same in any order.
func TestCombined(t *testing.T) {
	tests := []struct{ a, b, want string }{
		{"positive", "positive", "positive"},
		{"positive", "negative", "conflict"},
		{"positive", "neutral", "positive"},
		{"negative", "neutral", "negative"},
		{"conflict", "neutral", "conflict"},
		{"conflict", "positive", "conflict"},
		{"conflict", "negative", "conflict"},
		{"good", "good", "good"},
		{"good", "neutral", "good"},
		{"good", "bad", ""},
		{"good", "positive", ""},
	}
	for _, tt := range tests {
		if got := [2]string{combined(tt.a, tt.b), combined(tt.b, tt.a)}; got != [2]string{tt.want, tt.want} {
			t.Errorf("%s and %s: %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
	names := []string{"positive", "negative", "neutral", "conflict"}
	for _, a := range names {
		for _, b := range names {
			for _, c := range names {
				if left, right := combined(combined(a, b), c), combined(a, combined(b, c)); left != right || left == "" {
					t.Errorf("%s, %s, %s: %q and %q", a, b, c, left, right)
				}
			}
		}
	}
}

// reviews returns a file of 2015 with a sentence, whose element is on line 2.
func reviews(inner string) string {
	return "<Reviews><Review rid='r'><sentences>\n<sentence id=\"r:0\">\n<text>x</text>" + inner + "</sentence></sentences></Review></Reviews>"
}

// opinions are those of a sentence, one in each line from line 4 on.
func opinions(list ...string) string {
	var b strings.Builder
	for _, o := range list {
		category, polarity, _ := strings.Cut(o, "=")
		b.WriteString("\n<Opinion target=\"NULL\" category=\"" + category + "\" polarity=\"" + polarity + "\" from=\"0\" to=\"0\"/>")
	}
	return reviews("<Opinions>" + b.String() + "</Opinions>")
}

// What opinions and categories under other names come to, in every format.
func TestSeveralLabelsOfAnAspect(t *testing.T) {
	all := configs.Default().Data
	three := all
	three.Polarities = []string{"positive", "neutral", "negative"}
	dropping := three
	dropping.Contradictions = "drop"
	mams := all
	mams.Categories = []configs.Category{{Category: "staff", Aspect: "service"}, {Category: "menu", Aspect: "food"}, {Category: "place", Aspect: ""}}
	tests := []struct {
		name, file string
		cfg        configs.Data
		want       string // the labels, or a part of the message
	}{
		{"equal", opinions("FOOD#QUALITY=positive", "DRINKS#QUALITY=positive"), all, "food=positive"},
		{"both", opinions("FOOD#QUALITY=positive", "FOOD#QUALITY=negative", "FOOD#QUALITY=neutral"), all, "food=conflict"},
		{"neutral yields", opinions("SERVICE#GENERAL=neutral", "SERVICE#GENERAL=negative"), all, "service=negative"},
		{"two aspects", opinions("FOOD#PRICES=negative", "FOOD#QUALITY=positive"), all, "food=positive price=negative"},
		{"no conflict", opinions("FOOD#QUALITY=positive", "FOOD#QUALITY=negative"), three, `f.xml:5: sentence "r:0": food is negative here and positive on line 4; add conflict to data.polarities, or set data.contradictions to drop`},
		{"no conflict, dropped", opinions("FOOD#QUALITY=positive", "FOOD#QUALITY=negative", "FOOD#QUALITY=neutral", "SERVICE#GENERAL=neutral"), dropping, "service=neutral"},
		{"no aspect", opinions("FOOD#QUALITY=positive", "LAPTOP#GENERAL=negative"), all, `f.xml:5: sentence "r:0": aspect "LAPTOP#GENERAL" is not in data.aspects (service, food, anecdotes/miscellaneous, price, ambience); map it to one by data.categories, or to "" to pass it over`},
		{"other names", sentence("", labelled("staff=positive", "service=negative", "menu=neutral", "place=odd")), mams, "service=conflict food=neutral"},
		{"its own name twice", sentence(`id="1"`, labelled("service=positive", "service=negative")), mams, `f.xml:5: sentence "1": service is negative here and positive on line 4; correct the file`},
		{"in lines", `{"text": "x", "labels": {"FOOD#QUALITY": "positive", "food": "negative", "RESTAURANT#PRICES": "neutral"}}`, all, "food=conflict price=neutral"},
		{"in columns", "text,FOOD#QUALITY,DRINKS#STYLE_OPTIONS,SERVICE#GENERAL\nx,neutral,positive,\n", all, "food=positive"},
		{"in the long form", "text,aspect,polarity\nx,FOOD#QUALITY,positive\nx,FOOD#QUALITY,negative\n", all, "food=conflict"},
		{"unknown columns", "text,food,staf\nx,positive,\n", mams, `column "staf" is neither id, text nor in data.aspects`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := "f.xml"
			if strings.HasPrefix(tt.file, "text,") {
				name = "f.csv"
			} else if !strings.HasPrefix(tt.file, "{") {
				sameAsRead(t, 40, tt.file, cleaned(tt.cfg))
			}
			s, err := OpenReader(t.Context(), name, strings.NewReader(tt.file), cleaned(tt.cfg))
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			var got []string
			for a, p := range s.Labels(0) {
				if p != Absent {
					got = append(got, s.Schema.Aspects[a]+"="+s.Schema.Polarities[p])
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("labels %v, want %s", got, tt.want)
			}
			for id := range s.Merged() {
				t.Errorf("sentence %s is said to repeat a label", id)
			}
		})
	}
}

// Labels under an aspect's own name and under others come to the same in any order.
func TestOrderOfLabels(t *testing.T) {
	c := configs.Default().Data
	c.Categories = []configs.Category{{Category: "drinks", Aspect: "food"}}
	tests := []struct {
		labels []string
		drop   bool
		want   string // the label, or a part of the message
	}{
		{[]string{"drinks=neutral", "drinks=positive", "food=negative"}, false, "conflict"},
		{[]string{"drinks=neutral", "food=positive", "food=positive"}, false, "positive"},
		{[]string{"drinks=neutral", "food=positive", "food=negative"}, false, "correct the file, or set data.contradictions"},
		{[]string{"drinks=neutral", "food=positive", "food=negative"}, true, "absent"},
		{[]string{"drinks=positive", "drinks=negative", "food=conflict"}, false, "conflict"},
	}
	for _, tt := range tests {
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			list := []string{tt.labels[order[0]], tt.labels[order[1]], tt.labels[order[2]]}
			t.Run(strings.Join(list, " "), func(t *testing.T) {
				c := c
				if tt.drop {
					c.Contradictions = "drop"
				}
				file := sentence(`id="1"`, labelled(list...))
				sameAsRead(t, 40, file, cleaned(c))
				s, err := OpenReader(t.Context(), "f.xml", strings.NewReader(file), cleaned(c))
				if err != nil {
					if !strings.Contains(err.Error(), tt.want) {
						t.Errorf("got %v, want %s", err, tt.want)
					}
					return
				}
				if got := s.Schema.name(int(s.Labels(0)[1])); got != tt.want {
					t.Errorf("food is %s, want %s", got, tt.want)
				}
				if n := len(slices.Collect(s.Dropped())); (n == 1) != (tt.want == "absent") {
					t.Errorf("%d sentences lost a label", n)
				}
			})
		}
	}
	// Where they cannot be joined they contradict each other in any order.
	c.Polarities = []string{"positive", "negative"}
	for file, want := range map[string]string{
		`{"text": "x", "labels": {"drinks": "positive", "food": "negative"}}`: "food is negative and positive; add conflict to data.polarities",
		`{"text": "x", "labels": {"food": "negative", "drinks": "positive"}}`: "food is negative and positive; add conflict to data.polarities",
		sentence(`id="1"`, labelled("food=negative", "drinks=positive")):      `f.xml:5: sentence "1": food is positive here and negative on line 4; add conflict to data.polarities`,
		sentence(`id="1"`, labelled("drinks=positive", "food=negative")):      `f.xml:5: sentence "1": food is negative here and positive on line 4; add conflict to data.polarities`,
	} {
		if _, err := OpenReader(t.Context(), "f.xml", strings.NewReader(file), cleaned(c)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Another mapping is another way of reading.
func TestCategoriesAreInTheCacheKey(t *testing.T) {
	path, o := madeFile(t, 100)
	c := configs.Default()
	other := c
	other.Data.Categories = []configs.Category{{Category: "food", Aspect: "price"}}
	if a, b := mustOpen(t, path, c, o), mustOpen(t, path, other, o); b.Built() == "" || a.Fingerprint() == b.Fingerprint() {
		t.Error("the converted form of another mapping is taken")
	}
}

func TestRootElement(t *testing.T) {
	for file, want := range map[string]string{
		"<Reviews>": "Reviews",
		"\ufeff<?xml version='1.0'?>\n<!-- <a> -->\n<!DOCTYPE x>\n<Reviews x='y'>": "Reviews",
		"<sentences/>":                          "sentences",
		"":                                      "",
		"<Revi":                                 "",
		"<?xml":                                 "",
		"{":                                     "",
		strings.Repeat(" ", 5000) + "<Reviews>": "",
	} {
		if got := rootElement(bufio.NewReader(strings.NewReader(file))); got != want {
			t.Errorf("%.40q: %q, want %q", file, got, want)
		}
	}
}

// Reviews of 2015 whose pieces are odd in any place are read as the decoder reads
// them.
func TestOpenReadsOnInReviews(t *testing.T) {
	const between = "</sentences>\n</Review><!-- c -->\n<Review rid=\"2\">\n<sentences>"
	one := func(id string) string {
		return "<sentence id=\"" + id + "\" OutOfScope=\"TRUE\">\n<text>Text &amp; " + id + "</text><Opinions>\n<Opinion target='NULL' category=\"FOOD#QUALITY\" polarity=\"positive\" from='0' to='0'/></Opinions></sentence>\n"
	}
	tests := map[string]string{
		"plain":                one("1") + one("2") + between + one("3"),
		"an empty review":      one("1") + between + between + one("2"),
		"closed at once":       one("1") + "</sentences></Review><Review/><Review><sentences>" + one("2"),
		"odd":                  one("1") + between + "<sentence id='2'><text>x</text ></sentence>" + between + one("3"),
		"without sentences":    one("1") + "</sentences></Review><Review></Review><Review><sentences>" + one("2"),
		"two lists":            one("1") + "</sentences><sentences>" + one("2"),
		"opinions of a review": one("1") + "</sentences><Opinions/></Review><Review><sentences>" + one("2"),
		"parts of 2014":        one("1") + "<sentence id='2'><text>x</text><aspectCategories/></sentence>",
		"two roots":            one("1") + "</sentences></Review></Reviews><Reviews><Review><sentences>" + one("2"),
		"id twice":             one("1") + between + one("1"),
		"cut off":              one("1") + between + "<sentence",
		"another category":     one("1") + between + strings.ReplaceAll(one("2"), "FOOD", "ROOM"),
	}
	for name, inner := range tests {
		t.Run(name, func(t *testing.T) {
			file := "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Reviews>\n<Review rid=\"1\">\n<sentences>\n" + inner + "</sentences>\n</Review>\n</Reviews>\n"
			for size := 1; size < 300; size += 17 {
				sameAsRead(t, size, file, cleaned(configs.Default().Data))
			}
		})
	}
	sameAsRead(t, 50, "<sentences>"+one("1")+"</sentences>", cleaned(configs.Default().Data))
}

// A split of reviews keeps every review, and each sentence in its own.
func TestRecordsOfReviews(t *testing.T) {
	file := "<Reviews><Review rid='1'><sentences>\n<sentence id='1:0'><text>a</text></sentence>\n<sentence id='1:1'><text>b</text></sentence>\n</sentences></Review>\n<Review rid='2'><sentences>\n<sentence id='2:0'><text>c</text></sentence>\n</sentences></Review></Reviews>\n"
	var got []string
	for r, err := range Records("f.xml", strings.NewReader(file), RecordOptions{}) {
		if err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		got = append(got, r.ID+" "+strings.TrimSpace(file[r.From:r.To]))
	}
	want := []string{
		"1:0 <sentence id='1:0'><text>a</text></sentence>",
		"1:1 <sentence id='1:1'><text>b</text></sentence>",
		"2:0 <sentence id='2:0'><text>c</text></sentence>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
