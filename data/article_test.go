package data

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"absa/configs"
	"absa/data/sample"
)

// articleWays are the ways to cut a cleaned sentence, as reference/article_text.py
// orders them.
func articleWays() []configs.Text {
	var ways []configs.Text
	for _, cut := range []string{"words", "spacy"} {
		for _, stop := range []string{"drop", "keep"} {
			ways = append(ways, configs.Text{Cleaning: "article", StopWords: stop, Tokenizer: cut, MaxTokens: 1 << 30})
		}
	}
	return ways
}

func newTokenizer(t testing.TB, cfg configs.Text) Tokenizer {
	t.Helper()
	tokenize, err := NewTokenizer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tokenize
}

// TestArticleText holds that every sentence is cut as by Python and spaCy, of
// which testdata/article.tsv has what reference/article_text.py found.
func TestArticleText(t *testing.T) {
	text, err := os.ReadFile("testdata/article.tsv")
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string][]string{} // the lines of each corpus
	corpus := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "# "); ok {
			corpus = name
		} else {
			golden[corpus] = append(golden[corpus], line)
		}
	}
	for _, file := range []string{"train.xml", "test.xml", semevalTrain, semevalTest} {
		t.Run(path.Base(file), func(t *testing.T) {
			reviews := articleReviews(t, file)
			want := golden[path.Base(file)]
			if len(want) != len(reviews) {
				t.Fatalf("%d sentences, the golden file has %d", len(reviews), len(want))
			}
			got := make([]string, len(reviews))
			for i, r := range reviews {
				got[i] = r.ID
			}
			for _, way := range articleWays() {
				tokenize := newTokenizer(t, way)
				for i, r := range reviews {
					tokens := tokenize(r.Text)
					hash := sha256.Sum256([]byte(strings.Join(tokens, "\n")))
					got[i] += fmt.Sprintf("\t%d:%x", len(tokens), hash[:3])
				}
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%q\n got %s\nwant %s", reviews[i].Text, got[i], want[i])
				}
			}
		})
	}
}

// articleReviews are those of a public corpus or of the embedded one.
func articleReviews(t *testing.T, file string) []Review {
	t.Helper()
	embedded, ok := map[string]func() []byte{"train.xml": sample.Train, "test.xml": sample.Test}[file]
	if !ok {
		return semeval(t, file).Reviews
	}
	corpus, err := ReadFrom(file, bytes.NewReader(embedded()), restaurants())
	if err != nil {
		t.Fatal(err)
	}
	return corpus.Reviews
}

func TestArticleCutters(t *testing.T) {
	tests := []struct {
		name, text, stopWords, tokenizer, want string // tokens joined by |
	}{
		{"stop words kept", "The FOOD was not good, isn't it?", "keep", "words", "the|food|was|not|good|isnt|it"},
		{"case folded", "Straße ﬁsh ΌΣΟΣ İzmir ſo ꭰᎠ", "drop", "words", "strasse|fish|όσοσ|i\u0307zmir|ᎠᎠ"},
		{"digits of all kinds", "x² ٣rd ①st ½ Ⅷ", "drop", "words", "x|rd|st|½|ⅷ"},
		{"separators of Python", "a1\x1cb1\x1dc\x1e\x1fd2", "keep", "words", "a|b|c|d"},
		{"contractions", "I'm sure they'd've, can't, don't; gonna cannot y'all", "keep", "spacy", "i|m|sure|they|d|ve|ca|nt|do|nt|gon|na|can|not|y|all"},
		{"contractions that are words", "It's I'll she'd we're", "keep", "spacy", "its|ill|shed|were"},
		{"words that are contractions", "id lets thats whys", "keep", "spacy", "i|d|lets|that|s|why|s"},
		{"curly quotes", "“Don’t” it’s Joe‘s ‘s ‘‘so’’", "keep", "spacy", "“|do|n’t|”|it|’s|joe‘s|‘s|‘|‘|so|’’"},
		{"parted and joined", "‘s… (‘s—b)", "keep", "spacy", "‘s|…|‘s|—|b"},
		{"an affix beside a contraction", "“cant …im… £id—", "keep", "spacy", "“|ca|nt|…|i|m|…|£|i|d|—"},
		{"special words beside each other", "’’’’ ’’’’a ’em’ doin’’", "keep", "spacy", "’|’’|’|’’|’|’|a|’em|’|doin’|’"},
		{"ellipses", "so…… good…………bad…", "keep", "spacy", "so|……|good|…|…|…|…|bad|…"},
		{"dashes", "naïve—or––not a–b a——b a———b —a a–1", "keep", "spacy", "naïve|—|or––not|a|–|b|a|——|b|a———b|—|a|a|–"},
		{"currencies", "£5 5€ £good€", "keep", "spacy", "£|€|£|good€"},
		{"emoji", "yum😋😋ok ❤️x good★", "keep", "spacy", "yum|😋|😋|ok|❤|\ufe0fx|good|★"},
		{"a sign newer than the rules", "a🫠b", "keep", "spacy", "a🫠b"},
		{"other scripts", "寿司。好！ 寿—司", "keep", "spacy", "寿司。好|！|寿|—|司"},
		{"nothing left", "$1.99!", "keep", "spacy", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tokenize := newTokenizer(t, configs.Text{Cleaning: "article", StopWords: test.stopWords, Tokenizer: test.tokenizer, MaxTokens: 60})
			if got := strings.Join(tokenize(test.text), "|"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A megabyte without white space is cut as shorter words are, without a look
// through all of it for each token, which would take hours.
func TestEndlessWords(t *testing.T) {
	tokenize := newTokenizer(t, articleWays()[3])
	for unit, tokens := range map[string]int{"—": 1, "a—": 2, "…": 1, "‘s": 0, "’s": 1, "😀": 1, "a": 0, "£": 1, "cant—": 2} {
		field := strings.Repeat(unit, 1<<20/len(unit))
		got := tokenize(field)
		if strings.Join(got, "") != field {
			t.Errorf("%q: the tokens are not the word", unit)
		}
		if least := tokens * (1<<20/len(unit) - 1) / 2; len(got) < least || tokens == 0 && len(got) > 2 {
			t.Errorf("%q: %d tokens", unit, len(got))
		}
	}
}
