package wordpiece

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// altered is a folder with the tokenizer.json of testdata, in which old is replaced.
func altered(t *testing.T, from, old, new string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", from, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	compact := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(string(text))
	if strings.Count(compact, old) == 0 {
		t.Fatalf("%s is not in %s", old, compact)
	}
	folder := t.TempDir()
	put(t, folder, "tokenizer.json", strings.Replace(compact, old, new, 1))
	return folder
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, from, old, new string
		want                 string // part of the error, behind the file's name
	}{
		{"another key", "uncased", `"truncation":null`, `"truncation":null,"x":[1, 2]`, "x: [1, 2] is not implemented"},
		{"another version", "uncased", `"version":"1.0"`, `"version":"2.0"`, `version: "2.0" is not implemented (want "1.0")`},
		{"no JSON", "uncased", `"truncation":null,`, `"truncation":null`, "invalid character"},
		{"another normalizer", "uncased", `"type":"BertNormalizer"`, `"type":"NFC"`, `normalizer.type: "NFC" is not implemented (want BertNormalizer)`},
		{"a key of the normalizer", "uncased", `"clean_text":true`, `"clean_text":true,"x":1`, "normalizer.x: 1 is not implemented"},
		{"no case", "uncased", `"lowercase":true`, `"lowercase":null`, "normalizer.lowercase is missing: want true or false"},
		{"a word for a truth", "uncased", `"strip_accents":null`, `"strip_accents":"yes"`, `normalizer.strip_accents: "yes": json: cannot unmarshal`},
		{"another pre-tokenizer", "uncased", `"type":"BertPreTokenizer"`, `"type":"Whitespace"`, `pre_tokenizer.type: "Whitespace" is not implemented (want BertPreTokenizer)`},
		{"another model", "uncased", `"type":"WordPiece"`, `"type":"BPE"`, `model.type: "BPE" is not implemented (want WordPiece)`},
		{"a key of the model", "uncased", `"type":"WordPiece"`, `"merges":[]`, "model.merges: [] is not implemented"},
		{"unknown not known", "uncased", `"unk_token":"[UNK]"`, `"unk_token":"<unk>"`, `model.unk_token: "<unk>" is not in model.vocab`},
		{"one id twice", "uncased", `"the":5`, `"the":6`, `model.vocab: "pasta" and "the" both have id 6: give each its own`},
		{"an id below 0", "uncased", `"the":5`, `"the":-1`, "model.vocab.the: id -1, want 0 to"},
		{"a normalised token", "uncased", `"normalized":false`, `"normalized":true`, "added_tokens[0].normalized: true is not implemented (want false)"},
		{"an added token without blanks beside it", "uncased", `"lstrip":false`, `"lstrip":true`, "added_tokens[0].lstrip: true is not implemented"},
		{"an added token with another id", "uncased", `"id":0,"content":"[PAD]"`, `"id":9,"content":"[PAD]"`, `added_tokens[0].id: 9 for "[PAD]", which has the id 0`},
		{"an empty added token", "uncased", `"content":"[PAD]"`, `"content":""`, `added_tokens[0].content: "" is not implemented`},
		{"another processor", "uncased", `"type":"TemplateProcessing"`, `"type":"RobertaProcessing"`, `post_processor.type: "RobertaProcessing" is not implemented (want TemplateProcessing or BertProcessing)`},
		{"a text twice", "uncased", `{"Sequence":{"id":"B","type_id":1}}`, `{"Sequence":{"id":"A","type_id":1}}`, "post_processor.pair: the text A is in it 2 times, want once"},
		{"a third text", "uncased", `{"id":"B","type_id":1}`, `{"id":"C","type_id":1}`, `post_processor.pair[3].Sequence.id: "C" is not implemented`},
		{"a special token without ids", "uncased", `"special_tokens":{"[CLS]"`, `"special_tokens":{"CLS"`, "post_processor.special_tokens.[CLS] is missing"},
		{"a list that is none", "accents", `"sep":["[SEP]",3]`, `"sep":["[SEP]"]`, `post_processor.sep: ["[SEP]"] is not implemented (want a list of a token and its id)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := altered(t, test.from, test.old, test.new)
			_, err := Open(folder)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), filepath.Join(folder, "tokenizer.json")+": ") {
				t.Errorf("error %v\nwant %s", err, test.want)
			}
		})
	}
}

// What the caller decides is not read, and early files do not name the model.
func TestOpenIgnores(t *testing.T) {
	for _, c := range [][2]string{
		{`"truncation":null`, `"truncation":{"max_length":1,"strategy":"OnlyFirst","stride":0}`},
		{`"padding":null`, `"padding":{"strategy":{"Fixed":9},"pad_id":0}`},
		{`"type":"WordPiece",`, ``},
	} {
		made := open(t, altered(t, "uncased", c[0], c[1]))
		if got := encoded(t, made, []string{"the pasta"}, 0); len(got) != 4 {
			t.Errorf("%s: %v", c[1], got)
		}
	}
}

func TestOpenVocab(t *testing.T) {
	const small = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nThe\né\n##e\n"
	tests := []struct {
		name, vocab, settings string
		want                  string  // part of the error
		ids                   []int32 // of "The é ée"
	}{
		{"no settings", small, "", "", []int32{2, 5, 1, 1, 3}},
		{"lower", small, `{"do_lower_case": true}`, "", []int32{2, 5, 1, 1, 3}},
		{"accents stay", small, `{"strip_accents": false}`, "", []int32{2, 5, 7, 7, 8, 3}},
		{"cased", small, `{"do_lower_case": false, "tokenizer_class": "DistilBertTokenizerFast"}`, "", []int32{2, 6, 7, 7, 8, 3}},
		{"Windows", strings.ReplaceAll(small, "\n", "\r\n"), "", "", []int32{2, 5, 1, 1, 3}},
		{"special tokens as objects", small, `{"cls_token": {"content": "[MASK]", "lstrip": false, "__type": "AddedToken"}}`, "", []int32{4, 5, 1, 1, 3}},
		{"blank line", "[PAD]\n\n", "", "vocab.txt:2: the line is blank", nil},
		{"a token twice", "[PAD]\nthe\nthe\n", "", `vocab.txt:3: "the" is on line 2 already`, nil},
		{"not UTF-8", "\xff\n", "", "vocab.txt: it is not UTF-8", nil},
		{"no special tokens", "the\n", "", `vocab.txt: "[UNK]" is not in it, the unk_token of `, nil},
		{"another class", small, `{"tokenizer_class": "RobertaTokenizer"}`, `tokenizer_config.json: tokenizer_class: "RobertaTokenizer" is not implemented`, nil},
		{"whole words", small, `{"do_basic_tokenize": false}`, "tokenizer_config.json: do_basic_tokenize: false is not implemented", nil},
		{"never split", small, `{"never_split": ["a"]}`, `tokenizer_config.json: never_split: ["a"] is not implemented`, nil},
		{"no truth", small, `{"do_lower_case": 1}`, "tokenizer_config.json: do_lower_case: 1: json", nil},
		{"a wide special token", small, `{"mask_token": {"content": "[MASK]", "lstrip": true}}`, "tokenizer_config.json: mask_token.lstrip: true is not implemented", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			put(t, folder, "vocab.txt", test.vocab)
			if test.settings != "" {
				put(t, folder, "tokenizer_config.json", test.settings)
			}
			made, err := Open(folder)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v\nwant %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []int32
			for _, token := range encoded(t, made, []string{"The é ée"}, 0) {
				ids = append(ids, token.ID)
			}
			if !slices.Equal(ids, test.ids) {
				t.Errorf("got %v, want %v", ids, test.ids)
			}
		})
	}
}

// A real vocabulary gives the same by vocab.txt alone as by tokenizer.json.
func TestOpenRealVocab(t *testing.T) {
	folder := encoder()
	if folder == "" {
		t.Skip("needs a real vocabulary: run absa fetch minilm-l6, or set ABSA_TEST_ENCODER to the folder of an encoder")
	}
	text, err := os.ReadFile(filepath.Join(folder, "vocab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	alone := t.TempDir()
	put(t, alone, "vocab.txt", string(text))
	if settings, err := os.ReadFile(filepath.Join(folder, "tokenizer_config.json")); err == nil {
		put(t, alone, "tokenizer_config.json", string(settings))
	}
	whole, short := open(t, folder), open(t, alone)
	if whole.Size() != short.Size() {
		t.Errorf("size %d, by vocab.txt %d", whole.Size(), short.Size())
	}
	for _, text := range random(2000) {
		if got, want := encoded(t, short, []string{text}, 0), encoded(t, whole, []string{text}, 0); !slices.Equal(got, want) {
			t.Errorf("%+q: got %v, by tokenizer.json %v", text, got, want)
		}
	}
}

func TestOpenWithoutFiles(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(folder); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), folder+" has neither tokenizer.json nor vocab.txt") {
		t.Errorf("error %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	made := open(t, "testdata/uncased")
	dst := []Token{{ID: 7}}
	for _, test := range []struct {
		text string
		max  int
		want string
	}{
		{"the\ufffd\xff", 0, "byte 6 is not UTF-8"},
		{"the", 1, "a length of at most 1, want at least 2 for the special tokens alone"},
		{"the", -1, "a length of at most -1"},
	} {
		if got, err := made.Encode(dst, test.text, test.max); err == nil || !strings.Contains(err.Error(), test.want) || !slices.Equal(got, dst) {
			t.Errorf("%q: %v, error %v, want %s", test.text, got, err, test.want)
		}
		if got, err := made.EncodePair(dst, "the", test.text, test.max); err == nil || !slices.Equal(got, dst) {
			t.Errorf("pair with %q: %v, error %v", test.text, got, err)
		}
	}
}

func TestIDs(t *testing.T) {
	made := open(t, "testdata/accents")
	for token, want := range map[string]int32{"[PAD]": 0, "[SEP]": 3, "the": 5, "寿司 was": int32(len(made.model.first))} {
		if id, ok := made.ID(token); !ok || id != want {
			t.Errorf("%s: %d, %v, want %d", token, id, ok, want)
		}
	}
	if id, ok := made.ID("not there"); ok {
		t.Errorf("id %d for a token that is not there", id)
	}
	if got, want := made.Size(), len(made.model.first)+1; got != want {
		t.Errorf("size %d, want %d", got, want)
	}
}

// One tokenizer serves several goroutines, and what they get is their own.
func TestEncodeConcurrently(t *testing.T) {
	made := open(t, "testdata/uncased")
	texts := random(200)
	var want [][]Token
	for _, text := range texts {
		want = append(want, encoded(t, made, []string{text}, 0))
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i, text := range texts {
				if got, err := made.Encode(nil, text, 0); err != nil || !slices.Equal(got, want[i]) {
					t.Errorf("%+q: got %v, error %v, want %v", text, got, err, want[i])
				}
			}
		})
	}
	wait.Wait()
}

// A hostile text costs time in proportion to its length.
func TestLongTexts(t *testing.T) {
	made := open(t, "testdata/uncased")
	for name, text := range map[string]string{
		"letters":  strings.Repeat("a", 1<<20),
		"accents":  strings.Repeat("\u0301\u0323", 1<<18),
		"brackets": strings.Repeat("[", 1<<18),
		"hundreds": strings.Repeat(strings.Repeat("a", 100)+" ", 1<<12),
	} {
		if tokens := encoded(t, made, []string{text}, 512); len(tokens) > 512 {
			t.Errorf("%s: %d tokens", name, len(tokens))
		}
	}
}

// longestFirst takes from the longer text token by token, as its name says.
func TestLongestFirst(t *testing.T) {
	for limit := range 12 {
		for n := range 15 {
			for m := range 15 {
				a, b := n, m
				for a+b > limit && a != b {
					if a > b {
						a--
					} else {
						b--
					}
				}
				if a+b > limit {
					a, b = limit/2, limit-limit/2
					if n > m {
						a, b = b, a
					}
				}
				if gotA, gotB := longestFirst(n, m, limit); gotA != a || gotB != b {
					t.Errorf("%d and %d to %d: got %d and %d, want %d and %d", n, m, limit, gotA, gotB, a, b)
				}
			}
		}
	}
	if a, b := longestFirst(3, 4, math.MaxInt); a != 3 || b != 4 {
		t.Errorf("without a limit: %d and %d", a, b)
	}
}
