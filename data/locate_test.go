package data

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/data/sample"
)

// TestLocate holds which part of a text each token is made of.
func TestLocate(t *testing.T) {
	tests := []struct {
		name, cleaning, text string
		want                 []string // token=part
	}{
		{"plain", "none", "The staff, alas, was RUDE.", []string{"the=The", "staff=staff", ",=,", "alas=alas", ",=,", "was=was", "rude=RUDE", ".=."}},
		{"contraction", "none", "wouldn't've", []string{"would=would", "n't=n't", "'ve='ve"}},
		{"curly", "none", "“don’t”", []string{`"=“`, "do=do", "n't=n’t", `"=”`}},
		{"runs", "none", "wow!!!!!!so good..ok....fine…yes", []string{"wow=wow", "!!!=!!!", "so=so", "good=good", "...=..", "ok=ok", "...=...", "fine=fine", "...=…", "yes=yes"}},
		{"dashes", "none", "cheap——nice–ish", []string{"cheap=cheap", "---=——", "nice=nice", "-=–", "ish=ish"}},
		{"quotes of LaTeX", "none", "``fine''", []string{"\"=``", "fine=fine", "\"=''"}},
		{"nothing wide", "none", "so\u00adft\u200b bed", []string{"soft=so\u00adft", "bed=bed"}},
		{"emoji", "none", "good😍😍!", []string{"good=good", "😍😍=😍😍", "!=!"}},
		{"repeated", "none", "a b a  a", []string{"a=a", "b=b", "a=a", "a=a"}},
		{"no more than are read", "none", "a b c d e f g h i j k", strings.Fields("a=a b=b c=c d=d e=e f=f g=g h=h i=i j=j")},
		{"article, folded", "article", "Straße 5 İzmir ¿ﬁne?", []string{"strasse=Straße", "i\u0307zmir=İzmir", "¿fine=¿ﬁne"}},
		{"article", "article", "The waiters didn't care: 3 (three!) OF them", []string{"waiters=waiters", "didnt=didn't", "care=care", "three=three"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			locate, err := NewLocator(configs.Text{Cleaning: test.cleaning, MaxTokens: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range locate(test.text) {
				got = append(got, w.Token+"="+test.text[w.Start:w.End])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := NewLocator(configs.Text{Cleaning: "some", MaxTokens: 1}); err == nil {
		t.Error("cleaning that is not known is taken")
	}
}

// FuzzLocate holds that the tokens are the tokenizer's and stand in order, none in
// another.
func FuzzLocate(f *testing.F) {
	for s, err := range Stream("sample.xml", bytes.NewReader(sample.Test()), StreamOptions{}) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.Text)
	}
	for _, text := range []string{"''' `` '' ", "...''..", "\u0345a\u0345", "İstanbul ǅ", "——-–—", "\xffa\xff.b", "'''s", "❤️❤️‍🔥👍🏽👍🏽"} {
		f.Add(text)
	}
	type cutters struct {
		tokenize Tokenizer
		locate   Locator
	}
	by := map[configs.Text]cutters{}
	for _, cfg := range append(articleWays(), configs.Text{Cleaning: "none", MaxTokens: 60}) {
		tokenize, err := NewTokenizer(cfg)
		if err != nil {
			f.Fatal(err)
		}
		locate, err := NewLocator(cfg)
		if err != nil {
			f.Fatal(err)
		}
		by[cfg] = cutters{tokenize, locate}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for cfg, c := range by {
			var tokens []string
			end := 0
			for _, w := range c.locate(text) {
				tokens = append(tokens, w.Token)
				// A letter that folds to two can be parted: thiß is this and s.
				parted := cfg.Tokenizer == "spacy" && w.End == w.Start
				if w.Start < end || w.End <= w.Start && !parted || w.End > len(text) {
					t.Errorf("%+v: %q: token %q at %d to %d, after %d", cfg, text, w.Token, w.Start, w.End, end)
				}
				end = w.End
			}
			if want := c.tokenize(text); !slices.Equal(want, tokens) {
				t.Errorf("%+v: %q:\nwant %q\n got %q", cfg, text, want, tokens)
			}
		}
	})
}
