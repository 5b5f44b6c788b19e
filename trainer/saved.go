package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"absa/configs"
	"absa/data"
	"absa/internal/metrics"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// EvaluateOptions say which run is evaluated, and on what.
type EvaluateOptions struct {
	Run     string // a run folder
	Data    string // a corpus, or configs.Sample
	Device  string // as train.device; empty takes the run's
	Threads int    // as train.threads; 0 takes the run's
	Report  func(Event)
}

// Evaluate scores the tested weights of a run on a corpus. On the run's own
// test corpus the figures are those of its result.json, to the last digit.
func Evaluate(ctx context.Context, o EvaluateOptions) (scores metrics.Result, err error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	err = torch.Locked(func() error {
		scores, err = evaluateRun(ctx, o)
		return err
	})
	return scores, err
}

func evaluateRun(ctx context.Context, o EvaluateOptions) (metrics.Result, error) {
	var none metrics.Result
	saved, err := open(o.Run)
	if err != nil {
		return none, err
	}
	c := saved.config
	if o.Device != "" {
		c.Train.Device = o.Device
	}
	if o.Threads != 0 {
		c.Train.Threads = o.Threads
	}
	if err := c.Validate(); err != nil {
		return none, err
	}
	device, err := torch.ParseDevice(c.Train.Device)
	if err != nil {
		return none, err
	}
	torch.SetThreads(threads(c.Train.Threads))
	defer torch.ReleaseThreads()

	corpus, err := corpusOf(o.Data, c.Data)
	if err != nil {
		return none, err
	}
	if len(corpus.Reviews) == 0 {
		return none, fmt.Errorf("%s has no sentence", corpus.Path)
	}
	tokenize, err := data.NewTokenizer(c.Text)
	if err != nil {
		return none, err
	}
	if err := saved.extend(c, tokenize, corpus.Reviews, o.Report); err != nil {
		return none, err
	}
	model, err := saved.model(c, device)
	if err != nil {
		return none, err
	}
	defer model.Close()
	loss, err := models.NewLoss(c.Loss, model.Labels)
	if err != nil {
		return none, err
	}
	examples, _ := data.Examples(corpus.Reviews, neverEmpty(tokenize), saved.vocabulary)
	v, err := evaluate(ctx, c, model, loss, examples)
	if ctx.Err() != nil {
		return none, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return none, err
	}
	return metrics.Evaluate(model.Labels.Aspects, model.Labels.Polarities, v.gold, v.predicted, saved.majority)
}

// corpusOf reads a file, or the test side of the embedded corpus.
func corpusOf(path string, c configs.Data) (*data.Corpus, error) {
	if path == configs.Sample {
		c.Test = path
		return data.Test(c)
	}
	return data.Read(path, c)
}

// saved is a run as its folder holds it.
type saved struct {
	dir        string
	config     configs.Config
	labels     models.Labels
	majority   []int
	vocabulary *data.Vocabulary
	vectors    models.Vectors // rows of the vocabulary
}

// labelsFile is the content of labels.json.
type labelsFile struct {
	models.Labels
	// Majority is each aspect's most frequent polarity in the training corpus.
	Majority []string `json:"majority"`
}

// open reads everything of a run but its weights.
func open(dir string) (*saved, error) {
	if _, err := os.Stat(filepath.Join(dir, WeightsFile)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("run %s: there is no %s: is it the folder of a run that ended? (absa train --out names it)", dir, WeightsFile)
		}
		return nil, fmt.Errorf("run: %w", err)
	}
	s := &saved{dir: dir}
	loaded, err := configs.Load(configs.Source{Config: filepath.Join(dir, ConfigFile)})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	s.config = loaded.Config
	if err := s.readLabels(); err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	if err := s.readVocabulary(); err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	return s, nil
}

func (s *saved) readLabels() error {
	path := filepath.Join(s.dir, LabelsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f labelsFile
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if want := labelsOf(s.config); !slices.Equal(f.Aspects, want.Aspects) || !slices.Equal(f.Polarities, want.Polarities) || f.AbsentClass != want.AbsentClass {
		return fmt.Errorf("%s: the labels are not those of %s beside it", path, ConfigFile)
	}
	if len(f.Majority) != len(f.Aspects) {
		return fmt.Errorf("%s: %d majority labels for %d aspects", path, len(f.Majority), len(f.Aspects))
	}
	s.labels = f.Labels
	for _, name := range f.Majority {
		i := slices.Index(f.Polarities, name)
		if i < 0 && name != models.Absent {
			return fmt.Errorf("%s: majority label %q is none of %q", path, name, f.Polarities)
		}
		s.majority = append(s.majority, i) // -1 is data.Absent
	}
	return nil
}

func (s *saved) readVocabulary() error {
	path := filepath.Join(s.dir, VocabFile)
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	s.vocabulary, err = data.ReadVocabulary(path, file)
	return err
}

// extend adds the words of reviews that the run did not know but its file of
// vectors does, so that new text is read as well as the test corpus was.
func (s *saved) extend(c configs.Config, tokenize data.Tokenizer, reviews []data.Review, report func(Event)) error {
	weights, err := safetensors.Open(filepath.Join(s.dir, WeightsFile))
	if err != nil {
		return err
	}
	defer weights.Close()
	rows, err := weights.Tensor("embedding.weight")
	if err != nil {
		return err
	}
	values, err := rows.Float32()
	if err != nil {
		return err
	}
	known := s.vocabulary.Len()
	if len(rows.Shape) != 2 || rows.Shape[0] != int64(known) {
		return fmt.Errorf("run %s: %s has vectors of shape %v for %d words of %s", s.dir, WeightsFile, rows.Shape, known, VocabFile)
	}
	s.vectors = models.Vectors{Values: values, Dimension: int(rows.Shape[1])}
	if c.Vectors.Kind != "file" {
		return nil
	}
	fresh := vocabularyOf(tokenize, 1, reviews).Words()[data.UnknownID+1:]
	fresh = slices.DeleteFunc(fresh, func(word string) bool { return s.vocabulary.ID(word) != data.UnknownID })
	if len(fresh) == 0 {
		return nil
	}
	extended := s.vocabulary.Extend(fresh)
	all, err := lookUp(c, extended.Words(), report)
	if errors.Is(err, fs.ErrNotExist) {
		report(Note{Text: fmt.Sprintf("%d words were not seen in training and %s is not there to look them up: they are read as unknown", len(fresh), c.Vectors.Path)})
		return nil
	}
	if err != nil {
		return err
	}
	if all.Dimension != s.vectors.Dimension {
		return fmt.Errorf("run %s: its vectors have %d values, those of %s have %d: it is not the file it was trained with", s.dir, s.vectors.Dimension, c.Vectors.Path, all.Dimension)
	}
	s.vocabulary = extended
	s.vectors.Values = append(s.vectors.Values, all.Values[known*all.Dimension:]...)
	return nil
}

// model builds the network and fills it with the run's weights.
func (s *saved) model(c configs.Config, device torch.Device) (*models.Model, error) {
	weights, err := safetensors.Open(filepath.Join(s.dir, WeightsFile))
	if err != nil {
		return nil, err
	}
	defer weights.Close()
	m, err := models.New(c.Model, s.labels, s.vectors, device, 0)
	if err != nil {
		return nil, err
	}
	if err := fill(m, weights); err != nil {
		m.Close()
		return nil, fmt.Errorf("run %s: %s: %w", s.dir, WeightsFile, err)
	}
	return m, nil
}

// fill sets every parameter but the embedding, which is there already.
func fill(m *models.Model, weights *safetensors.File) error {
	known := map[string]bool{}
	for _, p := range m.Parameters.All() {
		known[p.Name] = true
		if p.Name == "embedding.weight" {
			continue
		}
		t, err := weights.Tensor(p.Name)
		if err != nil {
			return err
		}
		if !slices.Equal(t.Shape, p.Tensor.Shape()) {
			return fmt.Errorf("tensor %q: got shape %v, want %v", p.Name, t.Shape, p.Tensor.Shape())
		}
		values, err := t.Float32()
		if err != nil {
			return err
		}
		if err := p.SetFloat32s(values); err != nil {
			return err
		}
	}
	for _, name := range weights.Names() {
		if !known[name] {
			return fmt.Errorf("tensor %q is no part of the model that %s describes", name, ConfigFile)
		}
	}
	return nil
}
