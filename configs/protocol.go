package configs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Protocol says what is compared by cross-validation and how. It is written down
// before the first run, so that the comparison is of what was meant, not of what came
// out well.
type Protocol struct {
	Question   string   // that the comparison is to answer; may be empty
	Config     string   // preset or file that every candidate changes, the path "" is DefaultPreset
	Set        []string // key=value, for every candidate
	Folds      int      // parts of the training corpus, each held out once
	Repeats    int      // divisions into folds
	Seed       int64
	Metric     string // one of CVMetrics
	Candidates []Candidate
	Override   []string // key=value of the command line, for every candidate, over Set

	File   string // that it was read from; "" if it was not
	SHA256 string // of its bytes
}

// Candidate is a recipe: what it changes.
type Candidate struct {
	Name string
	Set  []string // key=value, over the protocol's
}

// CVMetrics are what candidates can be chosen by.
var CVMetrics = []string{"accuracy", "macro_f1"}

// DefaultProtocol has no candidate yet.
func DefaultProtocol() Protocol {
	return Protocol{Folds: 5, Repeats: 3, Seed: 1, Metric: "accuracy"}
}

// ReadProtocol reads a protocol from a YAML file. It returns all that is wrong with
// the file, each with its line.
func ReadProtocol(path string) (Protocol, error) {
	text, err := readBounded(path)
	if err != nil {
		return Protocol{}, fmt.Errorf("read protocol: %w", err)
	}
	sum := sha256.Sum256(text)
	p := DefaultProtocol()
	p.File, p.SHA256 = path, hex.EncodeToString(sum[:])
	d := &document{file: path}
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&root); err != nil && err != io.EOF {
		return p, d.syntax(err)
	}
	if len(root.Content) == 0 {
		return p, fmt.Errorf("%s: is empty; want version, candidates and what they are compared by", path)
	}
	version := int64(0)
	d.each(root.Content[0], "protocol", func(key, value *yaml.Node) {
		switch key.Value {
		case versionKey:
			read(d, value, versionKey, &version)
		case "question":
			read(d, value, "question", &p.Question)
		case "config":
			if read(d, value, "config", &p.Config); isPath(p.Config) && !filepath.IsAbs(p.Config) {
				p.Config = filepath.Join(filepath.Dir(path), p.Config)
			}
		case "set":
			p.Set = d.texts("set", value)
		case "folds":
			p.Folds = int(read(d, value, "folds", new(int64)))
		case "repeats":
			p.Repeats = int(read(d, value, "repeats", new(int64)))
		case "seed":
			read(d, value, "seed", &p.Seed)
		case "metric":
			read(d, value, "metric", &p.Metric)
		case "candidates":
			d.each(value, "candidates", func(name, set *yaml.Node) {
				p.Candidates = append(p.Candidates, Candidate{name.Value, d.texts(name.Value, set)})
			})
		default:
			d.fail(key, "%s: unknown key; want version, question, config, set, folds, repeats, seed, metric or candidates", printable(key.Value))
		}
	})
	if err := errors.Join(d.errs...); err != nil {
		return p, err
	}
	if version != Version {
		return p, fmt.Errorf("%s: version is %d; this program reads version: %d", path, version, Version)
	}
	if err := p.Validate(); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// each calls use for the keys of a mapping, in their order.
func (d *document) each(node *yaml.Node, what string, use func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		d.fail(node, "%s: want keys and values, got %s", what, describe(node))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if seen[key.Value] {
			d.fail(key, "%s: stands twice", printable(key.Value))
		}
		seen[key.Value] = true
		use(key, node.Content[i+1])
	}
}

// read reads a value of one of the types that document makes.
func read[T any](d *document, node *yaml.Node, key string, to *T) T {
	if v, ok := d.value(key, node, reflect.TypeFor[T]()); ok {
		*to, _ = v.(T)
	}
	return *to
}

// texts reads a list of text, which may be left empty.
func (d *document) texts(key string, node *yaml.Node) (list []string) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return nil
	}
	v, _ := d.value(key, node, reflect.TypeFor[[]string]())
	values, _ := v.([]any)
	for _, text := range values {
		s, _ := text.(string)
		list = append(list, s)
	}
	return list
}

// mostFolds bounds the folds and the repeats, of which seeds are made.
const mostFolds = 999

// Validate says whether candidates can be compared so.
func (p *Protocol) Validate() error {
	v := &validator{}
	v.check(p.Folds >= 2 && p.Folds <= mostFolds, "folds", "%d: want 2 to %d", p.Folds, mostFolds)
	v.check(p.Repeats >= 1 && p.Repeats <= mostFolds, "repeats", "%d: want 1 to %d", p.Repeats, mostFolds)
	v.check(slices.Contains(CVMetrics, p.Metric), "metric", "%q: want one of %s", p.Metric, strings.Join(CVMetrics, ", "))
	v.check(len(p.Candidates) > 0, "candidates", "there are none; name at least one, and what it changes: base: []")
	for _, c := range p.Candidates {
		v.check(runName.MatchString(c.Name), "candidates", "%q: want letters, digits, and . _ - after the first", c.Name)
	}
	if len(v.problems) == 0 {
		return nil
	}
	return v.problems
}

// common are the keys that decide which sentences are answered, or that the
// protocol sets: candidates that differ in them could not be compared.
var common = []string{
	"data.train", "data.test", "data.split_order", "data.split_seed", "data.aspects", "data.polarities", "data.categories", "data.contradictions", "train.seed",
}

// Resolve resolves the configuration of every candidate. Only the protocol decides on
// it, not the environment.
func (p *Protocol) Resolve() ([]Config, error) {
	var list []Config
	for _, candidate := range p.Candidates {
		r, err := Load(Source{Config: p.Config, Set: slices.Concat(p.Set, p.Override, candidate.Set)})
		if err != nil {
			return nil, fmt.Errorf("candidate %s: %w", candidate.Name, err)
		}
		if len(list) > 0 {
			for _, d := range Differences(list[0], r.Config) {
				if slices.Contains(common, d.Key) {
					return nil, fmt.Errorf("candidate %s: %s=%s, that of %s is %s: candidates are compared on the same folds, so it must be the same", candidate.Name, d.Key, d.B, p.Candidates[0].Name, d.A)
				}
			}
		}
		list = append(list, r.Config)
	}
	return list, nil
}
