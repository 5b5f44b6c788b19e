package trainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// field is one value of a JSON file.
type field struct {
	key   string // "position.step"; "history.1.train_loss" of the second epoch
	value string // as the file has it, so that no digit is lost
}

// timing are the fields that differ between runs that are otherwise equal.
var timing = []string{"seconds", "sentences_per_second"}

// jsonFields lists the values of a JSON file in an order of their own, without
// timing.
func jsonFields(text []byte) ([]field, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	var list []field
	walk("", v, func(f field) { list = append(list, f) })
	return list, nil
}

func walk(key string, v any, found func(field)) {
	below := func(name string) string { return strings.TrimPrefix(key+"."+name, ".") }
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !slices.Contains(timing, name) {
				walk(below(name), v[name], found)
			}
		}
	case []any:
		if !slices.ContainsFunc(v, compound) {
			found(field{key, fmt.Sprint(v)})
			return
		}
		for i, x := range v {
			walk(below(fmt.Sprint(i)), x, found)
		}
	default:
		found(field{key, scalar(v)})
	}
}

func compound(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// scalar is short: a generator's state is a text of thousands of characters.
func scalar(v any) string {
	if v == nil {
		return "null"
	}
	text := fmt.Sprint(v)
	if len(text) > 200 {
		sum := sha256.Sum256([]byte(text))
		return fmt.Sprintf("%d characters, SHA-256 %x...", len(text), sum[:8])
	}
	return text
}
