package data

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"

	"github.com/google/go-cmp/cmp"
)

// restaurants is the schema of SemEval-2014's restaurant reviews.
func restaurants() configs.Data {
	return configs.Data{
		Train:          configs.Sample,
		Test:           configs.Sample,
		Aspects:        []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience"},
		Polarities:     []string{"positive", "negative", "conflict", "neutral"},
		Contradictions: "error",
	}
}

const (
	semevalTrain = "semeval2014/Restaurants_Train_v2.xml"
	semevalTest  = "semeval2014/Restaurants_Test_Gold.xml"

	semeval2015     = "semeval2015/ABSA-15_Restaurants_Train_Final.xml"
	semeval2015Test = "semeval2015/ABSA15_Restaurants_Test.xml"
	semeval2016     = "semeval2016/ABSA16_Restaurants_Train_SB1_v2.xml"
)

// publicFile returns the path of a file of the public corpora, which are no
// part of the repository, or skips the test.
func publicFile(t testing.TB, file string) string {
	t.Helper()
	folder := os.Getenv("ABSA_TEST_DATA")
	if folder == "" {
		t.Skipf("needs %s: set ABSA_TEST_DATA to the folder that holds it", file)
	}
	return filepath.Join(folder, filepath.FromSlash(file))
}

func semeval(t testing.TB, file string) *Corpus {
	t.Helper()
	c, err := Read(publicFile(t, file), restaurants())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSemEval2014(t *testing.T) {
	tests := []struct {
		file      string
		sha256    string
		sentences int
		labels    int
		merged    []string
		table     string
	}{
		{
			file:      semevalTrain,
			sha256:    "223601da1bded6caa4ef9cf91a7007578141ca6d8ed50d5a5c217565f89d2fc5",
			sentences: 3041,
			labels:    3711,
			merged:    []string{"3561", "258"},
			table: `
aspect                   absent  positive  negative  conflict  neutral
service                    2444       324       218        35       20
food                       1809       867       209        66       90
anecdotes/miscellaneous    1911       544       199        30      357
price                      2720       179       115        17       10
ambience                   2610       263        98        47       23
`,
		},
		{
			file:      semevalTest,
			sha256:    "f21509cfa37e16534cd5b2da043be487355b64ef48fe8d6aaacaeca6b49cc0fb",
			sentences: 800,
			labels:    1025,
			table: `
aspect                   absent  positive  negative  conflict  neutral
service                     628       101        63         5        3
food                        382       302        69        16       31
anecdotes/miscellaneous     566       127        41        15       51
price                       717        51        28         3        1
ambience                    682        76        21        13        8
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			c := semeval(t, tt.file)
			stats := c.Statistics()
			if got, want := len(c.Reviews), tt.sentences; got != want {
				t.Errorf("%d sentences, want %d", got, want)
			}
			if got, want := c.SHA256, tt.sha256; got != want {
				t.Errorf("SHA256 = %s, want %s", got, want)
			}
			if diff := cmp.Diff(tt.merged, c.Merged); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			if len(c.Dropped) != 0 {
				t.Errorf("dropped %v, want none", c.Dropped)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.table, "\n"), stats.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
			// The table counts labels of the reviews, in which duplicates are one.
			if got, want := stats.Labels(), tt.labels; got != want {
				t.Errorf("%d labels, want %d", got, want)
			}
		})
	}
}

// SemEval-2015 and 2016 have several opinions of an aspect, whose categories are led
// to the aspects of SemEval-2014.
func TestSemEval2015And2016(t *testing.T) {
	tests := []struct {
		file              string
		sentences, labels int
		table             string
	}{
		{semeval2015, 1315, 1406, `
aspect                   absent  positive  negative  conflict  neutral
service                    1059       153        95         1        7
food                        785       382       108        22       18
anecdotes/miscellaneous     967       273        65         1        9
price                      1205        63        40         1        6
ambience                   1153       128        22         4        8
`},
		{semeval2015Test, 685, 741, `
aspect                   absent  positive  negative  conflict  neutral
service                     526        40       110         4        5
food                        427       169        72         7       10
anecdotes/miscellaneous     496       115        61         1       12
price                       619        15        48         0        3
ambience                    616        45        17         1        6
`},
		{semeval2016, 2000, 2152, `
aspect                   absent  positive  negative  conflict  neutral
service                    1581       194       206         7       12
food                       1212       552       181        29       26
anecdotes/miscellaneous    1458       388       128         1       25
price                      1823        80        89         1        7
ambience                   1774       172        34         5       15
`},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			c := semeval(t, tt.file)
			stats := c.Statistics()
			if len(c.Reviews) != tt.sentences || stats.Labels() != tt.labels || len(c.Merged)+len(c.Dropped) > 0 {
				t.Errorf("%d sentences, %d labels, %d merged, %d dropped; want %d, %d, none", len(c.Reviews), stats.Labels(), len(c.Merged), len(c.Dropped), tt.sentences, tt.labels)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.table, "\n"), stats.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
			opinions := 0
			for r, err := range Records(tt.file, strings.NewReader(content(t, publicFile(t, tt.file))), RecordOptions{}) {
				if err != nil || r.Err != nil {
					t.Fatal(err, r.Err)
				}
				opinions += len(r.Labels)
			}
			if want := map[int]int{1315: 1654, 685: 845, 2000: 2507}[tt.sentences]; opinions != want {
				t.Errorf("%d opinions, want %d", opinions, want)
			}
		})
	}
}

// MAMS-ACSA has no sentence ids and aspects of its own.
func TestMAMS(t *testing.T) {
	cfg := restaurants()
	cfg.Aspects = []string{"food", "service", "staff", "price", "ambience", "menu", "place", "miscellaneous"}
	for file, want := range map[string][2]int{"mams-acsa/train.xml": {3149, 7090}, "mams-acsa/val.xml": {400, 888}} {
		c, err := Read(publicFile(t, file), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{len(c.Reviews), c.Statistics().Labels()}; got != want {
			t.Errorf("%s: %d sentences and labels, want %d", file, got, want)
		}
	}
}

// With a mapping MAMS-ACSA has the aspects of SemEval-2014.
func TestMAMSMapped(t *testing.T) {
	cfg := restaurants()
	cfg.Categories = []configs.Category{
		{Category: "staff", Aspect: "service"}, {Category: "menu", Aspect: "food"},
		{Category: "place", Aspect: "anecdotes/miscellaneous"}, {Category: "miscellaneous", Aspect: "anecdotes/miscellaneous"},
	}
	c, err := Read(publicFile(t, "mams-acsa/train.xml"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	const table = `
aspect                   absent  positive  negative  conflict  neutral
service                    1284       467      1190        27      181
food                        663       796       274        18     1398
anecdotes/miscellaneous    1680       341       321         8      799
price                      2827        72       114         0      136
ambience                   2825       181        90         0       53
`
	if diff := cmp.Diff(strings.TrimPrefix(table, "\n"), c.Statistics().String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestSample(t *testing.T) {
	train, err := ReadFrom("train.xml", bytes.NewReader(sample.Train()), restaurants())
	if err != nil {
		t.Fatal(err)
	}
	test, err := ReadFrom("test.xml", bytes.NewReader(sample.Test()), restaurants())
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, tt := range []struct {
		corpus    *Corpus
		sentences int
	}{{train, 500}, {test, 120}} {
		c := tt.corpus
		if got, want := len(c.Reviews), tt.sentences; got < want {
			t.Errorf("%d sentences, want at least %d", got, want)
		}
		if len(c.Merged)+len(c.Dropped) > 0 {
			t.Errorf("merged %v, dropped %v, want a corpus without either", c.Merged, c.Dropped)
		}
		for _, a := range c.Statistics().Aspects {
			for p, n := range a.Counts {
				if n == 0 {
					t.Errorf("%d sentences: none has %s = %s", len(c.Reviews), a.Aspect, c.Schema.Polarities[p])
				}
			}
		}
		for _, r := range c.Reviews {
			text := strings.ToLower(r.Text)
			if other, ok := texts[text]; ok {
				t.Errorf("sentences %s and %s have one text", other, r.ID)
			}
			texts[text] = r.ID
		}
	}
}

func BenchmarkReadFrom(b *testing.B) {
	file, err := os.ReadFile(publicFile(b, semevalTrain))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := ReadFrom("train.xml", strings.NewReader(string(file)), restaurants()); err != nil {
			b.Fatal(err)
		}
	}
}
