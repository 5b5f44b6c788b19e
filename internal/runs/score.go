package runs

import "absa/internal/metrics"

// Score is how a model did on a corpus: the part of a Result that a test gives,
// and what absa evaluate tells. Intervals are of 95 %, by a bootstrap over
// sentences. What a run of an earlier version did not measure is null or empty.
type Score struct {
	Sentences int               `json:"sentences"`
	Accuracy  metrics.Score     `json:"accuracy"` // over labelled pairs
	Interval  *metrics.Interval `json:"accuracy_interval"`
	Majority  metrics.Score     `json:"majority"`
	MacroF1   metrics.Score     `json:"macro_f1"`
	// MajorityMacroF1 is that of the majority class.
	MajorityMacroF1 metrics.Score           `json:"majority_macro_f1"`
	ThreeWay        *Restricted             `json:"three_way"` // positive, neutral, negative of a model that knows more
	Binary          *Restricted             `json:"binary"`    // positive, negative
	Polarities      []Polarity              `json:"polarities"`
	Confusion       metrics.Confusion       `json:"confusion"` // in the order of Polarities, the last column absent
	Aspects         map[string]AspectResult `json:"aspects"`
	Detection       *Detection              `json:"detection"` // of the aspects mentioned; null for a model that does not tell
	Calibration     *Calibrated             `json:"calibration"`
}

// AspectResult is one row of the table.
type AspectResult struct {
	Accuracy  metrics.Score     `json:"accuracy"`
	Majority  metrics.Score     `json:"majority"`
	Support   int               `json:"support"`
	MacroF1   metrics.Score     `json:"macro_f1"`
	Confusion metrics.Confusion `json:"confusion"`
}

// Polarity is how well one is told from the others, over all aspects.
type Polarity struct {
	Polarity string `json:"polarity"`
	metrics.Class
}

// Restricted is the score over the pairs of some polarities, when the model
// chooses among these.
type Restricted struct {
	Polarities []string         `json:"polarities"`
	Support    int              `json:"support"`
	Accuracy   metrics.Score    `json:"accuracy"`
	Interval   metrics.Interval `json:"accuracy_interval"`
	MacroF1    metrics.Score    `json:"macro_f1"`
}

// Detection is how well the aspects that sentences mention are found: SemEval-2014
// task 4, subtask 3.
type Detection struct {
	Threshold float64       `json:"threshold"` // least probability of presence
	Gold      int           `json:"gold"`      // pairs that gold labels
	Predicted int           `json:"predicted"` // pairs that were said to be mentioned
	Precision metrics.Score `json:"precision"`
	Recall    metrics.Score `json:"recall"`
	F1        metrics.Score `json:"f1"`
}

// Calibrated is how well the probabilities fit, those of the model and those at
// its temperature.
type Calibrated struct {
	Raw         Fit      `json:"raw"`
	Temperature *float64 `json:"temperature"` // null where the model has none
	Scaled      *Fit     `json:"scaled"`
}

// Threshold is the least probability of presence at which an aspect counts as
// mentioned unless another is asked for.
const Threshold = 0.5

// Score measures answers. c may be nil.
func (a *Answers) Score(c *Calibration, threshold float64) (Score, error) {
	result, err := a.Evaluate()
	if err != nil {
		return Score{}, err
	}
	all := result.Overall
	s := Score{
		Sentences: a.Sentences(),
		Accuracy:  all.Model.Accuracy(), Majority: all.Majority.Accuracy(),
		MacroF1: all.Model.MacroF1(), MajorityMacroF1: all.Majority.MacroF1(),
		Confusion: all.Model, Aspects: map[string]AspectResult{},
		Detection: a.detection(threshold), Calibration: &Calibrated{Raw: a.Fit(1)},
	}
	for _, row := range result.Aspects {
		s.Aspects[row.Name] = AspectResult{row.Model.Accuracy(), row.Majority.Accuracy(), row.Model.Support(), row.Model.MacroF1(), row.Model}
	}
	for i, name := range a.Polarities {
		s.Polarities = append(s.Polarities, Polarity{name, all.Model.Class(i)})
	}
	if c != nil {
		fit := a.Fit(c.Temperature)
		s.Calibration.Temperature, s.Calibration.Scaled = &c.Temperature, &fit
	}
	interval, err := a.interval()
	if err != nil {
		return Score{}, err
	}
	s.Interval = &interval
	if s.ThreeWay, err = a.restrict("positive", "neutral", "negative"); err != nil {
		return Score{}, err
	}
	s.Binary, err = a.restrict("positive", "negative")
	return s, err
}

// detection is nil for a model that does not tell which aspects are mentioned. A
// class absent does not: no pair has it as its target, so its logit learns only to
// stay below the others.
func (a *Answers) detection(threshold float64) *Detection {
	if a.Presence == nil {
		return nil
	}
	present := make([]bool, len(a.Gold))
	for i, p := range a.Presence {
		present[i] = p >= float32(threshold)
	}
	d := metrics.Detect(a.Gold, present)
	return &Detection{threshold, d.Gold, d.Predicted, d.Precision(), d.Recall(), d.F1()}
}

// Table lays a score out, nil without one.
func (s *Score) Table(aspects []string) *metrics.Table {
	if len(s.Aspects) == 0 {
		return nil
	}
	t := &metrics.Table{MajorityMacroF1: s.MajorityMacroF1, MacroF1: s.MacroF1}
	all := metrics.Line{Name: "overall", Majority: s.Majority, Model: s.Accuracy}
	for _, name := range aspects {
		a := s.Aspects[name]
		t.Lines = append(t.Lines, metrics.Line{Name: name, Support: a.Support, Majority: a.Majority, Model: a.Accuracy})
		all.Support += a.Support
	}
	t.Lines = append(t.Lines, all)
	return t
}
