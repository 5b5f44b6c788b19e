package wordpiece

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

// answer is what the Python library says of a text or a pair.
type answer struct {
	Texts   []string   `json:"texts"`
	Max     int        `json:"max"` // 0: not shortened
	IDs     []int32    `json:"ids"`
	Types   []int32    `json:"types"`
	Offsets [][2]int32 `json:"offsets"` // in characters
	Of      []*int8    `json:"of"`      // null: special
}

// tokens are those of the answer, with their places in bytes.
func (a answer) tokens() []Token {
	var bytes [2][]int32 // of each character, and of the end
	for i, text := range a.Texts {
		for at := range text {
			bytes[i] = append(bytes[i], int32(at))
		}
		bytes[i] = append(bytes[i], int32(len(text)))
	}
	tokens := make([]Token, len(a.IDs))
	for i := range tokens {
		tokens[i] = Token{ID: a.IDs[i], Type: a.Types[i], Text: Special}
		if of := a.Of[i]; of != nil {
			tokens[i].Text = *of
			tokens[i].Start, tokens[i].End = bytes[*of][a.Offsets[i][0]], bytes[*of][a.Offsets[i][1]]
		}
	}
	return tokens
}

// encoded is the answer of this package.
func encoded(t testing.TB, made *Tokenizer, texts []string, maxLength int) []Token {
	t.Helper()
	var (
		tokens []Token
		err    error
	)
	if len(texts) == 2 {
		tokens, err = made.EncodePair(nil, texts[0], texts[1], maxLength)
	} else {
		tokens, err = made.Encode(nil, texts[0], maxLength)
	}
	if err != nil {
		t.Fatalf("%+q: %v", texts, err)
	}
	return tokens
}

func open(t testing.TB, folder string) *Tokenizer {
	t.Helper()
	made, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// expected reads a part of what reference/golden_wordpiece.py wrote.
func expected(t *testing.T, part string, dst any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(parts[part], dst); err != nil {
		t.Fatal(err)
	}
}

func TestGoldens(t *testing.T) {
	for _, folder := range []string{"uncased", "accents", "raw"} {
		t.Run(folder, func(t *testing.T) {
			made := open(t, filepath.Join("testdata", folder))
			var answers []answer
			expected(t, folder, &answers)
			if len(answers) < 100 {
				t.Fatalf("%d answers", len(answers))
			}
			for _, a := range answers {
				if got, want := encoded(t, made, a.Texts, a.Max), a.tokens(); !slices.Equal(got, want) {
					t.Errorf("%+q, at most %d:\n got %v\nwant %v", a.Texts, a.Max, got, want)
				}
			}
		})
	}
}

// Every character becomes what it becomes in Python, in each setting of the
// normalizer, whatever version of Unicode this Go has.
func TestCharacters(t *testing.T) {
	want := map[string]string{}
	expected(t, "characters", &want)
	if len(want) != 16 {
		t.Fatalf("%d settings, want 16", len(want))
	}
	for setting := range 16 {
		n := newNormalizer(setting&1 != 0, setting&2 != 0, setting&4 != 0, setting&8 != 0)
		sum := sha256.New()
		var o normal
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if utf8.ValidRune(r) {
				o.reset()
				text := string(r)
				n.run(&o, text, 0, len(text))
				sum.Write(append(o.text, '\n'))
			}
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want[strconv.Itoa(setting)] {
			t.Errorf("setting %s: a character differs from Python's; TestSoakPythonCharacters says which, with ABSA_TEST_PYTHON set",
				fmt.Sprintf("%04b (lowercase, strip_accents, handle_chinese_chars, clean_text)", setting))
		}
	}
}
