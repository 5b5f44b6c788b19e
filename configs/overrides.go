package configs

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setLayer reads key=value overrides.
func setLayer(set []string) (layer, error) {
	l := newLayer()
	var errs []error
	known := types()
	for _, s := range set {
		key, text, ok := strings.Cut(s, "=")
		key = strings.TrimSpace(key)
		t, isKey := known[key]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("--set %s: want key=value", s))
			continue
		case key == versionKey:
			errs = append(errs, errors.New("--set version: only a file states its version"))
			continue
		case !isKey && len(namesIn(key)) > 0 && key != "":
			errs = append(errs, fmt.Errorf("--set %s: is a section; set its keys one by one: %s", key, strings.Join(namesIn(key), ", ")))
			continue
		case !isKey:
			errs = append(errs, fmt.Errorf("--set %s: unknown key; %s", printable(key), suggest(key)))
			continue
		}
		value, err := parse(key, text, t)
		if err != nil {
			errs = append(errs, fmt.Errorf("--set %w", err))
			continue
		}
		l.set(key, value, "--set")
	}
	return l, errors.Join(errs...)
}

// environLayer reads the variables that belong to a key. Every other variable
// is left alone, those that begin with ABSA_ too (ABSA_DATA is not data.*),
// unless it is a slip of the pen away from one of ours: a setting that is
// silently not taken is the worse surprise. An empty variable counts as unset.
func environLayer(environ []string) (layer, error) {
	l := newLayer()
	var errs []error
	known := types()
	keys := map[string]string{}
	for _, k := range Keys() {
		if name := k.Env(); name != "" {
			keys[name] = k.Path
		}
	}
	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		if text == "" || !strings.HasPrefix(name, "ABSA_") {
			continue
		}
		key, ok := keys[name]
		if !ok {
			if near := misspelt(name); near != "" {
				errs = append(errs, fmt.Errorf("env %s: sets nothing; did you mean %s?", name, near))
			}
			continue
		}
		value, err := parse(key, text, known[key])
		if err != nil {
			errs = append(errs, fmt.Errorf("env %s: %w", name, err))
			continue
		}
		l.set(key, value, "env "+name)
	}
	return l, errors.Join(errs...)
}

// misspelt returns the variable of ours that name is one edit away from, in a
// section that it spells right, "" if there is none.
func misspelt(name string) string {
	for _, k := range Keys() {
		section := Key{Path: parent(k.Path)}.Env()
		if parent(k.Path) != "" && strings.HasPrefix(name, section+"_") && len(name) <= longest && distance(name, k.Env()) == 1 {
			return k.Env()
		}
	}
	return ""
}

// parse reads the text of one value. Text is taken as it stands, so that no
// path needs quotes; all else is YAML, a list in its flow form: [a, b].
func parse(key, text string, t reflect.Type) (any, error) {
	if t.Kind() == reflect.String {
		return text, nil
	}
	d := document{}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, fmt.Errorf("%s: want %s, got %q", key, withArticle(typeName(t)), text)
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	if len(root.Content) > 0 {
		node = root.Content[0]
	}
	value, ok := d.value(key, node, t)
	if !ok {
		return nil, errors.Join(d.errs...)
	}
	return value, nil
}

// types maps every key to the type of its value.
func types() map[string]reflect.Type {
	c := Default()
	m := map[string]reflect.Type{}
	for _, f := range leaves(&c) {
		m[f.path] = f.value.Type()
	}
	return m
}
