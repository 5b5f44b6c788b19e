package trainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/internal/checkpoint"
	"absa/internal/runs"
	"absa/internal/safetensors"
	"absa/models"
)

// Names of the files of a run folder and of a checkpoint.
const (
	ConfigFile      = "config.yaml"        // the resolved configuration
	LabelsFile      = "labels.json"        // what the logits stand for
	VocabFile       = "vocab.txt"          // words in the order of embedding.weight
	SplitFile       = "split.json"         // sentence ids of training and validation
	MetricsFile     = runs.MetricsFile     // a line per epoch
	TableFile       = runs.TableFile       // the same as CSV
	WeightsFile     = "model.safetensors"  // of a run: the tested weights
	ResultFile      = runs.ResultFile      // see Result
	CalibrationFile = runs.CalibrationFile // its temperature, where it has one
	PredictionsFile = runs.PredictionsFile // what the tested weights say of the test and the validation corpus
	OptimizerFile   = "optimizer.safetensors"
	StateFile       = "state.json"       // see State
	BestFile        = "best.safetensors" // the best weights on validation, where they are not WeightsFile
)

// ErrNotEmpty refuses a run folder that holds something.
var ErrNotEmpty = errors.New("the folder is not empty")

// folder is a run folder that is being written.
type folder struct {
	dir    string
	lock   *checkpoint.RunLock // nil where the file system has none
	first  []file              // what is known before the first step
	labels models.Labels
}

// file is a file of the run folder that is there from its beginning.
type file struct {
	name string
	text []byte
	fill func(io.Writer) error // in place of text, where that would be large
}

// checkFolder refuses, before any work, a folder that cannot take a run.
func checkFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("run folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == lockFile || leftOver(e.Name()) {
			continue // of a process that was killed; the lock itself is asked later
		}
		return fmt.Errorf("run folder %s: %w: choose another --out, so that no run is overwritten, or --resume auto to go on with it", dir, ErrNotEmpty)
	}
	return nil
}

// newFolder lays out a run folder; make makes it. lock may be nil.
func newFolder(dir string, lock *checkpoint.RunLock, config configs.Config, labels models.Labels, set *Dataset) (*folder, error) {
	first, err := firstFiles(config, labels, set)
	if err != nil {
		return nil, fmt.Errorf("run folder %s: %w", dir, err)
	}
	return &folder{dir: dir, lock: lock, first: first, labels: labels}, nil
}

// rewrite writes what is known before the first step over that of the run that
// is there.
func (f *folder) rewrite() error {
	for _, x := range f.first {
		if err := atomicfile.Replace(f.path(x.name), x.write); err != nil {
			return err
		}
	}
	return nil
}

// make makes a new run folder with what is known before the first step, after
// what first does there if it is not nil. If that fails the folder is left as it
// was found.
func (f *folder) make(note func(string, ...any), first func() error) (err error) {
	_, missing := os.Stat(f.dir)
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	var made []string
	locked := f.lock != nil
	defer func() {
		if err == nil {
			return
		}
		// Another run may have taken the folder meanwhile: its files stay.
		for _, name := range made {
			os.Remove(f.path(name))
		}
		if f.lock != nil && !locked {
			f.lock.Unlock()
			f.lock = nil
		}
		if missing != nil {
			os.Remove(f.dir)
		}
	}()
	if !locked {
		if f.lock, err = lock(f.dir, note); err != nil {
			return err
		}
	}
	if first != nil {
		if err := first(); err != nil {
			return err
		}
	}
	for _, x := range f.first {
		if err := atomicfile.Write(f.path(x.name), x.write); err != nil {
			return err
		}
		made = append(made, x.name)
	}
	return nil
}

// firstFiles are what is known before the first step.
func firstFiles(config configs.Config, labels models.Labels, set *Dataset) ([]file, error) {
	var c, v bytes.Buffer
	if err := configs.WriteYAML(&c, config); err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigFile, err)
	}
	if _, err := set.Vocabulary.WriteTo(&v); err != nil {
		return nil, fmt.Errorf("%s: %w", VocabFile, err)
	}
	l, err := indented(labelsFile{Labels: labels, Majority: set.majorityNames(labels.Polarities)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", LabelsFile, err)
	}
	files := []file{
		{name: ConfigFile, text: c.Bytes()}, {name: LabelsFile, text: l}, {name: VocabFile, text: v.Bytes()},
		{name: SplitFile, fill: set.split.writeIndented},
	}
	if len(set.Leaks) > 0 {
		files = append(files, file{name: LeakageFile, fill: func(w io.Writer) error { return writeLeaks(w, set.Leaks) }})
	}
	return files, nil
}

func (x file) write(w io.Writer) error {
	if x.fill != nil {
		return x.fill(w)
	}
	_, err := w.Write(x.text)
	return err
}

// indented is JSON for people and programs.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// fixed returns the files that every checkpoint has as the run folder has them.
func (f *folder) fixed() []checkpoint.Content {
	var list []checkpoint.Content
	for _, x := range f.first {
		if x.name != SplitFile && x.name != LeakageFile { // the state has fingerprints
			list = append(list, checkpoint.Content{Name: x.name, Write: x.write})
		}
	}
	return list
}

// append adds a line to metrics.jsonl; a line that does not fit is taken back.
func (f *folder) append(epoch Epoch) error {
	line, err := json.Marshal(epoch)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path(MetricsFile), err)
	}
	file, err := os.OpenFile(f.path(MetricsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return errors.Join(fmt.Errorf("write metrics: %w", err), file.Truncate(info.Size()))
	}
	return nil
}

// rewriteMetrics puts metrics.jsonl where a resumed run stands: lines that the
// process before wrote after its last checkpoint come again.
func (f *folder) rewriteMetrics(history []Epoch) error {
	if len(history) == 0 {
		if err := os.Remove(f.path(MetricsFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write metrics: %w", err)
		}
		return nil
	}
	return atomicfile.Replace(f.path(MetricsFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		for _, epoch := range history {
			if err := e.Encode(epoch); err != nil {
				return err
			}
		}
		return nil
	})
}

// syncMetrics makes the lines durable that were appended one by one.
func (f *folder) syncMetrics() error {
	file, err := os.Open(f.path(MetricsFile))
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// finish writes what ends a run: the tested weights, the table of its epochs, its
// predictions, its temperature, the result, and last the manifest over all that is
// in the folder. A run that was killed between them has not ended, and comes here
// again.
func (f *folder) finish(r *Result, tested []safetensors.Tensor, answers []predicted, fitted *Calibration, m checkpoint.Manifest) error {
	if err := checkFinite(tested); err != nil {
		return err
	}
	if err := f.syncMetrics(); err != nil {
		return err
	}
	hash := sha256.New()
	err := atomicfile.Replace(f.path(WeightsFile), func(w io.Writer) error {
		return safetensors.Write(io.MultiWriter(w, hash), tested, metadata())
	})
	if err != nil {
		return fmt.Errorf("save weights: %w", err)
	}
	err = atomicfile.Replace(f.path(TableFile), func(w io.Writer) error { return runs.WriteTable(w, r.Epochs) })
	if err != nil {
		return err
	}
	err = atomicfile.Replace(f.path(PredictionsFile), func(w io.Writer) error {
		return writePredictions(w, f.labels, answers)
	})
	if err != nil {
		return err
	}
	var parts []string
	for _, x := range f.first {
		parts = append(parts, x.name)
	}
	parts = append(parts, MetricsFile, TableFile, WeightsFile, PredictionsFile, ResultFile)
	if calibrated, err := f.calibrate(fitted, hex.EncodeToString(hash.Sum(nil))); err != nil {
		return err
	} else if calibrated {
		parts = append(parts, CalibrationFile)
	}
	text, err := indented(r)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path(ResultFile), err)
	}
	if err := atomicfile.Replace(f.path(ResultFile), file{name: ResultFile, text: text}.write); err != nil {
		return err
	}
	m.Kind = checkpoint.KindRun
	err = checkpoint.Seal(f.dir, m, parts)
	if err != nil { // without a manifest it is no result
		os.Remove(f.path(ResultFile))
	}
	return err
}

// calibrate writes the temperature of the weights that end a run, and says whether
// they have one. One that absa calibrate fitted to them before stays.
func (f *folder) calibrate(fitted *Calibration, weights string) (bool, error) {
	if fitted != nil {
		fitted.Weights = weights
		return true, writeCalibration(f.dir, fitted)
	}
	old, err := runs.ReadCalibration(f.dir)
	if err == nil && (old == nil || old.Weights == weights) {
		return old != nil, nil
	}
	return false, os.Remove(f.path(CalibrationFile))
}
