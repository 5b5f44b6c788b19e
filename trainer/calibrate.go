package trainer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/data"
	"absa/internal/atomicfile"
	"absa/internal/checkpoint"
	"absa/internal/runs"
)

// FoldsFolder holds, in a run folder, the runs of its folds while Calibrate is
// under way.
const FoldsFolder = "folds"

// CalibrateOptions say which run gets a temperature, and how.
type CalibrateOptions struct {
	Run     string // that ended
	Folds   int    // 2 or more, for a run without a validation set
	Device  string // as train.device; empty takes the run's
	Threads int    // as train.threads; 0 takes the run's
	Report  func(Event)
}

// Calibrate fits a temperature to a run that ended, and stores it in its folder.
//
// Where the run held out a validation set, it is fitted on what the tested weights
// say of that. Otherwise the training corpus is cut into folds, the run's
// configuration is trained once without each, and the temperature is fitted on
// what these models say of the fold they did not see. The run's own model saw all
// of it, and a little more than each of them: the temperature is that of its
// recipe. The test corpus is never looked at.
//
// With train.init_from every model begins with weights that may have been trained
// on these very sentences, which nothing here can tell: it is noted.
//
// What is done of the folds stays in FoldsFolder when ctx ends, and the next call
// goes on from there.
func Calibrate(ctx context.Context, o CalibrateOptions) (*Calibration, error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	run, err := checkpoint.Open(o.Run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: only a run that ended has the weights that a temperature is fitted to", err)
	}
	if err != nil {
		return nil, err
	}
	if run.Manifest.Kind != checkpoint.KindRun || !run.Has(ResultFile) {
		return nil, fmt.Errorf("%s is no run that absa trained to its end: a temperature is fitted to these alone", o.Run)
	}
	saved, err := open(o.Run, silent)
	if err != nil {
		return nil, err
	}
	l, err := lock(o.Run, noter(o.Report))
	if err != nil {
		return nil, err
	}
	if l != nil {
		defer l.Unlock()
	}
	answers := saved.answers()
	noteHeldOut(saved.config, noter(o.Report))
	var fitted *Calibration
	if saved.config.Data.ValidFraction > 0 {
		if err := answers.Read(run.Path(PredictionsFile), runs.Validation, nil); err != nil {
			return nil, err
		}
		if answers.Sentences() == 0 {
			return saved.calibrated(noter(o.Report))
		}
		if fitted, err = answers.Calibrate(runs.OnValidation, 0); err != nil {
			return nil, fmt.Errorf("%s: %w", run.Path(PredictionsFile), err)
		}
	} else {
		if err := saved.crossValidate(ctx, o, answers); err != nil {
			return nil, err
		}
		if fitted, err = answers.Calibrate(runs.OnFolds, o.Folds); err != nil {
			return nil, err
		}
	}
	if err := storeCalibration(run, fitted); err != nil {
		return nil, err
	}
	return fitted, os.RemoveAll(run.Path(FoldsFolder))
}

// answers are none yet of the model.
func (s *saved) answers() *runs.Answers {
	return &runs.Answers{Aspects: s.labels.Aspects, Polarities: s.labels.Polarities, AbsentClass: s.labels.AbsentClass, Majority: s.majority}
}

// calibrated is the temperature that a run ended with, where nothing is kept to fit
// it to again.
func (s *saved) calibrated(note func(string, ...any)) (*Calibration, error) {
	lacks := fmt.Sprintf("%s has no sentence of the validation corpus, which is empty or has more than the %d that are kept", filepath.Join(s.dir, PredictionsFile), maxPredictions)
	c, _, err := s.temperature()
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, fmt.Errorf("%s: to get a temperature, train with a data.valid_fraction that holds out fewer than these, or 0 and calibrate by folds", lacks)
	}
	note("%s: the temperature that the run ended with stays", lacks)
	return c, nil
}

// noteHeldOut says that sentences held out may not be new to a model that began with
// the weights of another.
func noteHeldOut(c configs.Config, note func(string, ...any)) {
	if from := c.Train.InitFrom; from != "" {
		note("the weights began as those of %s (train.init_from): where these were trained on sentences that are held out here, figures of them flatter and the temperature is too low", from)
	}
}

// storeCalibration puts a temperature into the folder of a run that ended. The
// folder is whole at every moment: a manifest never names a file that is about to
// change.
func storeCalibration(run *checkpoint.Checkpoint, c *Calibration) error {
	var names []string
	for _, p := range run.Manifest.Parts {
		switch p.Name {
		case WeightsFile:
			c.Weights = p.SHA256
		case CalibrationFile:
			continue
		}
		names = append(names, p.Name)
	}
	if run.Has(CalibrationFile) {
		if err := checkpoint.Seal(run.Dir, run.Manifest, names); err != nil {
			return err
		}
	}
	if err := writeCalibration(run.Dir, c); err != nil {
		return err
	}
	return checkpoint.Seal(run.Dir, run.Manifest, append(names, CalibrationFile))
}

func writeCalibration(run string, c *Calibration) error {
	text, err := indented(c)
	if err != nil {
		return fmt.Errorf("write %s: %w", CalibrationFile, err)
	}
	return atomicfile.Replace(filepath.Join(run, CalibrationFile), file{text: text}.write)
}

// temperature returns the temperature of the weights that were opened, or why they
// have none.
func (s *saved) temperature() (c *Calibration, lacks string, err error) {
	run := checkpoint.RunOf(s.dir)
	if run != "" {
		if c, err = runs.ReadCalibration(run); err != nil {
			return nil, "", err
		}
	}
	switch {
	case c == nil:
		return nil, fmt.Sprintf("%s has no temperature (absa calibrate fits one to a run that ended)", s.dir), nil
	case c.Weights != s.weights:
		return nil, fmt.Sprintf("the temperature in %s is of other weights than those of %s", filepath.Join(run, CalibrationFile), s.dir), nil
	}
	return c, "", nil
}

// crossValidate trains a model without each fold, in a run folder of its own, and
// adds what it says of that fold.
func (s *saved) crossValidate(ctx context.Context, o CalibrateOptions, to *runs.Answers) error {
	c := s.config
	c.Data.Test, c.Train.TensorBoard = "", 0
	c.Checkpoint.KeepLast, c.Checkpoint.KeepBest = 1, 0
	if o.Device != "" {
		c.Train.Device = o.Device
	}
	if o.Threads != 0 {
		c.Train.Threads = o.Threads
	}
	if err := c.Validate(); err != nil {
		return err
	}
	if err := s.sameCorpus(ctx, c, o); err != nil {
		return err
	}
	told := map[string]bool{} // notes that would come with every fold
	for n := range o.Folds {
		f := Fold{n + 1, o.Folds}
		o.Report(FoldBegun{f.Number, f.Of})
		dir := filepath.Join(s.dir, FoldsFolder, fmt.Sprintf("%d-of-%d", f.Number, f.Of))
		resume := ""
		if _, err := os.Stat(dir); err == nil {
			resume = ResumeAuto
		}
		_, err := Train(ctx, Options{Config: c, Out: dir, Resume: resume, Fold: f, Report: func(e Event) {
			switch e := e.(type) {
			case Note:
				if told[e.Text] {
					return
				}
				told[e.Text] = true
			case Prepared, Tested, Ended:
				return
			}
			o.Report(e)
		}})
		if ctx.Err() != nil && !errors.Is(err, ErrUnsaved) {
			return fmt.Errorf("%w in fold %d of %d: %w (the same command goes on from there)", ErrInterrupted, f.Number, f.Of, context.Cause(ctx))
		}
		if errors.Is(err, ErrChanged) {
			err = fmt.Errorf("%w\nor remove %s, of an earlier try, to begin again", err, filepath.Dir(dir))
		}
		if err != nil {
			return fmt.Errorf("fold %d of %d: %w", f.Number, f.Of, err)
		}
		if err := to.Read(filepath.Join(dir, PredictionsFile), runs.Test, nil); err != nil {
			return err
		}
	}
	return nil
}

// sameCorpus refuses a training corpus that is not the one that the run was trained
// on: by the fingerprint of its newest checkpoint if it has one, and by the ids of
// its sentences.
func (s *saved) sameCorpus(ctx context.Context, c configs.Config, o CalibrateOptions) error {
	corpus, err := data.OpenTrain(ctx, c, data.OpenOptions{Progress: func(done, total int64) {
		o.Report(CorpusRead{Path: c.Data.Train, Done: done, Total: total})
	}})
	if err != nil {
		return err
	}
	defer corpus.Close()
	at := corpus.WithWords(corpus.All())
	if o.Folds < 2 || o.Folds > len(at) {
		return fmt.Errorf("%d folds of %d sentences: want at least 2, and at most as many as there are sentences", o.Folds, len(at))
	}
	other := fmt.Errorf("data.train=%s has other sentences than when %s was trained: put back the corpus of then", c.Data.Train, s.dir)
	if newest, _, err := checkpoint.Newest(s.dir); err == nil {
		state, err := ReadState(newest)
		if err != nil {
			return err
		}
		if state.Data.Train != corpus.Fingerprint() {
			return other
		}
	}
	now := sha256.New()
	if err := (split{train: corpus.Examples(at, s.vocabulary)}).writeIndented(now); err != nil {
		return err
	}
	was := sha256.New()
	f, err := os.Open(filepath.Join(s.dir, SplitFile))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(was, f); err != nil {
		return err
	}
	if !bytes.Equal(now.Sum(nil), was.Sum(nil)) {
		return other
	}
	return nil
}
