package configs

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document turns YAML into values of the schema's types. It goes by nodes, since
// they know their lines, and collects what is wrong rather than stop at the
// first mistake.
type document struct {
	file   string // named in errors; "" for text that is not a file
	values map[string]any
	lines  map[string]int // where each value stands
	errs   []error
}

// maxErrors bounds what is noted: a file of another kind is all mistakes.
const maxErrors = 20

// readDocument reads a configuration file, which holds one YAML document. With
// an error it still returns what it could read, nil if the text is not YAML.
func readDocument(file string, text io.Reader) (*document, error) {
	d := &document{file: file, values: map[string]any{}, lines: map[string]int{}}
	decoder := yaml.NewDecoder(text)
	var root yaml.Node
	if err := decoder.Decode(&root); err != nil && err != io.EOF {
		return nil, d.syntax(err)
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document; a configuration is one", file, second.Line)
	case err != io.EOF:
		return nil, d.syntax(err)
	}
	if len(root.Content) > 0 {
		d.section("", root.Content[0], reflect.TypeFor[Config]())
	}
	return d, errors.Join(d.errs...)
}

// syntaxError is how the YAML package begins its messages.
var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax puts the place of a YAML error where all other errors have it.
func (d *document) syntax(err error) error {
	text := err.Error()
	m := syntaxError.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s: %w", d.file, err)
	}
	place := d.file
	if m[1] != "" {
		place += ":" + m[1]
	}
	return fmt.Errorf("%s: not YAML: %s", place, text[len(m[0]):])
}

// section reads the keys of a mapping into d.values.
func (d *document) section(path string, node *yaml.Node, t reflect.Type) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return // a section whose keys are all commented out
	}
	if node.Kind != yaml.MappingNode {
		what := path
		if path == "" {
			what = "configuration"
		}
		d.fail(node, "%s: want keys and values, got %s", what, describe(node))
		return
	}
	d.pairs(path, node, t, func(path string, value *yaml.Node, f reflect.StructField) {
		if f.Type.Kind() == reflect.Struct {
			d.section(path, value, f.Type)
			return
		}
		if v, ok := d.value(path, value, f.Type); ok {
			d.values[path], d.lines[path] = v, value.Line
		}
	})
}

// pairs calls read for each key of a mapping that t has a field for, and notes
// the others as errors.
func (d *document) pairs(path string, node *yaml.Node, t reflect.Type, read func(string, *yaml.Node, reflect.StructField)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content) && len(d.errs) < maxErrors; i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.fail(key, "%s is not a key", describe(key))
			continue
		}
		full := join(path, key.Value)
		if line, ok := seen[key.Value]; ok {
			d.fail(key, "%s: stands twice, first on line %d", printable(full), line)
			continue
		}
		seen[key.Value] = key.Line
		f, ok := field(t, key.Value)
		switch {
		case !ok && strings.Contains(path, "["): // inside a list's element
			d.fail(key, "%s: unknown key; want %s", printable(full), typeName(t))
		case !ok:
			d.fail(key, "%s: unknown key; %s", printable(full), suggest(full))
		default:
			read(full, value, f)
		}
	}
}

func field(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// value reads a node as a value of type t: string, int64, float64, bool, []any,
// or map[string]any for a struct. YAML's own conversions are not used: they read
// 010 as 8, and 1.5 into a whole number not at all or badly.
func (d *document) value(path string, node *yaml.Node, t reflect.Type) (any, bool) {
	switch t.Kind() {
	case reflect.Slice:
		return d.list(path, node, t.Elem())
	case reflect.Struct:
		return d.element(path, node, t)
	}
	if node.Kind == yaml.ScalarNode {
		switch tag := node.ShortTag(); {
		case t.Kind() == reflect.String && tag == "!!str":
			return node.Value, true
		case t.Kind() == reflect.Bool && tag == "!!bool":
			return strings.EqualFold(node.Value, "true"), true
		case (t.Kind() == reflect.Int || t.Kind() == reflect.Int64) && tag == "!!int":
			n, err := strconv.ParseInt(node.Value, 10, 64)
			if err == nil && !ambiguous(node.Value) {
				return n, true
			}
		case t.Kind() == reflect.Float64 && (tag == "!!float" || tag == "!!int"):
			x, err := strconv.ParseFloat(node.Value, 64)
			if err == nil && !ambiguous(node.Value) {
				return x, true
			}
		}
	}
	hint := ""
	switch {
	case t.Kind() != reflect.String || node.Kind != yaml.ScalarNode:
	case node.ShortTag() == "!!null":
		hint = `; write ""`
	default:
		hint = fmt.Sprintf("; write %q", node.Value)
	}
	d.fail(node, "%s: want %s, got %s%s", path, withArticle(typeName(t)), describe(node), hint)
	return nil, false
}

// ambiguous says whether a number begins with a zero that some read as octal.
func ambiguous(number string) bool {
	digits := strings.TrimLeft(number, "+-")
	return len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'
}

func (d *document) list(path string, node *yaml.Node, element reflect.Type) (any, bool) {
	if node.Kind != yaml.SequenceNode {
		d.fail(node, "%s: want %s, got %s", path, withArticle("list of "+typeName(element)), describe(node))
		return nil, false
	}
	values, good := []any{}, true
	for i, n := range node.Content {
		if len(d.errs) == maxErrors {
			return nil, false
		}
		v, ok := d.value(fmt.Sprintf("%s[%d]", path, i), n, element)
		values, good = append(values, v), good && ok
	}
	return values, good
}

// element reads a struct in a list: all its fields are needed but those with a
// default.
func (d *document) element(path string, node *yaml.Node, t reflect.Type) (any, bool) {
	if node.Kind != yaml.MappingNode {
		d.fail(node, "%s: want %s, got %s", path, typeName(t), describe(node))
		return nil, false
	}
	values, before := map[string]any{}, len(d.errs)
	d.pairs(path, node, t, func(path string, value *yaml.Node, f reflect.StructField) {
		values[keyOf(f)], _ = d.value(path, value, f.Type)
	})
	for i := range t.NumField() {
		f := t.Field(i)
		if _, stated := values[keyOf(f)]; stated || len(d.errs) > before {
			continue
		}
		text, optional := f.Tag.Lookup("default")
		if !optional {
			d.fail(node, "%s: want all of %s", path, requiredOf(t))
			break
		}
		value, err := parse(join(path, keyOf(f)), text, f.Type)
		if err != nil {
			d.fail(node, "%w", err)
			break
		}
		values[keyOf(f)] = value
	}
	return values, len(d.errs) == before
}

// requiredOf names the fields of a struct that have no default.
func requiredOf(t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		if _, optional := t.Field(i).Tag.Lookup("default"); !optional {
			names = append(names, keyOf(t.Field(i)))
		}
	}
	return "{" + strings.Join(names, ", ") + "}"
}

// fail notes an error at the place of a node.
func (d *document) fail(node *yaml.Node, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if d.file != "" {
		err = fmt.Errorf("%s:%d:%d: %w", d.file, node.Line, node.Column, err)
	}
	d.errs = append(d.errs, err)
}

// describe says what stands where something else was wanted.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which a configuration cannot hold"
	}
	switch node.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float", "!!bool":
		return node.Value
	}
	return strconv.Quote(node.Value)
}

func withArticle(name string) string {
	if strings.HasSuffix(name, "number") || strings.HasPrefix(name, "list") {
		return "a " + name
	}
	return name
}
