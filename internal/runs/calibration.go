package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"absa/internal/metrics"
)

// CalibrationFormat is the version of calibration.json that this program writes,
// and the highest that it reads.
const CalibrationFormat = 1

// What a temperature is fitted on.
const (
	OnValidation = "validation" // the sentences that the run held out
	OnFolds      = "folds"      // all training sentences, each answered by a model that was not trained on it
)

// Calibration is the temperature that makes a model as sure as it is right: its
// probabilities are the softmax of logits divided by it (Guo et al. 2017, "On
// Calibration of Modern Neural Networks", equation 9). It is one number for the
// whole model: one for each aspect would be fitted on a few dozen pairs, and
// move confidences for no better reason than chance. Dividing all logits of a
// pair by one number leaves their order, so no polarity changes.
type Calibration struct {
	Format      int     `json:"format"`
	Temperature float64 `json:"temperature"`
	On          string  `json:"fitted_on"` // OnValidation or OnFolds
	Folds       int     `json:"folds,omitempty"`
	Sentences   int     `json:"sentences"`
	Pairs       int     `json:"pairs"`  // labelled
	Before      Fit     `json:"before"` // of these pairs, without a temperature
	After       Fit     `json:"after"`
	Weights     string  `json:"weights_sha256"` // of the model.safetensors that it belongs to
}

// ErrUnfit says that answers determine no temperature.
var ErrUnfit = errors.New("no temperature fits")

// Calibrate fits a temperature to the answers that a model gave to sentences it
// was not trained on. Weights is left for who stores it.
func (a *Answers) Calibrate(on string, folds int) (*Calibration, error) {
	temperature, err := metrics.Temperature(a.Logits, a.goldClasses(), a.classes())
	if errors.Is(err, metrics.ErrNoLabels) {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	if err != nil {
		return nil, err
	}
	result, err := a.Evaluate()
	if err != nil {
		return nil, err
	}
	c := &Calibration{
		Format: CalibrationFormat, Temperature: temperature, On: on, Folds: folds,
		Sentences: a.Sentences(), Pairs: result.Overall.Model.Support(),
		Before: a.Fit(1), After: a.Fit(temperature),
	}
	if metrics.AtBound(temperature) {
		return nil, fmt.Errorf("%w: of %d labelled pairs %d are answered right, which says nothing of how sure the model may be", ErrUnfit, c.Pairs, result.Overall.Model.Correct())
	}
	return c, nil
}

// ReadCalibration reads the calibration.json of a run folder, nil where there is
// none.
func ReadCalibration(run string) (*Calibration, error) {
	path := filepath.Join(run, CalibrationFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &Calibration{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case c.Format != CalibrationFormat:
		return nil, fmt.Errorf("%s: format %d is not known (this program reads %d)", path, c.Format, CalibrationFormat)
	case !(c.Temperature > 0) || metrics.AtBound(c.Temperature):
		return nil, fmt.Errorf("%s: temperature %v cannot be; absa calibrate %s fits another", path, c.Temperature, run)
	}
	return c, nil
}
