package wordpiece

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readVocab reads vocab.txt, a token per line, whose id is the number of the line
// from 0 on, and the settings beside it.
func readVocab(file string, text []byte, settings string) (*Tokenizer, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s: it is not UTF-8", file)
	}
	vocabulary := map[string]int32{}
	for line := range strings.Lines(string(text)) {
		token := strings.TrimRightFunc(line, unicode.IsSpace)
		id := int32(len(vocabulary))
		if token == "" {
			return nil, fmt.Errorf("%s:%d: the line is blank: want a token on each, since the number of a line is an id", file, id+1)
		}
		if first, twice := vocabulary[token]; twice {
			return nil, fmt.Errorf("%s:%d: %q is on line %d already: a token has one id", file, id+1, token, first+1)
		}
		vocabulary[token] = id
	}
	c, err := readSettings(settings)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{normalizer: newNormalizer(true, c.chinese, c.strip, c.lower)}
	for _, special := range c.special {
		id, ok := vocabulary[special.token]
		if !ok {
			return nil, fmt.Errorf("%s: %q is not in it, the %s of %s", file, special.token, special.key, settings)
		}
		t.added.add(special.token, id)
	}
	t.model = newModel(vocabulary, t.added.ids[c.special[0].token], "##", 100)
	t.single, t.pair = bert(t.added.ids[c.special[1].token], t.added.ids[c.special[2].token])
	return t, nil
}

// settings is what tokenizer_config.json says beside a vocab.txt.
type settings struct {
	chinese, strip, lower bool
	special               []namedToken // unknown, cls, sep, pad, mask
}

type namedToken struct{ key, token string }

// readSettings reads tokenizer_config.json. Without one, and for keys that it
// lacks, the values are those of transformers' BertTokenizer. Keys about what the
// caller decides, such as model_max_length, are not read.
func readSettings(file string) (settings, error) {
	s := settings{chinese: true, lower: true, special: []namedToken{
		{"unk_token", "[UNK]"}, {"cls_token", "[CLS]"}, {"sep_token", "[SEP]"}, {"pad_token", "[PAD]"}, {"mask_token", "[MASK]"},
	}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		s.strip = s.lower
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("open tokenizer: %w", err)
	}
	o, err := parse(file, text)
	if err != nil {
		return s, err
	}
	class, basic := "BertTokenizer", true
	if err := errors.Join(
		o.optional("tokenizer_class", &class), o.optional("do_basic_tokenize", &basic),
		o.optional("do_lower_case", &s.lower), o.optional("tokenize_chinese_chars", &s.chinese),
	); err != nil {
		return s, err
	}
	known := []string{"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"}
	switch {
	case !slices.Contains(known, strings.TrimSuffix(class, "Fast")):
		return s, o.unknown("tokenizer_class", strings.Join(known, ", "))
	case !basic:
		return s, o.unknown("do_basic_tokenize", "true")
	case !o.isNull("never_split"):
		return s, o.unknown("never_split", "null")
	}
	s.strip = s.lower
	if err := o.optional("strip_accents", &s.strip); err != nil {
		return s, err
	}
	for i := range s.special {
		if err := readSpecial(o, &s.special[i]); err != nil {
			return s, err
		}
	}
	return s, nil
}

// readSpecial reads a special token: its spelling, or an object that has it as
// content beside what added_tokens have in tokenizer.json.
func readSpecial(o object, n *namedToken) error {
	if o.isNull(n.key) || o.take(n.key, &n.token) == nil {
		return nil
	}
	in, err := o.object(n.key)
	if err != nil {
		return err
	}
	for _, key := range []string{"single_word", "lstrip", "rstrip"} {
		var set bool
		if err := in.optional(key, &set); err != nil {
			return err
		}
		if set {
			return in.unknown(key, "false")
		}
	}
	return in.take("content", &n.token)
}
