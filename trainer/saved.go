package trainer

import (
	"cmp"
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
	"absa/internal/runs"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// EvaluateOptions say which run is evaluated, and on what.
type EvaluateOptions struct {
	// Runs are runs, whose newest checkpoint counts until they have ended, or step
	// folders: the model, or the members of an ensemble.
	Runs      []string
	Against   string  // another one on the same corpus to compare with; may be empty
	Data      string  // a corpus, or configs.Sample
	Threshold float64 // least probability of presence at which an aspect counts as mentioned; 0 takes runs.Threshold
	Device    string  // as train.device; empty takes the run's
	Threads   int     // as train.threads; 0 takes the run's
	Report    func(Event)
}

// Evaluation is what Evaluate finds out.
type Evaluation struct {
	Score
	Members []Member `json:"members,omitempty"` // of an ensemble
	Against *Against `json:"against,omitempty"`

	Labels       models.Labels `json:"-"`
	Uncalibrated string        `json:"-"` // why there is no temperature; empty where there is one
}

// Against is how another run compares on the same sentences.
type Against struct {
	Run        string           `json:"run"`
	Accuracy   metrics.Score    `json:"accuracy"`
	Difference metrics.Score    `json:"difference"`          // of the accuracy: this run's less the other's
	Interval   metrics.Interval `json:"difference_interval"` // of 95 %, by a paired bootstrap over sentences
	OnlyThis   int              `json:"only_this"`           // pairs that this run alone gets right
	OnlyOther  int              `json:"only_other"`          // and the other alone
	McNemar    float64          `json:"mcnemar_p"`           // probability of such a difference were both equally good
}

// Evaluate scores the tested weights of a run, or those of a checkpoint, on a
// corpus. On the run's own test corpus the figures are those of its result.json,
// to the last digit. Several are an ensemble: the mean of their probabilities, without
// a temperature, as theirs are of single models. Each reads the text in its own way.
func Evaluate(ctx context.Context, o EvaluateOptions) (e *Evaluation, err error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	err = torch.Locked(func() error {
		e, err = evaluateRuns(ctx, o)
		return err
	})
	return e, err
}

func evaluateRuns(ctx context.Context, o EvaluateOptions) (*Evaluation, error) {
	members, err := openMembers(o)
	if err != nil {
		return nil, err
	}
	first := members[0]
	e := &Evaluation{Labels: first.labels, Uncalibrated: "a temperature belongs to one model, not to the mean of several"}
	var temperature *Calibration
	if len(members) == 1 {
		if temperature, e.Uncalibrated, err = first.temperature(); err != nil {
			return nil, err
		}
	}
	answers, err := e.answer(ctx, o, members)
	if err != nil {
		return nil, err
	}
	if e.Score, err = answers.Score(temperature, cmp.Or(o.Threshold, runs.Threshold)); err != nil || o.Against == "" {
		return e, err
	}
	other, err := open(o.Against, noter(o.Report))
	if err != nil {
		return nil, err
	}
	if err := sameLabels(first, other); err != nil {
		return nil, fmt.Errorf("%w and cannot be compared", err)
	}
	others, err := other.answer(ctx, o)
	if err != nil {
		return nil, err
	}
	e.Against, err = against(o.Against, answers, others)
	return e, err
}

func against(run string, this, other *runs.Answers) (*Against, error) {
	interval, err := metrics.BootstrapDifference(other.Sample(), this.Sample(), metrics.Standard(this.Sentences()), metrics.Confusion.Accuracy)
	if err != nil {
		return nil, fmt.Errorf("compare with %s: %w", run, err)
	}
	a, err := this.Evaluate()
	if err != nil {
		return nil, err
	}
	b, err := other.Evaluate()
	if err != nil {
		return nil, err
	}
	pair := metrics.Pair(this.Gold, this.Predicted, other.Predicted)
	return &Against{
		Run: run, Accuracy: b.Overall.Model.Accuracy(), Difference: a.Overall.Model.Accuracy() - b.Overall.Model.Accuracy(),
		Interval: interval, OnlyThis: pair.OnlyFirst, OnlyOther: pair.OnlySecond, McNemar: pair.McNemar(),
	}, nil
}

// answer is what the model says of a corpus.
func (s *saved) answer(ctx context.Context, o EvaluateOptions) (*runs.Answers, error) {
	c, device, err := s.settings(o.Device, o.Threads, 0, noter(o.Report))
	if err != nil {
		return nil, err
	}
	defer torch.ReleaseThreads()

	corpus, err := corpusOf(ctx, o, c)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	defer corpus.Close()
	if err := s.extend(ctx, c, selection{corpus, corpus.All()}, o.Report); err != nil {
		return nil, err
	}
	model, err := s.model(c, device)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	loss, err := models.NewLoss(c.Loss, model.Labels)
	if err != nil {
		return nil, err
	}
	v, err := evaluate(ctx, c, model, loss, corpus.Examples(corpus.All(), s.vocabulary).Only(s.labels.Aspects).WithNGrams(c.Model.NGrams))
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	return v.answers(s.labels, s.majority), nil
}

// corpusOf opens a file, or the test side of the embedded corpus.
func corpusOf(ctx context.Context, o EvaluateOptions, c configs.Config) (*data.Set, error) {
	progress := data.OpenOptions{Progress: func(done, total int64) {
		o.Report(CorpusRead{Path: o.Data, Done: done, Total: total})
	}}
	if o.Data == configs.Sample {
		c.Data.Test = o.Data
		return data.OpenTest(ctx, c, progress)
	}
	return data.Open(ctx, o.Data, c, progress)
}

// saved is a run as its folder holds it.
type saved struct {
	dir        string
	config     configs.Config
	labels     models.Labels
	majority   []int
	vocabulary *data.Vocabulary
	vectors    models.Vectors // rows of the vocabulary
	weights    string         // SHA-256 of WeightsFile
}

// labelsFile is the content of labels.json.
type labelsFile struct {
	models.Labels
	// Majority is each aspect's most frequent polarity in the training corpus.
	Majority []string `json:"majority"`
}

// open reads everything of a run that ended, or of a checkpoint, but its
// weights. What is not as it was written is an error.
func open(dir string, note func(string, ...any)) (*saved, error) {
	c, err := checkpointOf(dir, note)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{ConfigFile, LabelsFile, VocabFile, WeightsFile} {
		if !c.Has(name) {
			return nil, fmt.Errorf("%s: there is no %s among what was saved", dir, name)
		}
	}
	dir = c.Dir
	s := &saved{dir: dir}
	for _, p := range c.Manifest.Parts {
		if p.Name == WeightsFile {
			s.weights = p.SHA256
		}
	}
	loaded, err := configs.Load(configs.Source{Config: c.Path(ConfigFile)})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	s.config = loaded.Config
	labels, err := readLabels(c.Path(LabelsFile))
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	if want := labelsOf(s.config); !slices.Equal(labels.Aspects, want.Aspects) || !slices.Equal(labels.Polarities, want.Polarities) || labels.AbsentClass != want.AbsentClass {
		return nil, fmt.Errorf("run %s: %s: the labels are not those of %s beside it", dir, LabelsFile, ConfigFile)
	}
	s.labels = labels.Labels
	for _, name := range labels.Majority {
		s.majority = append(s.majority, slices.Index(labels.Polarities, name)) // -1 is data.Absent
	}
	if s.vocabulary, err = readVocabulary(c.Path(VocabFile)); err != nil {
		return nil, fmt.Errorf("run %s: %w", dir, err)
	}
	return s, nil
}

// settings are the run's, with another device, number of threads and size of a
// batch unless these are empty and 0. The threads are set.
func (s *saved) settings(device string, n, batch int, note func(string, ...any)) (configs.Config, torch.Device, error) {
	c := s.config
	if device != "" {
		c.Train.Device = device
	}
	if n != 0 {
		c.Train.Threads = n
	}
	if err := c.Validate(); err != nil {
		return c, torch.CPU, err
	}
	d, err := torch.ParseDevice(c.Train.Device)
	if err != nil {
		return c, torch.CPU, err
	}
	runAnywhere(&c, note)
	return c, d, setCPU(c, d, cmp.Or(batch, c.Loader.BatchSize))
}

// silent notes nothing, where there is nothing to note.
func silent(string, ...any) {}

// readLabels reads and checks a labels.json.
func readLabels(path string) (labelsFile, error) {
	var f labelsFile
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if len(f.Majority) != len(f.Aspects) {
		return f, fmt.Errorf("%s: %d majority labels for %d aspects", path, len(f.Majority), len(f.Aspects))
	}
	for _, name := range f.Majority {
		if name != models.Absent && !slices.Contains(f.Polarities, name) {
			return f, fmt.Errorf("%s: majority label %q is none of %q", path, name, f.Polarities)
		}
	}
	return f, nil
}

func readVocabulary(path string) (*data.Vocabulary, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return data.ReadVocabulary(path, file)
}

// readVectors reads the rows of the embedding, one for each word.
func readVectors(path string, words int) (models.Vectors, error) {
	var none models.Vectors
	weights, err := safetensors.Open(path)
	if err != nil {
		return none, err
	}
	defer weights.Close()
	rows, err := weights.Tensor(embeddingName)
	if err != nil {
		return none, err
	}
	values, err := rows.Float32()
	if err != nil {
		return none, err
	}
	if len(rows.Shape) != 2 || rows.Shape[0] != int64(words) {
		return none, fmt.Errorf("%s has vectors of shape %v for the %d words of %s", path, rows.Shape, words, VocabFile)
	}
	return models.Vectors{Values: values, Dimension: int(rows.Shape[1])}, nil
}

// extend adds the words of sentences that the run did not know but its file of
// vectors does, so that new text is read as well as the test corpus was.
func (s *saved) extend(ctx context.Context, c configs.Config, from selection, report func(Event)) error {
	known := s.vocabulary.Len()
	var err error
	if s.vectors, err = readVectors(filepath.Join(s.dir, WeightsFile), known); err != nil {
		return fmt.Errorf("run %s: %w", s.dir, err)
	}
	if c.Vectors.Kind != "file" {
		return nil
	}
	fresh := vocabularyOf(1, from).Words()[data.UnknownID+1:]
	fresh = slices.DeleteFunc(fresh, func(word string) bool { return s.vocabulary.ID(word) != data.UnknownID })
	if len(fresh) == 0 {
		return nil
	}
	extended := s.vocabulary.Extend(fresh)
	all, err := lookUp(ctx, c, extended.Words(), report)
	if errors.Is(err, fs.ErrNotExist) {
		report(Note{Text: fmt.Sprintf("%d words were not seen in training and %s is not there to look them up: they are read as unknown", len(fresh), c.Vectors.Path)})
		return nil
	}
	if err != nil {
		return err
	}
	if all.Dimension != s.vectors.Dimension {
		return s.otherVectors(c, all.Dimension)
	}
	s.vocabulary = extended
	s.vectors.Values = append(s.vectors.Values, all.Values[known*all.Dimension:]...)
	return nil
}

// otherVectors says that a file of vectors with so many values each is not the
// run's.
func (s *saved) otherVectors(c configs.Config, dimension int) error {
	return fmt.Errorf("run %s: its vectors have %d values, those of %s have %d: it is not the file it was trained with", s.dir, s.vectors.Dimension, c.Vectors.Path, dimension)
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
		if p.Name == embeddingName {
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
