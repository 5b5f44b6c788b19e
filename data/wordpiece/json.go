package wordpiece

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object is an object of a JSON file, read key by key so that every error names
// the file and the key, and no key goes unread.
type object struct {
	file, path string // path: "model." before the keys of the model
	members    map[string]json.RawMessage
}

// parse reads the object that a whole file is.
func parse(file string, text []byte) (object, error) {
	o := object{file: file}
	if err := json.Unmarshal(text, &o.members); err != nil {
		return o, fmt.Errorf("%s: %w: want a JSON object", file, err)
	}
	return o, nil
}

// object takes a key whose value is an object.
func (o object) object(key string) (object, error) {
	in := object{file: o.file, path: o.path + key + "."}
	err := o.take(key, &in.members)
	if err == nil && in.members == nil {
		err = o.unknown(key, "an object")
	}
	return in, err
}

// take decodes the value of a key, which must be there, into dst.
func (o object) take(key string, dst any) error {
	raw, ok := o.members[key]
	if !ok {
		return fmt.Errorf("%s: %s%s is missing", o.file, o.path, key)
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		return fmt.Errorf("%s: %s%s: %s: %w", o.file, o.path, key, short(raw), err)
	}
	return nil
}

// optional is take for a key that may be missing or null, which leaves dst as it is.
func (o object) optional(key string, dst any) error {
	if o.isNull(key) {
		return nil
	}
	return o.take(key, dst)
}

func (o object) isNull(key string) bool {
	raw, ok := o.members[key]
	return !ok || string(bytes.TrimSpace(raw)) == "null"
}

// kind is the value of the key "type", which must be one of kinds.
func (o object) kind(kinds ...string) (string, error) {
	var kind string
	if err := o.take("type", &kind); err != nil {
		return "", err
	}
	if !slices.Contains(kinds, kind) {
		return "", o.unknown("type", strings.Join(kinds, " or "))
	}
	return kind, nil
}

// only refuses a key that is not among keys: it could change what a text becomes.
func (o object) only(keys ...string) error {
	for _, key := range slices.Sorted(maps.Keys(o.members)) {
		if !slices.Contains(keys, key) {
			return o.unknown(key, "none of this name, only "+strings.Join(keys, ", "))
		}
	}
	return nil
}

// unknown is the error for a value that is not implemented.
func (o object) unknown(key, want string) error {
	return fmt.Errorf("%s: %s%s: %s is not implemented (want %s)", o.file, o.path, key, short(o.members[key]), want)
}

// short is a value as an error shows it.
func short(raw json.RawMessage) string {
	const most = 60
	if s := strings.Join(strings.Fields(string(raw)), " "); len(s) <= most {
		return s
	}
	return string(bytes.ToValidUTF8(raw[:most], nil)) + "..."
}
