package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/configs"
	"absa/data"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/models"
)

// embeddingName is the one parameter whose rows depend on a vocabulary.
const embeddingName = "embedding.weight"

// base is the network whose weights a new run begins with. What is not known of
// a bare file of weights is nil.
type base struct {
	path       string // as the user wrote it
	weights    map[string]safetensors.Tensor
	labels     *models.Labels
	vocabulary *data.Vocabulary
	config     *configs.Config // nil of a bare file
}

// openBase reads a run, a checkpoint, or a file of weights with the labels.json
// and vocab.txt beside it, where they are.
func openBase(path string, note func(string, ...any)) (*base, error) {
	b := &base{path: path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("train.init_from: %w", err)
	}
	file := path
	if info.IsDir() {
		s, err := open(path, note)
		if err != nil {
			return nil, fmt.Errorf("train.init_from: %w", err)
		}
		b.labels, b.vocabulary, b.config, file = &s.labels, s.vocabulary, &s.config, filepath.Join(s.dir, WeightsFile)
	} else if err := b.beside(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("train.init_from: %w", err)
	}
	tensors, _, err := safetensors.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("train.init_from: %w", err)
	}
	b.weights = map[string]safetensors.Tensor{}
	for _, x := range tensors {
		if x.DType != safetensors.F32 {
			return nil, fmt.Errorf("train.init_from: %s: tensor %q holds %s, want F32: save the weights as float32", file, x.Name, x.DType)
		}
		b.weights[x.Name] = x
	}
	if b.vocabulary != nil {
		if x, ok := b.weights[embeddingName]; !ok || len(x.Shape) != 2 || x.Shape[0] != int64(b.vocabulary.Len()) {
			return nil, fmt.Errorf("train.init_from: %s: %s is %v, want a row for each of the %d words of %s", file, embeddingName, x.Shape, b.vocabulary.Len(), VocabFile)
		}
	}
	return b, nil
}

// beside reads the labels and the vocabulary that lie in the folder of a file.
func (b *base) beside(dir string) error {
	labels, err := readLabels(filepath.Join(dir, LabelsFile))
	if err == nil {
		b.labels = &labels.Labels
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	vocabulary, err := readVocabulary(filepath.Join(dir, VocabFile))
	if err == nil {
		b.vocabulary = vocabulary
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// extend returns the base's vocabulary with the words behind it that it lacks:
// what was learned of words that the new corpus does not have is kept.
func (b *base) extend(v *data.Vocabulary) *data.Vocabulary {
	if b.vocabulary == nil {
		return v
	}
	fresh := slices.DeleteFunc(v.Words()[data.UnknownID+1:], func(word string) bool {
		return b.vocabulary.ID(word) != data.UnknownID
	})
	return b.vocabulary.Extend(fresh)
}

// vectors puts the base's rows in place of the first ones of v.
func (b *base) vectors(v models.Vectors) error {
	x, ok := b.weights[embeddingName]
	if !ok {
		return fmt.Errorf("train.init_from: %s has no %s", b.path, embeddingName)
	}
	if len(x.Shape) != 2 || x.Shape[1] != int64(v.Dimension) {
		return fmt.Errorf("train.init_from: %s of %s is %v, but this configuration has vectors of %d values: set vectors.dimension to those of the weights", embeddingName, b.path, x.Shape, v.Dimension)
	}
	if words := int64(len(v.Values) / v.Dimension); b.vocabulary == nil && x.Shape[0] != words {
		return fmt.Errorf("train.init_from: %s of %s has %d rows for the %d words of this corpus: put the %s of the run that it is from beside it", embeddingName, b.path, x.Shape[0], words, VocabFile)
	}
	rows, err := x.Float32()
	if err != nil {
		return fmt.Errorf("train.init_from: %s: %w", b.path, err)
	}
	copy(v.Values, rows)
	return nil
}

// fill sets the backbone, and every head that the base has in the same form, and the
// n-grams where they are those of the same aspects. It returns the aspects whose heads
// start fresh, and notes that the n-grams do.
func (b *base) fill(c configs.Config, m *models.Model, note func(string, ...any)) (fresh []string, err error) {
	sameClasses := b.labels == nil || b.labels.AbsentClass == m.Labels.AbsentClass && slices.Equal(b.labels.Polarities, m.Labels.Polarities)
	taken := map[string]bool{ // by prefix of a head's names
		sharedAttention: b.has(m, sharedAttention),
		ngrams:          sameClasses && b.hasNGrams(c, m),
	}
	if c.Model.NGrams.On() && !taken[ngrams] {
		note("the n-grams start fresh: %s has none like them for the same aspects", b.path)
	}
	for _, aspect := range m.Labels.Aspects {
		prefix := models.HeadName(aspect)
		taken[prefix] = sameClasses && taken[sharedAttention] && b.has(m, prefix)
		if !taken[prefix] {
			fresh = append(fresh, aspect)
		}
	}
	for _, q := range m.Parameters.All() {
		if q.Name == embeddingName || headOf(q.Name) != "" && !taken[headOf(q.Name)] {
			continue
		}
		x, ok := b.weights[q.Name]
		if !ok {
			return nil, fmt.Errorf("train.init_from: %s has no %s: is it of a network like this one? (model.hidden, model.layers)", b.path, q.Name)
		}
		if want := q.Tensor.Shape(); !slices.Equal(x.Shape, want) {
			return nil, fmt.Errorf("train.init_from: %s of %s is %v, this configuration has %v: model.hidden, model.layers and vectors.dimension must be those of the weights", q.Name, b.path, x.Shape, want)
		}
		if err := q.CopyFrom(x.Data); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// What is not of one head alone: the prefix of what the attention of all heads has in
// common, and that of the n-grams.
const (
	sharedAttention = "attention"
	ngrams          = "ngrams"
)

// has says whether the base has a head of the same tensors, none where there are none.
func (b *base) has(m *models.Model, prefix string) bool {
	n := 0
	for _, q := range m.Parameters.All() {
		if headOf(q.Name) != prefix {
			continue
		}
		n++
		if x, ok := b.weights[q.Name]; !ok || !slices.Equal(x.Shape, q.Tensor.Shape()) {
			return false
		}
	}
	for name := range b.weights {
		if headOf(name) == prefix {
			n--
		}
	}
	return n == 0
}

// hasNGrams says whether the base has n-grams that mean the same: rows by hash fit any.
func (b *base) hasNGrams(c configs.Config, m *models.Model) bool {
	return b.has(m, ngrams) &&
		(b.labels == nil || slices.Equal(b.labels.Aspects, m.Labels.Aspects)) &&
		(b.config == nil || b.config.Model.NGrams == c.Model.NGrams && b.config.Text == c.Text)
}

// headOf returns "heads.<aspect>" of a parameter's name, sharedAttention or ngrams,
// and "" for others.
func headOf(name string) string {
	for _, prefix := range []string{sharedAttention, ngrams} {
		if strings.HasPrefix(name, prefix+".") {
			return prefix
		}
	}
	parts := strings.SplitN(name, ".", 3)
	if len(parts) < 3 || parts[0] != "heads" {
		return ""
	}
	return parts[0] + "." + parts[1]
}

// noteBase says what a run begins with.
func noteBase(path string, fresh []string, all int, note func(string, ...any)) {
	switch len(fresh) {
	case 0:
		note("beginning with the weights of %s", path)
	case all:
		note("beginning with the weights of %s; every head starts fresh, as its aspects, polarities or attention are others", path)
	default:
		note("beginning with the weights of %s; the heads of %s start fresh, as it has none like them", path, strings.Join(fresh, ", "))
	}
}

// checkpointOf opens what --checkpoint may name: a run or a step. Of a run that
// has not ended it is the newest checkpoint.
func checkpointOf(dir string, note func(string, ...any)) (*checkpoint.Checkpoint, error) {
	c, err := checkpoint.Open(dir)
	if err == nil {
		return c, nil
	}
	if !errors.Is(err, fs.ErrNotExist) || checkpoint.IsStep(dir) {
		return nil, err
	}
	newest, skipped, none := checkpoint.Newest(dir)
	for _, damage := range skipped {
		note("passed over a damaged checkpoint: %v", damage)
	}
	if none != nil {
		return nil, fmt.Errorf("%w; %s", err, whatInstead(dir))
	}
	note("the run %s has not ended: these are the weights of its newest checkpoint, step %d", dir, newest.Manifest.Step)
	return newest, nil
}
