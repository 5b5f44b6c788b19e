package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"absa/configs"
	"absa/data"
	"absa/data/vectors"
	"absa/internal/metrics"
	"absa/models"
)

// Dataset is what a configuration trains and evaluates on, as numbers. Whoever
// prepares it closes it.
type Dataset struct {
	Train, Valid, Test *data.Examples // nil where there are none
	Vocabulary         *data.Vocabulary
	Vectors            models.Vectors
	Majority           []int // [A] most frequent polarity of the training corpus
	Fingerprint        Fingerprint
	Auxiliary          []Auxiliary // corpora to train on too
	Leaks              []leak      // sentences to train on that others are judged by

	split split       // before leaks were dropped
	sets  []*data.Set // that the examples use
}

// Close releases the corpora. A second Close does nothing.
func (d *Dataset) Close() error {
	var err error
	for _, s := range d.sets {
		err = errors.Join(err, s.Close())
	}
	d.sets = nil
	return err
}

// source is where words and weights come from, if not from the data.
type source struct {
	base *base // the network that a new run begins with

	fold Fold // is held out for the test, in place of a test corpus

	// Those of a checkpoint, for a run that is resumed.
	vocabulary *data.Vocabulary
	vectors    models.Vectors
}

// Prepare reads the corpora and word vectors that c names.
func Prepare(ctx context.Context, c configs.Config, from source, report func(Event)) (_ *Dataset, err error) {
	note := noter(report)
	d := &Dataset{}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	corpus, err := d.open(ctx, "training", c.Data.Train, c, data.OpenTrain, report)
	if err != nil {
		return nil, err
	}
	var test *data.Set
	var testAt []uint32
	if c.Data.Test != "" {
		if test, err = d.open(ctx, "test", c.Data.Test, c, data.OpenTest, report); err != nil {
			return nil, err
		}
		testAt = test.All()
	}
	if err := d.openAuxiliary(ctx, c, report); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
	}

	all, by := corpus.All(), data.Stratification{Order: c.Data.SplitOrder, Seed: c.Data.SplitSeed}
	if from.fold.Of > 0 {
		if all, testAt, err = from.fold.cut(corpus, by); err != nil {
			return nil, err
		}
		test = corpus
	}
	// Sentences that cleaning leaves empty are dropped before the split, as in
	// the article.
	at := corpus.WithWords(all)
	if n := len(all) - len(at); n > 0 {
		note("%d training sentences have no word left after cleaning and are left out", n)
	}
	train, valid := corpus.Split(at, c.Data.ValidFraction, by)
	if f := c.Data.TrainFraction; f < 1 {
		_, train = corpus.Split(train, f, by)
	}
	if len(train) == 0 {
		return nil, fmt.Errorf("data.train: %s has no sentence to train on", corpus.Path)
	}
	if c.Data.ValidFraction > 0 && corpus.Statistics(valid).Labels() == 0 {
		return nil, fmt.Errorf("data.valid_fraction: %v of %d sentences leaves no labelled sentence to validate on: raise it, or set it to 0 with train.select=last and train.patience=0", c.Data.ValidFraction, len(at))
	}
	d.split = split{corpus.Examples(train, nil), corpus.Examples(valid, nil)}
	if from.fold.Of == 0 { // a fold has no text of another, letter case and white space aside
		train, err = d.guard(learner{"data.train", c.Data.Leakage, "data.leakage", selection{corpus, train}}, judge{"data.test", true, selection{test, testAt}}, note)
		if err != nil {
			return nil, err
		}
		if len(train) == 0 {
			return nil, fmt.Errorf("data.train: every sentence of %s to train on stands in data.test", corpus.Path)
		}
	}
	if err := d.guardAuxiliary(selection{test, testAt}, selection{corpus, valid}, from.fold, note); err != nil {
		return nil, err
	}
	learned := []selection{{corpus, train}}
	for _, a := range d.Auxiliary {
		learned = append(learned, a.from)
	}
	if from.vocabulary != nil {
		d.Vocabulary, d.Vectors = from.vocabulary, from.vectors
	} else if err := d.learnWords(ctx, c, from.base, learned, []selection{{corpus, valid}, {test, testAt}}, report); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
	}
	d.Train = corpus.Examples(train, d.Vocabulary).Only(c.Data.Learned()).WithNGrams(c.Model.NGrams)
	d.Valid = corpus.Examples(valid, d.Vocabulary).Only(c.Data.Learned()).WithNGrams(c.Model.NGrams)
	var auxiliary []string
	for i := range d.Auxiliary {
		a := &d.Auxiliary[i]
		a.Examples = a.from.set.Examples(a.from.at, d.Vocabulary).Only(a.Labels.Aspects)
		if a.Config.Heads != "own" {
			a.Examples.WithNGrams(c.Model.NGrams)
		}
		auxiliary = append(auxiliary, a.fingerprint())
	}
	d.Fingerprint.Auxiliary = strings.Join(auxiliary, " ")
	d.Majority = majority(corpus, c.Data.Learned())
	d.Fingerprint.Train = corpus.Fingerprint()
	d.Fingerprint.Test = noCorpus()
	if test != nil {
		d.Test = test.Examples(testAt, d.Vocabulary).Only(c.Data.Learned()).WithNGrams(c.Model.NGrams)
		d.Fingerprint.Test = test.Fingerprint()
	}
	if d.Fingerprint.Split, err = fingerprintSplit(d.split); err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	return d, nil
}

// open opens a corpus for the dataset, which closes it.
func (d *Dataset) open(ctx context.Context, role, path string, c configs.Config, open func(context.Context, configs.Config, data.OpenOptions) (*data.Set, error), report func(Event)) (*data.Set, error) {
	set, err := open(ctx, c, data.OpenOptions{Progress: func(done, total int64) {
		report(CorpusRead{Path: path, Done: done, Total: total})
	}})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return nil, hint(err)
	}
	d.sets = append(d.sets, set)
	noteCorpus(noter(report), role, set)
	return set, nil
}

// selection is some of a set, which is nil if they are none.
type selection struct {
	set *data.Set
	at  []uint32
}

// learnWords makes the vocabulary and the initial vectors of a new run.
func (d *Dataset) learnWords(ctx context.Context, c configs.Config, base *base, train, others []selection, report func(Event)) (err error) {
	if c.Vectors.Kind == "file" {
		// Every word that has a vector may be looked up, seen in training or
		// not; nothing is learned from the sentences held out.
		d.Vocabulary = vocabularyOf(1, append(others, train...)...)
	} else {
		d.Vocabulary = vocabularyOf(max(1, c.Vectors.MinCount), train...)
	}
	if base != nil {
		d.Vocabulary = base.extend(d.Vocabulary)
	}
	if d.Vectors, err = lookUp(ctx, c, d.Vocabulary.Words(), report); err != nil {
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
func majority(corpus *data.Set, aspects []string) []int {
	var most []int
	for _, row := range corpus.Statistics(corpus.All()).Aspects {
		if slices.Contains(aspects, row.Aspect) {
			most = append(most, metrics.Majority(row.Counts))
		}
	}
	return most
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

func noteCorpus(note func(string, ...any), role string, s *data.Set) {
	if s.Path == configs.Sample {
		note("the %s corpus is the embedded sample: %d sentences written for this program, no real reviews (real data: absa fetch --list)", role, s.Len())
	}
	if s.Note() != "" {
		note("%s", s.Note())
	}
	if s.Built() != "" {
		note("%s was converted to %s, which the next start maps", s.Path, s.Built())
	}
	if n, ids := firstOf(s.Merged()); n > 0 {
		note("%s: %d labels stood twice and were merged (sentences %s)", s.Path, n, ids)
	}
	if n, ids := firstOf(s.Dropped()); n > 0 {
		note("%s: %d contradictory labels were dropped (sentences %s)", s.Path, n, ids)
	}
}

// firstOf counts ids and lists the first of them.
func firstOf(all iter.Seq[string]) (n int, list string) {
	const most = 100
	var first []string
	for id := range all {
		if n++; n <= most {
			first = append(first, id)
		}
	}
	list = strings.Join(first, ", ")
	if n > most {
		list += fmt.Sprintf(" and %d more", n-most)
	}
	return n, list
}

func vocabularyOf(minCount int, all ...selection) *data.Vocabulary {
	counts := map[string]int{}
	for _, s := range all {
		if s.set != nil {
			s.set.CountWords(counts, s.at)
		}
	}
	return data.NewVocabulary(counts, minCount)
}

// lookUp returns the initial vectors of words, a vocabulary in order.
func lookUp(ctx context.Context, c configs.Config, words []string, report func(Event)) (models.Vectors, error) {
	v := c.Vectors
	if v.Kind == "random" {
		return models.Vectors{Values: vectors.Random(words, v.Dimension, c.Train.Seed, v.Std), Dimension: v.Dimension, Trainable: v.Trainable}, nil
	}
	table, err := openVectors(ctx, v, report)
	if err != nil {
		return models.Vectors{}, err
	}
	defer table.Close()
	d := table.Dimension()
	if v.Dimension != 0 && v.Dimension != d {
		return models.Vectors{}, fmt.Errorf("vectors.dimension: got %d, but the vectors of %s have %d: set it to that, or to 0 to take it from the file", v.Dimension, v.Path, d)
	}
	rows, coverage, err := table.Matrix(words, vectors.Policy{Unknown: v.Unknown, Aliases: v.Aliases, Seed: c.Train.Seed})
	if err != nil {
		return models.Vectors{}, fmt.Errorf("vectors.path: %w", err)
	}
	text := fmt.Sprintf("%s: %d of %d words have a vector (%.1f %%)", v.Path, coverage.Words-coverage.Unknown, coverage.Words, 100*coverage.Share())
	if coverage.Subwords > 0 {
		text += fmt.Sprintf(", %d of them made of their subwords", coverage.Subwords)
	}
	report(Note{Text: text})
	return models.Vectors{Values: rows, Dimension: d, Trainable: v.Trainable}, nil
}

// openVectors opens the file of vectors and tells what its reader has to say.
func openVectors(ctx context.Context, v configs.Vectors, report func(Event)) (*vectors.Table, error) {
	table, err := vectors.Open(ctx, v.Path, vectors.Options{Progress: func(done, total int64) {
		report(VectorsRead{Path: v.Path, Done: done, Total: total})
	}})
	if ctx.Err() != nil && err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	if err != nil {
		return nil, fmt.Errorf("vectors.path: %w", err)
	}
	if note := table.Info().Note; note != "" {
		report(Note{Text: note})
	}
	return table, nil
}
