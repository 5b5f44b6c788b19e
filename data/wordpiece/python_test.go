package wordpiece

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// sameInPython holds that texts, or pairs, get the ids, types and offsets that the
// Python library gives them with the files of a folder, cut to a length if that is
// not 0.
func sameInPython(t *testing.T, folder string, texts [][]string, maxLength int) {
	t.Helper()
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has the packages of reference/requirements.txt")
	}
	stdin, err := json.Marshal(map[string]any{"folder": folder, "texts": texts, "max": maxLength})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, os, sys
from tokenizers import BertWordPieceTokenizer, Tokenizer
read = json.load(sys.stdin)
path = os.path.join(read["folder"], "tokenizer.json")
if os.path.exists(path):
    made = Tokenizer.from_file(path)
else:
    with open(os.path.join(read["folder"], "tokenizer_config.json")) as file:
        said = json.load(file)
    made = BertWordPieceTokenizer(os.path.join(read["folder"], "vocab.txt"), lowercase=said["do_lower_case"], strip_accents=said["strip_accents"])
made.no_truncation(), made.no_padding()
if read["max"]:
    made.enable_truncation(read["max"], strategy="longest_first")
for texts in read["texts"]:
    said = made.encode(*texts)
    print(json.dumps([said.ids, said.type_ids, said.offsets, said.sequence_ids], separators=(",", ":")))
`)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v (make venv installs tokenizers)\n%s", python, err, stderr.String())
	}
	made := open(t, folder)
	answers := json.NewDecoder(&stdout)
	wrong, tokens := 0, 0
	for _, pair := range texts {
		a := answer{Texts: pair}
		if err := answers.Decode(&[]any{&a.IDs, &a.Types, &a.Offsets, &a.Of}); err != nil {
			t.Fatal(err)
		}
		got, want := encoded(t, made, pair, maxLength), a.tokens()
		tokens += len(want)
		if !slices.Equal(got, want) {
			if wrong++; wrong <= 20 {
				t.Errorf("%+q\n got %v\nwant %v", pair, got, want)
			}
		}
	}
	t.Logf("%s, at most %d: %d of %d texts differ, of %d tokens", folder, maxLength, wrong, len(texts), tokens)
}

// folders are those of testdata, and that of a real encoder where there is one.
func folders(t testing.TB) []string {
	all := []string{"testdata/uncased", "testdata/accents", "testdata/raw", vocabOnly(t)}
	if real := encoder(); real != "" {
		return append(all, real)
	}
	t.Log("without a real vocabulary: run absa fetch minilm-l6, or set ABSA_TEST_ENCODER to the folder of an encoder")
	return all
}

// encoder is the folder of a real encoder, or empty.
func encoder() string {
	if folder := os.Getenv("ABSA_TEST_ENCODER"); folder != "" {
		return folder
	}
	folder := filepath.Join("..", "raw", "minilm-l6")
	if _, err := os.Stat(filepath.Join(folder, "tokenizer.json")); err != nil {
		return ""
	}
	return folder
}

// vocabOnly is a folder with vocab.txt and tokenizer_config.json, of a vocabulary
// that keeps letter case and accents.
func vocabOnly(t testing.TB) string {
	t.Helper()
	made := open(t, "testdata/uncased")
	lines := make([]string, made.Size())
	for token, id := range made.model.first {
		lines[id] = token
	}
	folder := t.TempDir()
	put(t, folder, "vocab.txt", strings.Join(lines, "\n")+"\n")
	put(t, folder, "tokenizer_config.json", `{"do_lower_case": false, "strip_accents": null, "model_max_length": 512}`)
	return folder
}

func put(t testing.TB, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// singles has each text by itself, and pairs each with the one behind it.
func singles(texts []string) (all [][]string) {
	for _, text := range texts {
		all = append(all, []string{text})
	}
	return all
}

func pairs(texts []string) (all [][]string) {
	for i := range len(texts) - 1 {
		all = append(all, texts[i:i+2])
	}
	return all
}

// Every sentence of the corpora is encoded as in Python.
func TestPythonSentences(t *testing.T) {
	texts := sentences(t, filepath.Join("..", "sample"))
	if public := os.Getenv("ABSA_TEST_DATA"); public != "" {
		texts = append(texts, sentences(t, public)...)
	} else {
		t.Log("the sample corpus alone: set ABSA_TEST_DATA to the folder of the public corpora")
	}
	all := folders(t)
	for _, folder := range all {
		sameInPython(t, folder, singles(texts), 0)
	}
	last := all[len(all)-1]
	sameInPython(t, last, singles(texts), 24)
	sameInPython(t, last, pairs(texts), 40)
}

// sentences are what stands in the elements "text" of all XML files below a folder.
func sentences(t *testing.T, folder string) (texts []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		for d := xml.NewDecoder(file); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "text" {
				var text string
				if err := d.DecodeElement(&text, &start); err != nil {
					return err
				}
				texts = append(texts, text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) == 0 {
		t.Fatalf("%s has no sentences", folder)
	}
	return texts
}

// random are texts put together of words, of odd characters, and of any.
func random(count int) []string {
	pieces := strings.Fields(`the pasta was great unbelievable waiting creme brulee s a b i believ ##able [CLS] [SEP] [MASK] [PAD] [UNK] [cls] [CLS [ ] [[
		THE Pasta GREAT İ ı İstanbul ß ẞ ς Σ ΟΔΟΣ é É ñ Å Å ﬁ ǅ ǆ ŉ ᾳ ᾼ ΐ ﷺ ½ ² ٣ 7 12 crème brûlée вкусно й ѝ ё 寿 司 寿司 豈 﨎 丽 ご が ガ ｶﾞ 한국 각 ᄒ ᅡ ᆫ ก็ हिन्दी
		👍 👍🏽 👨‍👩‍👧 ❤️ 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🫠 🫨 … — – ’ “ ” „ « » ¿ ¡ § £ $ € ₿ ° = + < > ^ | ~ \ / % , ; : ! ? ( ) . ' " - _ # @ & * {} ؟ 。 、 「 」 ・ ￥ ｡ ￥ ٪ ׀ ‿ 〰 ⸮ ⁇`)
	pieces = append(pieces, " ", " ", " ", "  ", "\t", "\n", "\r\n", "\v", "\f", "\x1c", "\x1f", "\x00", "\x7f", "\u0080", "\u0085", "\u009f", "\u00a0", "\u00ad",
		"\u0300", "\u0301", "\u0323", "\u0327", "\u0308", "\u0334", "\u0344", "\u0345", "\u035c", "\u0360", "\u0340", "\u0374", "\u037e", "\u0387", "\u0f71", "\u0f72", "\u0f73", "\u0f81", "\u302e", "\u3099", "\u309a",
		"\u1680", "\u180e", "\u2003", "\u200b", "\u200c", "\u200d", "\u200e", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufe0f", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "\U0010ffff",
		"\u1dfa", "\u1dfb", "\u08d3", "\u0898", "\u1ac1", "\u1734", "\u166d", "\u061d", "\u2e52", "\U00011938", "\U000105c9", "\U00016121", "\U0001d15e", "\U0001d165", "\U0001d16d", "\U0001d1bb", "\U00016ff0", "\U0001e94a", "\U0001e900",
		"\u1c89", "\ua7cb", "\ua7dc", "\u10a0", "\u13a0", "\uab70", "\u1c90", "\U00010d50", "\U00016ea0", "\U0002a700", "\U0002b73f", "\U0002b820", "\U0002b920", "\U0002ceaf", "\U0002ceb0", "\U00030000", "\U0002f800", "\ufa6d",
		strings.Repeat("a", 99), strings.Repeat("ab", 50), strings.Repeat("é", 50), strings.Repeat("e\u0301", 60), strings.Repeat("\u0323\u0301\u0334", 20), strings.Repeat("x", 1000))
	rng := rand.New(rand.NewPCG(1, 2))
	anything := func() string {
		for {
			bound := []rune{0x250, 0x3100, 0x10000, 0x20000, utf8.MaxRune + 1}[rng.IntN(5)]
			if r := rng.Int32N(bound); utf8.ValidRune(r) {
				return string(r)
			}
		}
	}
	texts := make([]string, count)
	for i := range texts { // the first is empty
		for range rng.IntN(12) * min(i, 1) {
			switch rng.IntN(4) {
			case 0:
				texts[i] += anything()
			case 1:
				texts[i] += pieces[rng.IntN(len(pieces))] + " "
			default:
				texts[i] += pieces[rng.IntN(len(pieces))]
			}
		}
	}
	return texts
}

// Texts put together at random are encoded as in Python.
func TestPythonRandomTexts(t *testing.T) {
	texts := random(30_000)
	for _, folder := range folders(t) {
		sameInPython(t, folder, singles(texts), 0)
	}
	for _, folder := range folders(t)[:3] {
		for maxLength := 3; maxLength <= 12; maxLength += 3 {
			sameInPython(t, folder, pairs(texts[:2000]), maxLength)
		}
	}
}

// TestSoakPythonCharacters holds that every character of Unicode is treated as in
// Python: alone, in a word, and between marks that it may change places with.
// Without ABSA_SOAK those are left out in which planes are alike.
func TestSoakPythonCharacters(t *testing.T) {
	var texts []string
	for r := rune(0); r <= utf8.MaxRune; r++ {
		alike := 0x3400 <= r && r < 0xa000 || 0xac00 <= r && r < 0xd700 || 0xe000 <= r && r < 0xf800 || r >= 0x10000 && (r < 0x1d000 || r >= 0x20000)
		if utf8.ValidRune(r) && (!alike || os.Getenv("ABSA_SOAK") != "" || r%64 == 0) {
			c := string(r)
			texts = append(texts, c, "a"+c+"b", "\u302e"+c+"\u1dfa\u302e"+c+"\u0334b")
		}
	}
	for _, folder := range folders(t)[:4] {
		for part := range slices.Chunk(texts, 500_000) {
			sameInPython(t, folder, singles(part), 0)
		}
	}
}
