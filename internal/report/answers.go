package report

import (
	"cmp"
	"fmt"
	"slices"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/runs"
)

// Answers is how a run answered the labelled pairs of a corpus.
type Answers struct {
	Corpus   string // runs.Test or runs.Validation
	Scores   metrics.Result
	Score    runs.Score
	Bins     []metrics.Bin // of the model's own probabilities
	Scaled   []metrics.Bin // and at its temperature; nil without one
	Lengths  []Length
	Mistakes []Mistake // the most confident first
	Alone    bool      // the answer depends on the batch, and a mistake was explained without its own
	Unshaded string    // why the mistakes do not tell what they rest on, in a sentence

	ids  []string
	said runs.Answers
}

// FittedHere says that the temperature was fitted on these very answers, so that
// its error on them flatters.
func (a *Answers) FittedHere(c *runs.Calibration) bool {
	return a.Corpus == runs.Validation && c != nil && c.On == runs.OnValidation
}

// Restricted lists the scores over some polarities.
func (a *Answers) Restricted() (list []*runs.Restricted) {
	for _, r := range []*runs.Restricted{a.Score.ThreeWay, a.Score.Binary} {
		if r != nil {
			list = append(list, r)
		}
	}
	return list
}

// Length is the accuracy over sentences of so many words.
type Length struct {
	Name         string // "6–10"
	Pairs, Right int
}

// Accuracy is Right by Pairs.
func (l Length) Accuracy() metrics.Score {
	return metrics.Score(float64(l.Right) / float64(l.Pairs)) // 0/0 is NaN: not defined
}

// Mistake is a wrong answer.
type Mistake struct {
	ID                      string
	Words                   []string
	Aspect, Gold, Predicted string
	Confidence              float64 // probability of Predicted, at the run's temperature
	GoldProbability         float64

	// What Predicted rests on, a value for each word; nil where it is not known.
	Attention, Gradient []float32
}

const mostShown = 20 // mistakes

// longest are the upper ends of the length groups but the last.
var longest = []int{5, 10, 15, 20, 30}

// readAnswers reads the sentences of one corpus, nil when the file has none. c may
// be nil.
func readAnswers(path, corpus string, l *runs.Labels, c *runs.Calibration) (*Answers, error) {
	r := newReader(corpus, l)
	if c != nil {
		r.temperature = c.Temperature
	}
	if err := r.a.said.Read(path, corpus, r.add); err != nil {
		return nil, err
	}
	if len(r.a.ids) == 0 {
		return nil, nil
	}
	return r.finish(c)
}

// reader takes in predictions one by one.
type reader struct {
	labels      *runs.Labels
	class       map[string]int // polarity or "absent" to its logit
	temperature float64
	a           *Answers
}

func newReader(corpus string, l *runs.Labels) *reader {
	r := &reader{labels: l, class: map[string]int{}, temperature: 1, a: &Answers{
		Corpus: corpus,
		said:   *l.Answers(),
	}}
	if l.AbsentClass {
		r.class[configs.AbsentLabel] = 0
	}
	for _, p := range l.Polarities {
		r.class[p] = len(r.class)
	}
	for i := range len(longest) + 1 {
		r.a.Lengths = append(r.a.Lengths, Length{Name: lengthName(i)})
	}
	return r
}

func lengthName(i int) string {
	switch {
	case i == len(longest):
		return fmt.Sprintf("%d+", longest[i-1]+1)
	case i == 0:
		return fmt.Sprintf("1–%d", longest[0])
	}
	return fmt.Sprintf("%d–%d", longest[i-1]+1, longest[i])
}

// add takes in a line that said has.
func (r *reader) add(p runs.Prediction) {
	r.a.ids = append(r.a.ids, p.ID)
	group, _ := slices.BinarySearch(longest, len(p.Words))
	for _, aspect := range r.labels.Aspects {
		answer := p.Aspects[aspect]
		if answer.Gold == "" {
			continue
		}
		r.a.Lengths[group].Pairs++
		if answer.Predicted == answer.Gold {
			r.a.Lengths[group].Right++
			continue
		}
		probability := func(polarity string) float64 {
			return metrics.Probability(answer.Logits, r.class[polarity], r.temperature)
		}
		r.mistake(Mistake{ID: p.ID, Words: p.Words, Aspect: aspect, Gold: answer.Gold, Predicted: answer.Predicted,
			Confidence: probability(answer.Predicted), GoldProbability: probability(answer.Gold)})
	}
}

// mistake keeps the most confident ones.
func (r *reader) mistake(m Mistake) {
	at, _ := slices.BinarySearchFunc(r.a.Mistakes, m, func(a, b Mistake) int {
		if c := cmp.Compare(b.Confidence, a.Confidence); c != 0 {
			return c
		}
		return -1 // of equals, the earlier sentence first
	})
	if at < mostShown {
		r.a.Mistakes = slices.Insert(r.a.Mistakes, at, m)
		r.a.Mistakes = r.a.Mistakes[:min(len(r.a.Mistakes), mostShown)]
	}
}

func (r *reader) finish(c *runs.Calibration) (a *Answers, err error) {
	a = r.a
	if a.Scores, err = a.said.Evaluate(); err != nil {
		return nil, err
	}
	a.Bins = a.said.Reliability(1)
	if c != nil {
		a.Scaled = a.said.Reliability(c.Temperature)
	}
	a.Score, err = a.said.Score(c, runs.Threshold)
	return a, err
}

// difference is the interval of b's accuracy less a's, and whether the two
// answered the same questions.
func difference(a, b *Answers) (d metrics.Score, interval metrics.Interval, ok bool) {
	if a == nil || b == nil || a.Corpus != b.Corpus || !slices.Equal(a.ids, b.ids) || !slices.Equal(a.said.Gold, b.said.Gold) ||
		!slices.Equal(a.Scores.Polarities, b.Scores.Polarities) {
		return 0, interval, false
	}
	interval, err := metrics.BootstrapDifference(a.said.Sample(), b.said.Sample(), metrics.Standard(len(a.ids)), metrics.Confusion.Accuracy)
	return b.Scores.Overall.Model.Accuracy() - a.Scores.Overall.Model.Accuracy(), interval, err == nil
}
