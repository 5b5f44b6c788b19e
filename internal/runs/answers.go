package runs

import (
	"fmt"
	"slices"

	"absa/configs"
	"absa/internal/metrics"
)

// Answers are what a model says of N sentences and A aspects, beside gold. C is
// the number of logits of a pair.
type Answers struct {
	Aspects, Polarities []string
	AbsentClass         bool      // the first logit is that of "absent", the polarities follow
	Majority            []int     // [A] most frequent polarity of the training corpus, or metrics.Absent
	Gold, Predicted     []int     // [N,A] polarities, or metrics.Absent
	Logits              []float32 // [N,A,C]
	Presence            []float32 // [N,A] probability that the aspect is mentioned; nil for a model that does not tell
}

// Sentences is their number.
func (a *Answers) Sentences() int { return len(a.Gold) / len(a.Aspects) }

// offset is the class of polarity 0.
func (a *Answers) offset() int {
	if a.AbsentClass {
		return 1
	}
	return 0
}

func (a *Answers) classes() int { return a.offset() + len(a.Polarities) }

// Read adds the lines of one corpus of a predictions.jsonl, and hands each on to use,
// which may be nil.
func (a *Answers) Read(path, corpus string, use func(Prediction)) error {
	for p, err := range ReadPredictions(path) {
		if err != nil {
			return err
		}
		if p.Corpus != corpus {
			continue
		}
		if err := a.Add(p); err != nil {
			return fmt.Errorf("%s: sentence %s: %w", path, p.ID, err)
		}
		if use != nil {
			use(p)
		}
	}
	return nil
}

// Add appends a line of predictions.jsonl.
func (a *Answers) Add(p Prediction) error {
	for _, aspect := range a.Aspects {
		answer, ok := p.Aspects[aspect]
		if !ok {
			return fmt.Errorf("no answer for aspect %q", aspect)
		}
		predicted := slices.Index(a.Polarities, answer.Predicted)
		if predicted < 0 && !(a.AbsentClass && answer.Predicted == configs.AbsentLabel) || len(answer.Logits) != a.classes() {
			return fmt.Errorf("aspect %q: %q with %d logits is no answer of labels.json", aspect, answer.Predicted, len(answer.Logits))
		}
		gold := slices.Index(a.Polarities, answer.Gold)
		if gold < 0 && answer.Gold != "" {
			return fmt.Errorf("aspect %q: gold %q is no polarity of labels.json", aspect, answer.Gold)
		}
		a.Gold = append(a.Gold, gold)
		a.Predicted = append(a.Predicted, predicted)
		a.Logits = append(a.Logits, answer.Logits...)
		if answer.Presence != nil {
			a.Presence = append(a.Presence, *answer.Presence)
		}
	}
	if a.Presence != nil && len(a.Presence) != len(a.Gold) {
		return fmt.Errorf("some aspects have a presence, others have none")
	}
	return nil
}

// Evaluate scores them beside the majority class.
func (a *Answers) Evaluate() (metrics.Result, error) {
	return metrics.Evaluate(a.Aspects, a.Polarities, a.Gold, a.Predicted, a.Majority)
}

// Sample is what a bootstrap resamples.
func (a *Answers) Sample() metrics.Sentences {
	return metrics.Sentences{Gold: a.Gold, Pred: a.Predicted, Aspects: len(a.Aspects), Polarities: len(a.Polarities)}
}

// goldClasses are the classes of gold, which Logits has in its last dimension.
func (a *Answers) goldClasses() []int {
	if !a.AbsentClass {
		return a.Gold
	}
	classes := slices.Clone(a.Gold)
	for i, g := range classes {
		if g != metrics.Absent {
			classes[i] = g + a.offset()
		}
	}
	return classes
}

// Reliability compares confidence with accuracy at a temperature, in
// metrics.Bins bins.
func (a *Answers) Reliability(temperature float64) []metrics.Bin {
	confidence, right := metrics.Confidence(a.Logits, a.goldClasses(), a.classes(), temperature)
	return metrics.Reliability(confidence, right, metrics.Bins)
}

// Fit is how well the probabilities at a temperature fit.
type Fit struct {
	LogLoss metrics.Score `json:"log_loss"` // mean negative log-likelihood of gold
	ECE     metrics.Score `json:"ece"`      // expected calibration error over metrics.Bins bins
}

// Fit measures the probabilities at a temperature.
func (a *Answers) Fit(temperature float64) Fit {
	return Fit{
		LogLoss: metrics.LogLoss(a.Logits, a.goldClasses(), a.classes(), temperature),
		ECE:     metrics.CalibrationError(a.Reliability(temperature)),
	}
}

// Restrict leaves only some polarities to choose from, and counts the pairs whose
// gold polarity is one of them. It is nil where the model lacks one of them or
// has no other.
func (a *Answers) restrict(polarities ...string) (*Restricted, error) {
	if len(polarities) >= len(a.Polarities) {
		return nil, nil
	}
	var keep []int
	for _, p := range polarities {
		at := slices.Index(a.Polarities, p)
		if at < 0 {
			return nil, nil
		}
		keep = append(keep, at)
	}
	scores := a.Logits
	if a.AbsentClass {
		scores = make([]float32, 0, len(a.Gold)*len(a.Polarities))
		for z := range slices.Chunk(a.Logits, a.classes()) {
			scores = append(scores, z[1:]...)
		}
	}
	some := *a
	var err error
	if some.Gold, some.Predicted, err = metrics.Restrict(a.Gold, scores, len(a.Polarities), keep); err != nil {
		return nil, err
	}
	result, err := some.Evaluate()
	if err != nil {
		return nil, err
	}
	r := &Restricted{Polarities: polarities, Support: result.Overall.Model.Support(), Accuracy: result.Overall.Model.Accuracy(), MacroF1: result.Overall.Model.MacroF1()}
	r.Interval, err = some.interval()
	return r, err
}

// interval is that of the accuracy.
func (a *Answers) interval() (metrics.Interval, error) {
	return metrics.Bootstrap(a.Sample(), metrics.Standard(a.Sentences()), metrics.Confusion.Accuracy)
}
