package wordpiece

import (
	"encoding/json"
	"fmt"
)

// readProcessor reads the key post_processor: the templates of one text and of two.
func readProcessor(o object) (single, pair template, err error) {
	p, err := o.object("post_processor")
	if err != nil {
		return nil, nil, err
	}
	kind, err := p.kind("TemplateProcessing", "BertProcessing")
	if err != nil {
		return nil, nil, err
	}
	if kind == "BertProcessing" {
		return bertProcessing(p)
	}
	if err := p.only("type", "single", "pair", "special_tokens"); err != nil {
		return nil, nil, err
	}
	special, err := p.object("special_tokens")
	if err != nil {
		return nil, nil, err
	}
	if single, err = readTemplate(p, "single", 1, special); err != nil {
		return nil, nil, err
	}
	pair, err = readTemplate(p, "pair", 2, special)
	return single, pair, err
}

// bertProcessing reads a BertProcessing, which names its two special tokens as
// lists of spelling and id.
func bertProcessing(p object) (single, pair template, err error) {
	if err := p.only("type", "sep", "cls"); err != nil {
		return nil, nil, err
	}
	ids := map[string]int32{}
	for _, key := range []string{"cls", "sep"} {
		var both []json.RawMessage
		if err := p.take(key, &both); err != nil {
			return nil, nil, err
		}
		var id int32
		if len(both) != 2 || json.Unmarshal(both[1], &id) != nil || id < 0 {
			return nil, nil, p.unknown(key, "a list of a token and its id")
		}
		ids[key] = id
	}
	single, pair = bert(ids["cls"], ids["sep"])
	return single, pair, nil
}

// readTemplate reads a template for a number of texts, each of which is to be in
// it once.
func readTemplate(p object, key string, texts int, special object) (template, error) {
	var list []map[string]json.RawMessage
	if err := p.take(key, &list); err != nil {
		return nil, err
	}
	var (
		t    template
		seen [2]int
	)
	for i, members := range list {
		at := object{file: p.file, path: fmt.Sprintf("%s%s[%d].", p.path, key, i), members: members}
		if err := at.only("SpecialToken", "Sequence"); err != nil {
			return nil, err
		}
		which := "SpecialToken"
		if _, ok := members["Sequence"]; ok {
			which = "Sequence"
		}
		in, err := at.object(which)
		if err != nil {
			return nil, err
		}
		if err := in.only("id", "type_id"); err != nil {
			return nil, err
		}
		var (
			name string
			kind int32
		)
		if err := in.take("id", &name); err != nil {
			return nil, err
		}
		if err := in.take("type_id", &kind); err != nil {
			return nil, err
		}
		if which == "SpecialToken" {
			ids, err := specialIDs(special, name)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				t = append(t, slot{text: Special, id: id, kind: kind})
			}
			continue
		}
		text := int8(0)
		switch {
		case name == "B" && texts == 2:
			text = 1
		case name != "A":
			return nil, in.unknown("id", `"A" or, of a pair, "B"`)
		}
		seen[text]++
		t = append(t, slot{text: text, kind: kind})
	}
	for text := range texts {
		if seen[text] != 1 {
			return nil, fmt.Errorf("%s: %s%s: the text %c is in it %d times, want once", p.file, p.path, key, 'A'+text, seen[text])
		}
	}
	return t, nil
}

// specialIDs are the ids of a special token of a template.
func specialIDs(special object, name string) ([]int32, error) {
	token, err := special.object(name)
	if err != nil {
		return nil, err
	}
	if err := token.only("id", "ids", "tokens"); err != nil {
		return nil, err
	}
	var ids []int32
	if err := token.take("ids", &ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id < 0 {
			return nil, token.unknown("ids", "ids from 0 on")
		}
	}
	return ids, nil
}
