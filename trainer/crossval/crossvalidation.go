package crossval

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"absa/configs"
	"absa/data"
	"absa/internal/study"
	"absa/trainer"
)

// Options say what is cross-validated and where that is kept.
type Options struct {
	Protocol configs.Protocol
	Configs  []configs.Config // of its candidates
	Dir      string           // new, empty, or of a study that goes on
	Program  string           // path of absa, which trains
	Jobs     int              // processes at a time; 0 takes as many as Cores have room for
	Cores    int
	Note     func(format string, a ...any)
	Report   func(study.Event)
}

// Run trains every candidate of a protocol without each fold of each
// division of the training corpus, and compares what the models say of the fold that
// they did not see: repeated stratified k-fold cross-validation. Two candidates train
// on the same sentences with the same seeds, so that they are compared pairwise. The
// test corpus is not opened.
//
// What is done stays in the folder, and a later call with the same protocol goes on
// from there. Once a training has begun the protocol may only get more candidates.
func Run(ctx context.Context, o Options) (*Result, error) {
	list, err := settings(o)
	if err != nil {
		return nil, err
	}
	corpus, err := data.OpenTrain(ctx, list[0], data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	defer corpus.Close()
	if o.Protocol.Folds > corpus.Len() {
		return nil, fmt.Errorf("%d folds of the %d sentences of %s: want at most as many", o.Protocol.Folds, corpus.Len(), corpus.Path)
	}
	unlock, err := study.Take(o.Dir, RecordFile, o.Note, candidatesFolder) // which is written before the record
	if err != nil {
		return nil, err
	}
	defer unlock()
	record, err := begin(o, list, corpus)
	if err != nil {
		return nil, err
	}
	threads := 0
	for _, c := range list {
		threads = max(threads, c.Train.Threads)
	}
	x := &crossValidation{
		runner: study.Runner{
			Dir: o.Dir, Program: o.Program, Jobs: cmp.Or(o.Jobs, study.Jobs(o.Cores, threads)), Report: o.Report,
			Keep: func(_ study.Unit, run string) (any, error) { return study.ReadModel(run) },
		},
		record: record, configs: list, corpus: corpus,
	}
	units, err := x.units()
	if err != nil {
		return nil, err
	}
	err = x.runner.Run(ctx, units)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: what is done is kept, the same command goes on: %w", trainer.ErrInterrupted, context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	return x.result()
}

// crossValidation is one under way.
type crossValidation struct {
	runner  study.Runner
	record  *Record
	configs []configs.Config // of the candidates
	corpus  *data.Set
}

// settings are those of the candidates as they are trained: with what belongs to no
// candidate taken from the protocol.
func settings(o Options) ([]configs.Config, error) {
	list := slices.Clone(o.Configs)
	for i := range list {
		c := &list[i]
		if from := c.Train.InitFrom; from != "" {
			o.Note("candidate %s begins with the weights of %s (train.init_from): where these were trained on sentences of this corpus, its figures flatter", o.Protocol.Candidates[i].Name, from)
		}
		c.Data.Test = ""
		c.Train.Threads = max(1, c.Train.Threads) // not the machine's cores, which would decide on the last digits
		c.Train.TensorBoard = 0
		c.Checkpoint = configs.Checkpoint{EveryMinutes: 10, KeepLast: 1}
		c.Data.SplitSeed, c.Train.Seed = seeds(o.Protocol.Seed, 1, 1)
		if err := c.Validate(); err != nil {
			return nil, fmt.Errorf("candidate %s: %w", o.Protocol.Candidates[i].Name, err)
		}
	}
	return list, nil
}

// seeds are those of a repeat's division into folds and of the training without one
// of them, the same for every candidate: 1002 and 1002003 for the third fold of the
// second repeat of seed 1.
func seeds(seed int64, repeat, fold int) (split, train int64) {
	split = 1000*seed + int64(repeat)
	return split, 1000*split + int64(fold)
}

// stratification is how a corpus is divided into folds.
func stratification(c configs.Config, seed int64) data.Stratification {
	return data.Stratification{Order: c.Data.SplitOrder, Seed: seed}
}

// units are the trainings, repeat by repeat, so that candidates can be compared before
// all are done.
func (x *crossValidation) units() ([]study.Unit, error) {
	var list []study.Unit
	files := study.Files{}
	for repeat := 1; repeat <= x.record.Repeats; repeat++ {
		for fold := 1; fold <= x.record.Folds; fold++ {
			for candidate, c := range x.configs {
				u := x.unit(candidate, repeat, fold)
				c.Data.SplitSeed, c.Train.Seed = seeds(x.record.Seed, repeat, fold)
				var err error
				if u.Settings, err = files.Settings(c); err != nil {
					return nil, err
				}
				list = append(list, u)
			}
		}
	}
	return list, nil
}

// unit is the training of a candidate without a fold.
func (x *crossValidation) unit(candidate, repeat, fold int) study.Unit {
	split, train := seeds(x.record.Seed, repeat, fold)
	name := x.record.Candidates[candidate].Name
	return study.Unit{Name: fmt.Sprintf("%s/repeat-%d-fold-%d", name, repeat, fold), Args: []string{
		"train", "--quiet", "--config", candidatePath(x.runner.Dir, name), "--fold", fmt.Sprintf("%d/%d", fold, x.record.Folds),
		"--set", fmt.Sprint("data.split_seed=", split), "--set", fmt.Sprint("train.seed=", train),
	}}
}

// begin writes down what is to be compared, or finds that it is what was written down.
func begin(o Options, list []configs.Config, corpus *data.Set) (*Record, error) {
	r, err := readRecord(o.Dir)
	if err != nil {
		return nil, err
	}
	begun, err := study.Begun(o.Dir)
	if err != nil {
		return nil, err
	}
	if r == nil || !begun {
		fresh := newRecord(o.Protocol, corpus.Path, corpus.Len(), corpus.Fingerprint())
		return &fresh, fresh.write(o.Dir, list)
	}
	before := len(r.Candidates)
	if err := r.follow(o.Dir, o.Protocol, list, corpus.Fingerprint()); err != nil {
		return nil, err
	}
	for _, c := range r.Candidates[before:] {
		o.Note("candidate %s is appended to a study that has begun; the table says so", c.Name)
	}
	if now := trainer.CurrentVersions(); now.Program != r.Versions.Program || now.LibTorch != r.Versions.LibTorch {
		o.Note("the study was begun with absa %s, LibTorch %s and goes on with absa %s, LibTorch %s: candidates may differ by that", r.Versions.Program, r.Versions.LibTorch, now.Program, now.LibTorch)
	}
	return r, r.write(o.Dir, list)
}
