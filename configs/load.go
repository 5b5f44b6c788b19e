package configs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/spf13/viper"
)

// Source says where a configuration comes from.
type Source struct {
	Config  string   // a preset's name or a file's path; "" is DefaultPreset
	Set     []string // key=value, later ones over earlier ones
	Environ []string // NAME=value, as os.Environ gives it; nil for none
}

// Resolved is a Config, complete and valid, that knows where it is from.
type Resolved struct {
	Config
	Origins []Origin // of every key, in the order of Keys
}

// Origin says where the value of a key is from: "default", "preset article",
// "file x.yaml:12", "env ABSA_TRAIN_SEED" or "--set".
type Origin struct {
	Key, From string
}

// Origin returns where the value of a key is from, "" for an unknown key.
func (r *Resolved) Origin(key string) string {
	for _, o := range r.Origins {
		if o.Key == key {
			return o.From
		}
	}
	return ""
}

// layer is what one place says: values by key, of the types that document
// makes, and where each stands.
type layer struct {
	values map[string]any
	from   map[string]string
}

func newLayer() layer { return layer{map[string]any{}, map[string]string{}} }

func (l layer) set(key string, value any, from string) { l.values[key], l.from[key] = value, from }

// maxFile bounds a configuration file; the longest preset has about 2 kB.
const maxFile = 1 << 20

// Load puts the layers together: defaults, preset or file, environment, Set. It
// returns all that is wrong at once, each with the place where it stands.
func Load(s Source) (*Resolved, error) {
	name := s.Config
	if name == "" {
		name = DefaultPreset
	}
	if text, ok := preset(name); ok {
		return load(name, "preset "+name, text, s)
	}
	if !isPath(name) {
		if _, err := os.Stat(name); err != nil {
			hint := ""
			if near := nearest(name, presetNames()); near != "" {
				hint = "; did you mean " + near + "?"
			}
			return nil, fmt.Errorf("config %q: neither a preset (presets: %s) nor a file%s", name, strings.Join(presetNames(), ", "), hint)
		}
	}
	text, err := readBounded(name)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	return load(name, "", text, s)
}

// isPath says whether a name can only mean a file.
func isPath(name string) bool {
	extension := filepath.Ext(name)
	return strings.ContainsRune(name, filepath.Separator) || extension == ".yaml" || extension == ".yml"
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: longer than %d bytes; is it a configuration?", path, maxFile)
	}
	return text, nil
}

// load puts the layers over the text of a configuration. from is the origin of
// its values; "" names the file and the line.
func load(name, from string, text []byte, s Source) (*Resolved, error) {
	base, err := fileLayer(name, from, text)
	env, envErr := environLayer(s.Environ)
	set, setErr := setLayer(s.Set)
	if err := errors.Join(err, envErr, setErr); err != nil {
		return nil, err
	}
	c, err := decode(base, env, set)
	if err != nil {
		return nil, err
	}
	r := &Resolved{Config: c}
	for _, f := range leaves(&r.Config) {
		o := Origin{f.path, "default"}
		for _, l := range []layer{base, env, set} {
			if from, ok := l.from[f.path]; ok {
				o.From = from
			}
		}
		r.Origins = append(r.Origins, o)
	}
	if err := r.Validate(); err != nil {
		return nil, r.locate(err)
	}
	return r, nil
}

// fileLayer reads a file or preset.
func fileLayer(name, from string, text []byte) (layer, error) {
	l := newLayer()
	d, err := readDocument(name, bytes.NewReader(text))
	if d == nil {
		return l, err
	}
	switch version, ok := d.values[versionKey]; {
	case ok && version != int64(Version):
		// All else may mean something else in that version.
		return l, fmt.Errorf("%s:%d: version: this program reads version %d, the file has %d", name, d.lines[versionKey], Version, version)
	case err != nil:
		return l, err
	case !ok:
		return l, fmt.Errorf("%s:1: version is missing; write version: %d", name, Version)
	}
	l.set("name", configName(name), cmp.Or(from, "file "+name))
	for key, value := range d.values {
		if from == "" {
			l.set(key, value, fmt.Sprintf("file %s:%d", name, d.lines[key]))
		} else {
			l.set(key, value, from)
		}
	}
	return l, nil
}

// notInName is what a folder's name had better not hold.
var notInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// configName is the name of a configuration that states none.
func configName(path string) string {
	base := filepath.Base(path)
	name := strings.Trim(notInName.ReplaceAllString(strings.TrimSuffix(base, filepath.Ext(base)), "-"), "-.")
	if name == "" {
		return Default().Name
	}
	return name
}

// decode puts the layers over the defaults.
func decode(base, env, set layer) (Config, error) {
	v := viper.New()
	defaults := Default()
	for _, f := range leaves(&defaults) {
		v.SetDefault(f.path, f.value.Interface())
	}
	for _, l := range []layer{base, env, set} {
		for key, value := range l.values {
			v.Set(key, value)
		}
	}
	var c Config
	// No hook: viper's would split text at commas into lists.
	if err := v.UnmarshalExact(&c, viper.DecodeHook(nil)); err != nil {
		return Config{}, fmt.Errorf("decode config: %w", err)
	}
	for _, f := range leaves(&c) {
		emptyLists(f.value)
	}
	return c, nil
}

// emptyLists gives empty lists one form, whatever layer they are from.
func emptyLists(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Slice && v.Len() == 0:
		v.SetZero()
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			emptyLists(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			emptyLists(v.Field(i))
		}
	}
}
