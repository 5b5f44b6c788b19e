package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"absa/configs"
	"absa/data"
	"absa/data/vectors"
	"absa/internal/metrics"
	"absa/models"
)

// Dataset is what a configuration trains and evaluates on, as numbers.
type Dataset struct {
	Train, Valid, Test []data.Example
	Vocabulary         *data.Vocabulary
	Vectors            models.Vectors
	// The reviews of Valid and Test, in their order; nil where there are more
	// than maxPredictions.
	ValidReviews, TestReviews []data.Review
	Majority                  []int // [A] most frequent polarity of the training corpus
	Fingerprint               Fingerprint
}

// source is where words and weights come from, if not from the data.
type source struct {
	base *base // the network that a new run begins with

	// Those of a checkpoint, for a run that is resumed.
	vocabulary *data.Vocabulary
	vectors    models.Vectors
}

// Prepare reads the corpora and word vectors that c names.
func Prepare(ctx context.Context, c configs.Config, from source, report func(Event)) (*Dataset, error) {
	note := noter(report)
	tokenize, err := data.NewTokenizer(c.Text)
	if err != nil {
		return nil, err
	}
	corpus, err := data.Train(c.Data)
	if err != nil {
		return nil, hint(err)
	}
	noteCorpus(note, "training", corpus)
	var test []data.Review
	if c.Data.Test != "" {
		t, err := data.Test(c.Data)
		if err != nil {
			return nil, hint(err)
		}
		noteCorpus(note, "test", t)
		test = t.Reviews
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
	}

	// Sentences that cleaning leaves empty are dropped before the split, as in
	// the article.
	reviews := slices.DeleteFunc(slices.Clone(corpus.Reviews), func(r data.Review) bool { return len(tokenize(r.Text)) == 0 })
	if n := len(corpus.Reviews) - len(reviews); n > 0 {
		note("%d training sentences have no word left after cleaning and are left out", n)
	}
	trainAt, validAt := data.Split(reviews, corpus.Schema, c.Data.ValidFraction, c.Data.SplitSeed)
	train, valid := pick(reviews, trainAt), pick(reviews, validAt)
	if len(train) == 0 {
		return nil, fmt.Errorf("data.train: %s has no sentence to train on", corpus.Path)
	}

	if c.Data.ValidFraction > 0 && data.Count(valid, corpus.Schema).Labels() == 0 {
		return nil, fmt.Errorf("data.valid_fraction: %v of %d sentences leaves no labelled sentence to validate on: raise it, or set it to 0 with train.select=last and train.patience=0", c.Data.ValidFraction, len(reviews))
	}

	d := &Dataset{}
	if from.vocabulary != nil {
		d.Vocabulary, d.Vectors = from.vocabulary, from.vectors
	} else if err := d.learnWords(c, from.base, tokenize, train, slices.Concat(valid, test), report); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
	}
	d.Train, _ = data.Examples(train, tokenize, d.Vocabulary)
	d.Valid, _ = data.Examples(valid, neverEmpty(tokenize), d.Vocabulary)
	d.Test, _ = data.Examples(test, neverEmpty(tokenize), d.Vocabulary)
	if len(valid) <= maxPredictions {
		d.ValidReviews = valid
	}
	if len(test) <= maxPredictions {
		d.TestReviews = test
	}

	if d.Majority, err = majority(corpus); err != nil {
		return nil, fmt.Errorf("data.train: %w", err)
	}
	if d.Fingerprint.Train, err = fingerprintReviews(corpus.Reviews); err != nil {
		return nil, fmt.Errorf("data.train: %w", err)
	}
	if d.Fingerprint.Test, err = fingerprintReviews(test); err != nil {
		return nil, fmt.Errorf("data.test: %w", err)
	}
	if d.Fingerprint.Split, err = fingerprintSplit(d.Train, d.Valid); err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	return d, nil
}

// learnWords makes the vocabulary and the initial vectors of a new run.
func (d *Dataset) learnWords(c configs.Config, base *base, tokenize data.Tokenizer, train, others []data.Review, report func(Event)) (err error) {
	if c.Vectors.Kind == "file" {
		// Every word that has a vector may be looked up, seen in training or
		// not; nothing is learned from the sentences held out.
		d.Vocabulary = vocabularyOf(tokenize, 1, train, others)
	} else {
		d.Vocabulary = vocabularyOf(tokenize, max(1, c.Vectors.MinCount), train)
	}
	if base != nil {
		d.Vocabulary = base.extend(d.Vocabulary)
	}
	if d.Vectors, err = lookUp(c, d.Vocabulary.Words(), report); err != nil {
		return err
	}
	if base != nil {
		return base.vectors(d.Vectors)
	}
	return nil
}

// hint adds to the error of a corpus that is not there how to get one.
func hint(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (absa fetch semeval2014 downloads the corpus of the presets)", err)
	}
	return err
}

// majority is what the baseline answers: each aspect's most frequent polarity in
// the training corpus.
func majority(corpus *data.Corpus) ([]int, error) {
	labels := make([]int, 0, len(corpus.Reviews)*len(corpus.Schema.Aspects))
	for _, r := range corpus.Reviews {
		labels = append(labels, r.Labels...)
	}
	return metrics.Majority(corpus.Schema.Aspects, corpus.Schema.Polarities, labels)
}

// majorityNames returns the names of Majority; an aspect without any label has
// models.Absent.
func (d *Dataset) majorityNames(polarities []string) []string {
	names := make([]string, len(d.Majority))
	for a, m := range d.Majority {
		names[a] = models.Absent
		if m != data.Absent {
			names[a] = polarities[m]
		}
	}
	return names
}

func noteCorpus(note func(string, ...any), role string, c *data.Corpus) {
	if c.Path == configs.Sample {
		note("the %s corpus is the embedded sample: %d sentences written for this program, no real reviews (real data: absa fetch --list)", role, len(c.Reviews))
	}
	if n := len(c.Merged); n > 0 {
		note("%s: %d labels stood twice and were merged (sentences %s)", c.Path, n, strings.Join(c.Merged, ", "))
	}
	if n := len(c.Dropped); n > 0 {
		note("%s: %d contradictory labels were dropped (sentences %s)", c.Path, n, strings.Join(c.Dropped, ", "))
	}
}

func pick(reviews []data.Review, at []int) []data.Review {
	out := make([]data.Review, len(at))
	for i, j := range at {
		out[i] = reviews[j]
	}
	return out
}

// neverEmpty lets a sentence without words stand as one unknown word, so that
// in an evaluation no label goes uncounted.
func neverEmpty(tokenize data.Tokenizer) data.Tokenizer {
	return func(text string) []string {
		if words := tokenize(text); len(words) > 0 {
			return words
		}
		return []string{data.UnknownWord}
	}
}

func vocabularyOf(tokenize data.Tokenizer, minCount int, sets ...[]data.Review) *data.Vocabulary {
	var sentences [][]string
	for _, set := range sets {
		for _, r := range set {
			sentences = append(sentences, tokenize(r.Text))
		}
	}
	return data.NewVocabulary(sentences, minCount)
}

// lookUp returns the initial vectors of words, a vocabulary in order.
func lookUp(c configs.Config, words []string, report func(Event)) (models.Vectors, error) {
	v := c.Vectors
	if v.Kind == "random" {
		return models.Vectors{Values: vectors.Random(words, v.Dimension, c.Train.Seed, v.Std), Dimension: v.Dimension, Trainable: v.Trainable}, nil
	}
	table, err := vectors.Open(v.Path, vectors.Options{Progress: func(done, total int64) {
		report(VectorsRead{Path: v.Path, Done: done, Total: total})
	}})
	if err != nil {
		return models.Vectors{}, fmt.Errorf("vectors.path: %w", err)
	}
	defer table.Close()
	if note := table.Info().Note; note != "" {
		report(Note{Text: note})
	}
	d := table.Dimension()
	if v.Dimension != 0 && v.Dimension != d {
		return models.Vectors{}, fmt.Errorf("vectors.dimension: got %d, but the vectors of %s have %d: set it to that, or to 0 to take it from the file", v.Dimension, v.Path, d)
	}
	rows, coverage, err := table.Matrix(words, vectors.Policy{Unknown: v.Unknown, Aliases: v.Aliases, Seed: c.Train.Seed})
	if err != nil {
		return models.Vectors{}, fmt.Errorf("vectors.path: %w", err)
	}
	report(Note{Text: fmt.Sprintf("%s: %d of %d words have a vector (%.1f %%)", v.Path, coverage.Words-coverage.Unknown, coverage.Words, 100*coverage.Share())})
	return models.Vectors{Values: rows, Dimension: d, Trainable: v.Trainable}, nil
}
