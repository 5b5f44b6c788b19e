package data

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"absa/configs"

	"github.com/google/go-cmp/cmp"
)

// inSpacy runs a script that reads JSON from standard input and prints JSON, in a
// Python that has spaCy.
func inSpacy(t *testing.T, input any, script string, answer any) {
	t.Helper()
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has the packages of reference/requirements.txt")
	}
	stdin, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, sys
sys.path.append("../examples/pytorch")
import spacy
`+script)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v (make venv installs spaCy)\n%s", python, err, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), answer); err != nil {
		t.Fatal(err)
	}
}

// sameInSpacy holds that texts are cut as in Python, those aside that have a
// character which its tables of Unicode lack.
func sameInSpacy(t *testing.T, texts []string, ways ...configs.Text) {
	t.Helper()
	var settings []map[string]any
	for _, way := range ways {
		settings = append(settings, map[string]any{"cleaning": way.Cleaning, "stop_words": way.StopWords, "tokenizer": way.Tokenizer, "max_tokens": way.MaxTokens})
	}
	var answers [][][]string // of each way
	inSpacy(t, map[string]any{"texts": texts, "ways": settings}, `
import unicodedata
from tokens import tokenizer
read = json.load(sys.stdin)
known = lambda text: all(unicodedata.category(c) != "Cn" for c in text)
print(json.dumps([[tokenize(text) if known(text) else None for text in read["texts"]] for tokenize in map(tokenizer, read["ways"])]))
`, &answers)
	for k, way := range ways {
		if len(answers[k]) != len(texts) {
			t.Fatalf("%d answers to %d texts", len(answers[k]), len(texts))
		}
		tokenize := newTokenizer(t, way)
		wrong, unknown := 0, 0
		for i, text := range texts {
			want := answers[k][i]
			if want == nil {
				unknown++
			} else if got := tokenize(text); !slices.Equal(got, want) {
				if wrong++; wrong <= 20 {
					t.Errorf("%s, stop words %s: %+q\n got %+q\nwant %+q", way.Tokenizer, way.StopWords, text, got, want)
				}
			}
		}
		t.Logf("%s, stop words %s: %d of %d texts differ, %d have a character that Python does not know", way.Tokenizer, way.StopWords, wrong, len(texts), unknown)
	}
}

// Every sentence is cut as by Python and spaCy.
func TestSpacySentences(t *testing.T) {
	for _, file := range []string{"train.xml", "test.xml", semevalTrain, semevalTest} {
		t.Run(file, func(t *testing.T) {
			var texts []string
			for _, r := range articleReviews(t, file) {
				texts = append(texts, r.Text)
			}
			sameInSpacy(t, texts, articleWays()...)
		})
	}
}

// TestSoakSpacyCharacters holds that every character of Unicode is treated as by
// Python and spaCy: alone, before, behind and within a word, and beside a dash.
// Without ABSA_SOAK those are left out in which planes are alike.
func TestSoakSpacyCharacters(t *testing.T) {
	var texts []string
	for r := rune(0); r <= utf8.MaxRune; r++ {
		alike := 0x3400 <= r && r < 0xa000 || 0xac00 <= r && r < 0xd700 || 0xe000 <= r && r < 0xf800 || r >= 0x10000 && (r < 0x1d000 || r >= 0x20000)
		if !utf8.ValidRune(r) || alike && os.Getenv("ABSA_SOAK") == "" && r%64 != 0 {
			continue
		}
		c := string(r)
		texts = append(texts, c, c+"ab", "ab"+c, "a"+c+"b", "a–"+c+"–b")
	}
	for part := range slices.Chunk(texts, 500_000) {
		sameInSpacy(t, part, articleWays()[3])
	}
}

// Words put together at random are cut as by Python and spaCy.
func TestSpacyRandomWords(t *testing.T) {
	pieces := strings.Fields(`a b s z the dont cant im id its ill thats gonna cannot yall wed em DON'T İ ß ﬁ ς Σ ſ ŉ é é x² ٣ 7 12
		don’t it’s o’clock ’ ’s ’em ’’ ol’ doin ol ‘ ‘s ' " “ ” „ « » … …… . .. ... - – — —— ~ · ¿ ¡ § £ $ € ﷼ ° °c + = % , ; : ! ? ( ) ¬ © ™ ★ ❤ ❤️ 😋 👍🏽 🫠 寿 司 。 「 」 ಠ ︵ а я ё γ ا ب`)
	pieces = append(pieces, " ", " ", "\t", "\x1c", "\x1f", "\u0085", "\u00a0", "\u2003", "\u200b", "\ufeff", "\x00", "\ufffd", "\ufe0f", "\u0301")
	rng := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, 200_000)
	for i := range texts {
		for range 1 + rng.IntN(6) {
			texts[i] += pieces[rng.IntN(len(pieces))]
		}
	}
	sameInSpacy(t, texts, articleWays()[3])
}

// The special words are those of spaCy's that cleaning can leave and that would be
// cut otherwise.
func TestSpacySpecials(t *testing.T) {
	var rules map[string][]string
	inSpacy(t, nil, `
from spacy.symbols import ORTH
cut = spacy.blank("en").tokenizer
affix = lambda word: len(word) > 1 and (cut.find_prefix(word) or cut.find_suffix(word))
print(json.dumps({word: [part[ORTH] for part in parts] for word, parts in cut.rules.items() if len(parts) > 1 or affix(word)}))
`, &rules)
	want := map[string][]string{}
	clean := newTokenizer(t, articleWays()[1])
	for word, parts := range rules {
		if slices.Equal(clean(word), []string{word}) {
			want[word] = parts
		}
	}
	if diff := cmp.Diff(want, spacySpecials()); diff != "" {
		t.Errorf("(-spaCy +absa):\n%s", diff)
	}
}
