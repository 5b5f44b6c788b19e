package wordpiece

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// Open reads the tokenizer of an encoder's folder: tokenizer.json, or where there
// is none vocab.txt, with tokenizer_config.json if there is one.
//
// What a file asks for and this package does not do is an error that names the
// file, the key and its value.
func Open(folder string) (*Tokenizer, error) {
	file := filepath.Join(folder, "tokenizer.json")
	text, err := os.ReadFile(file)
	if err == nil {
		return readJSON(file, text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open tokenizer: %w", err)
	}
	vocabulary := filepath.Join(folder, "vocab.txt")
	if text, err = os.ReadFile(vocabulary); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open tokenizer: %s has neither tokenizer.json nor vocab.txt: name the folder of a BERT encoder: %w", folder, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("open tokenizer: %w", err)
	}
	return readVocab(vocabulary, text, filepath.Join(folder, "tokenizer_config.json"))
}

// readJSON reads tokenizer.json.
func readJSON(file string, text []byte) (*Tokenizer, error) {
	o, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	if err := o.only("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"); err != nil {
		return nil, err
	}
	version := ""
	if err := o.take("version", &version); err != nil {
		return nil, err
	}
	if version != "1.0" {
		return nil, o.unknown("version", `"1.0"`)
	}
	t := &Tokenizer{}
	if t.model, err = readModel(o); err != nil {
		return nil, err
	}
	if t.normalizer, err = readNormalizer(o); err != nil {
		return nil, err
	}
	if t.added, err = readAdded(o, t.model); err != nil {
		return nil, err
	}
	pre, err := o.object("pre_tokenizer")
	if err != nil {
		return nil, err
	}
	if _, err := pre.kind("BertPreTokenizer"); err != nil {
		return nil, err
	}
	if err := pre.only("type"); err != nil {
		return nil, err
	}
	t.single, t.pair, err = readProcessor(o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// readModel reads the key model.
func readModel(o object) (model, error) {
	m, err := o.object("model")
	if err != nil {
		return model{}, err
	}
	if err := m.only("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"); err != nil {
		return model{}, err
	}
	if _, ok := m.members["type"]; ok { // early files have none
		if _, err := m.kind("WordPiece"); err != nil {
			return model{}, err
		}
	}
	var (
		unknown, prefix string
		maxChars        int
		vocabulary      map[string]int32
	)
	for key, dst := range map[string]any{"unk_token": &unknown, "continuing_subword_prefix": &prefix, "max_input_chars_per_word": &maxChars, "vocab": &vocabulary} {
		if err := m.take(key, dst); err != nil {
			return model{}, err
		}
	}
	id, ok := vocabulary[unknown]
	switch {
	case !ok:
		return model{}, fmt.Errorf("%s: model.unk_token: %q is not in model.vocab", o.file, unknown)
	case maxChars < 0:
		return model{}, m.unknown("max_input_chars_per_word", "0 or more")
	}
	of := make(map[int32]string, len(vocabulary))
	for token, id := range vocabulary {
		if id < 0 || id == math.MaxInt32 {
			return model{}, fmt.Errorf("%s: model.vocab.%s: id %d, want 0 to %d", o.file, token, id, math.MaxInt32-1)
		}
		if other, twice := of[id]; twice {
			return model{}, fmt.Errorf("%s: model.vocab: %q and %q both have id %d: give each its own", o.file, min(token, other), max(token, other), id)
		}
		of[id] = token
	}
	return newModel(vocabulary, id, prefix, maxChars), nil
}

// readNormalizer reads the key normalizer.
func readNormalizer(o object) (normalizer, error) {
	n, err := o.object("normalizer")
	if err != nil {
		return normalizer{}, err
	}
	if _, err := n.kind("BertNormalizer"); err != nil {
		return normalizer{}, err
	}
	if err := n.only("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"); err != nil {
		return normalizer{}, err
	}
	var clean, chinese, lower bool
	for key, dst := range map[string]*bool{"clean_text": &clean, "handle_chinese_chars": &chinese, "lowercase": &lower} {
		if n.isNull(key) {
			return normalizer{}, fmt.Errorf("%s: normalizer.%s is missing: want true or false", o.file, key)
		}
		if err := n.take(key, dst); err != nil {
			return normalizer{}, err
		}
	}
	strip := lower // what null stands for
	if err := n.optional("strip_accents", &strip); err != nil {
		return normalizer{}, err
	}
	return newNormalizer(clean, chinese, strip, lower), nil
}

// readAdded reads the key added_tokens. Those that the vocabulary lacks have the
// ids behind it, whatever the file says to the library; here it must say so.
func readAdded(o object, m model) (added, error) {
	var list []map[string]json.RawMessage
	if err := o.optional("added_tokens", &list); err != nil {
		return added{}, err
	}
	var a added
	for i, members := range list {
		token := object{file: o.file, path: fmt.Sprintf("added_tokens[%d].", i), members: members}
		if err := token.only("id", "content", "special", "single_word", "lstrip", "rstrip", "normalized"); err != nil {
			return added{}, err
		}
		var (
			content string
			id      int32
		)
		if err := token.take("content", &content); err != nil {
			return added{}, err
		}
		if err := token.take("id", &id); err != nil {
			return added{}, err
		}
		if content == "" {
			return added{}, token.unknown("content", "a token of one character or more")
		}
		for _, key := range []string{"single_word", "lstrip", "rstrip", "normalized"} {
			var set bool
			if err := token.take(key, &set); err != nil {
				return added{}, err
			}
			if set {
				return added{}, token.unknown(key, "false")
			}
		}
		want, known := m.first[content]
		if _, twice := a.ids[content]; !known && !twice {
			want = int32(len(m.first) + a.beyond)
			a.beyond++
		} else if twice {
			want = a.ids[content]
		}
		if id != want {
			return added{}, fmt.Errorf("%s: added_tokens[%d].id: %d for %q, which has the id %d by the vocabulary and the added tokens before it: give it that", o.file, i, id, content, want)
		}
		a.add(content, id)
	}
	return a, nil
}
