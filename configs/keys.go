package configs

import (
	"reflect"
	"strings"
)

// Key is one setting, as the reference lists it.
type Key struct {
	Path    string   // "train.seed"
	Type    string   // "whole number"
	Doc     string   // one line
	OneOf   []string // the values that it takes, nil when the type says it all
	Default string   // as YAML, on one line
}

// Env is the environment variable that sets the key, ABSA_TRAIN_SEED for
// train.seed. The version belongs to files and has none.
func (k Key) Env() string {
	if k.Path == versionKey {
		return ""
	}
	return "ABSA_" + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

// versionKey is the one key that only a file states: what it says of the file
// cannot be said from outside.
const versionKey = "version"

// Keys lists every setting in the order of the schema.
func Keys() []Key {
	defaults := Default()
	var keys []Key
	for _, f := range leaves(&defaults) {
		keys = append(keys, Key{
			Path:    f.path,
			Type:    typeName(f.value.Type()),
			Doc:     f.tag.Get("doc"),
			OneOf:   strings.Fields(f.tag.Get("oneof")),
			Default: flow(f.value),
		})
	}
	return keys
}

// leaf is one setting of one Config.
type leaf struct {
	path  string
	tag   reflect.StructTag
	value reflect.Value // addressable
}

// leaves lists the settings of c in the order of the schema.
func leaves(c *Config) []leaf {
	var list []leaf
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			path := join(prefix, keyOf(field))
			if field.Type.Kind() == reflect.Struct {
				walk(path, v.Field(i))
				continue
			}
			list = append(list, leaf{path, field.Tag, v.Field(i)})
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return list
}

// keyOf is the name of a field in a file.
func keyOf(f reflect.StructField) string { return f.Tag.Get("mapstructure") }

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// typeName says in words what a value of the type looks like.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Struct:
		var names []string
		for i := range t.NumField() {
			names = append(names, keyOf(t.Field(i)))
		}
		return "{" + strings.Join(names, ", ") + "}"
	}
	return t.String()
}
