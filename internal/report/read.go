package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/internal/runs"
)

// Run is what the files of a run folder say.
type Run struct {
	Name        string // of the folder; with those above it where others have the same
	Folder      string // its absolute path
	Config      configs.Config
	ConfigText  string // config.yaml
	Epochs      []runs.Epoch
	Result      *runs.Result      // nil while the run has not ended
	Temperature *runs.Calibration // nil without one
	Answers     *Answers          // nil without predictions
	Lacks       []string          // what is not there, in sentences
}

// Read reads a run folder.
func Read(dir string) (*Run, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Name: filepath.Base(absolute), Folder: absolute}
	configPath := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(configPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no run folder: it has no config.yaml", dir)
	}
	if err != nil {
		return nil, err
	}
	loaded, err := configs.Load(configs.Source{Config: configPath})
	if err != nil {
		return nil, err
	}
	r.Config, r.ConfigText = loaded.Config, string(text)
	l, err := runs.ReadLabels(dir)
	if err != nil {
		return nil, err
	}
	// With a manifest the run has ended; a result without one is an earlier end.
	if _, err := os.Stat(filepath.Join(dir, checkpoint.ManifestFile)); err == nil {
		r.Result = &runs.Result{}
		if err := readJSON(filepath.Join(dir, runs.ResultFile), r.Result); err != nil {
			return nil, err
		}
		r.Epochs = r.Result.Epochs
		if r.Temperature, err = runs.ReadCalibration(dir); err != nil {
			return nil, err
		}
		return r, r.readAnswers(filepath.Join(dir, runs.PredictionsFile), l)
	}
	r.Lacks = append(r.Lacks, "This run has not ended: it has learning curves and no result yet.")
	r.Epochs, err = runs.ReadEpochs(filepath.Join(dir, runs.MetricsFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return r, err
}

// readAnswers reads the predictions, of the test corpus where there is one. The
// figures that follow from them must be those of the result.
func (r *Run) readAnswers(path string, l *runs.Labels) error {
	corpus := runs.Test
	if len(r.Result.Aspects) == 0 {
		corpus = runs.Validation
		r.Lacks = append(r.Lacks, "This run had no test corpus: figures by aspect are of its validation corpus, by which its weights may have been chosen.")
	}
	a, err := readAnswers(path, corpus, l, r.Temperature)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Lacks = append(r.Lacks, "This run kept no predictions (predictions.jsonl), as versions before this one did: there are no confusion matrices, no calibration, no accuracy by length and no mistakes.")
		return nil
	case err != nil:
		return err
	case a == nil:
		r.Lacks = append(r.Lacks, fmt.Sprintf("predictions.jsonl has no sentence of the %s corpus: either there is none, or it is larger than what a run keeps.", corpus))
		return nil
	}
	if corpus == runs.Test {
		if err := fits(a.Scores, r.Result.Score); err != nil {
			return fmt.Errorf("%s does not fit %s: %w: one of the files was changed", path, runs.ResultFile, err)
		}
	}
	r.Answers = a
	return nil
}

// fits compares what follows from predictions with a result.
func fits(a metrics.Result, want runs.Score) error {
	same := func(name string, got, want metrics.Score) error {
		if got == want || !got.Defined() && !want.Defined() {
			return nil
		}
		return fmt.Errorf("accuracy of %s is %v there and %v here", name, want, got)
	}
	err := same("all pairs", a.Overall.Model.Accuracy(), want.Accuracy)
	for _, row := range a.Aspects {
		err = errors.Join(err, same(row.Name, row.Model.Accuracy(), want.Aspects[row.Name].Accuracy))
	}
	return err
}

func readJSON(path string, to any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
