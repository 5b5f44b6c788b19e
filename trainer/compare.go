package trainer

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"absa/configs"
	"absa/internal/checkpoint"
)

// Comparison is how two checkpoints, runs that ended or averages differ. What
// tells when and how fast they were made is left out of it.
type Comparison struct {
	A           string             `json:"a"` // folders
	B           string             `json:"b"`
	Differences []Difference       `json:"differences"` // of all but tensors
	Tensors     []TensorDifference `json:"tensors"`
	Equal       int                `json:"equal_tensors"` // bit by bit
}

// Difference is something that two checkpoints do not share.
type Difference struct {
	Part string `json:"part"` // file, such as ConfigFile
	Key  string `json:"key"`  // what of it, such as train.seed
	A    string `json:"a"`
	B    string `json:"b"`
}

// nothing stands for what only the other one has.
const nothing = "none"

// Same says whether they are equal, tensors bit by bit.
func (c *Comparison) Same() bool { return len(c.Differences) == 0 && len(c.Tensors) == 0 }

// Compare reads both and changes nothing.
func Compare(a, b *checkpoint.Checkpoint) (*Comparison, error) {
	c := &Comparison{A: a.Dir, B: b.Dir, Differences: []Difference{}, Tensors: []TensorDifference{}}
	c.add(checkpoint.ManifestFile, manifestFields(a.Manifest), manifestFields(b.Manifest))
	for _, p := range a.Manifest.Parts {
		if !b.Has(p.Name) {
			c.Differences = append(c.Differences, Difference{p.Name, "the file", "there", nothing})
			continue
		}
		if err := c.part(p, a, b); err != nil {
			return nil, err
		}
	}
	for _, p := range b.Manifest.Parts {
		if !a.Has(p.Name) {
			c.Differences = append(c.Differences, Difference{p.Name, "the file", nothing, "there"})
		}
	}
	return c, nil
}

// part compares a file that both have.
func (c *Comparison) part(p checkpoint.Part, a, b *checkpoint.Checkpoint) error {
	pathA, pathB := a.Path(p.Name), b.Path(p.Name)
	if strings.HasSuffix(p.Name, ".safetensors") {
		return c.tensors(p.Name, pathA, pathB)
	}
	textA, err := os.ReadFile(pathA)
	if err != nil {
		return err
	}
	textB, err := os.ReadFile(pathB)
	if err != nil {
		return err
	}
	if bytes.Equal(textA, textB) {
		return nil
	}
	switch p.Name {
	case ConfigFile:
		return c.configs(pathA, pathB)
	case StateFile, LabelsFile, ResultFile, CalibrationFile:
		fieldsA, err := jsonFields(textA)
		if err != nil {
			return fmt.Errorf("%s: %w", pathA, err)
		}
		fieldsB, err := jsonFields(textB)
		if err != nil {
			return fmt.Errorf("%s: %w", pathB, err)
		}
		c.add(p.Name, fieldsA, fieldsB)
	case VocabFile:
		c.words(lines(textA), lines(textB))
	case MetricsFile, TableFile: // result.json has the same without the times
	default:
		c.Differences = append(c.Differences, Difference{p.Name, "the content", fmt.Sprintf("%d bytes", len(textA)), fmt.Sprintf("%d other bytes", len(textB))})
	}
	return nil
}

func (c *Comparison) configs(pathA, pathB string) error {
	a, err := configs.Load(configs.Source{Config: pathA})
	if err != nil {
		return err
	}
	b, err := configs.Load(configs.Source{Config: pathB})
	if err != nil {
		return err
	}
	for _, d := range configs.Differences(a.Config, b.Config) {
		c.Differences = append(c.Differences, Difference{ConfigFile, d.Key, d.A, d.B})
	}
	return nil
}

// words compares vocabularies: what only one has, and otherwise the order.
func (c *Comparison) words(a, b []string) {
	add := func(key, a, b string) {
		c.Differences = append(c.Differences, Difference{VocabFile, key, a, b})
	}
	if len(a) != len(b) {
		add("number of words", strconv.Itoa(len(a)), strconv.Itoa(len(b)))
	}
	onlyA, onlyB := lacking(a, b), lacking(b, a)
	if len(onlyA)+len(onlyB) > 0 {
		add("words that the other lacks", some(onlyA), some(onlyB))
		return
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			add(fmt.Sprintf("word %d", i), a[i], b[i])
			return
		}
	}
}

// lacking returns the words that others does not have.
func lacking(words, others []string) []string {
	has := make(map[string]bool, len(others))
	for _, w := range others {
		has[w] = true
	}
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return has[w] })
}

// some gives the number of words and the first of them.
func some(words []string) string {
	const most = 5
	switch n := len(words); {
	case n == 0:
		return nothing
	case n > most:
		return fmt.Sprintf("%d: %s, ...", n, strings.Join(words[:most], ", "))
	default:
		return fmt.Sprintf("%d: %s", n, strings.Join(words, ", "))
	}
}

func lines(text []byte) []string { return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") }

// manifestFields is what a manifest says itself: its other fields are about its
// parts and the time.
func manifestFields(m checkpoint.Manifest) []field {
	value := nothing
	if m.Value != nil {
		value = strconv.FormatFloat(*m.Value, 'g', -1, 64)
	}
	return []field{
		{"kind", m.Kind}, {"absa", m.Program}, {"libtorch", m.LibTorch},
		{"epoch", strconv.Itoa(m.Epoch)}, {"step", strconv.Itoa(m.Step)}, {"metric", cmp.Or(m.Metric, nothing)}, {"value", value},
	}
}

// add compares what two files of a part say.
func (c *Comparison) add(part string, a, b []field) {
	other := make(map[string]string, len(b))
	for _, f := range b {
		other[f.key] = f.value
	}
	for _, f := range a {
		value, ok := other[f.key]
		if !ok {
			value = nothing
		}
		delete(other, f.key)
		if f.value != value {
			c.Differences = append(c.Differences, Difference{part, f.key, f.value, value})
		}
	}
	for _, f := range b {
		if value, ok := other[f.key]; ok {
			c.Differences = append(c.Differences, Difference{part, f.key, nothing, value})
		}
	}
}
