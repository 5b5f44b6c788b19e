package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"absa/internal/metrics"
	"absa/internal/runs"
)

// Answers is how a run answered the labelled pairs of a corpus.
type Answers struct {
	Corpus    string // runs.Test or runs.Validation
	Sentences int
	Scores    metrics.Result
	Interval  metrics.Interval // of the accuracy, by bootstrap over sentences
	Bins      []metrics.Bin
	ECE       metrics.Score
	Detection *metrics.Detection // of the aspects mentioned; nil without a presence logit
	Lengths   []Length
	Mistakes  []Mistake // the most confident first
	Unshaded  string    // why the mistakes do not tell what they rest on, in a sentence

	ids        []string
	gold, pred []int // [N,A]
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
	Confidence              float64 // probability of Predicted
	GoldProbability         float64

	// What Predicted rests on, a value for each word; nil where it is not known.
	Attention, Gradient []float32
}

const (
	bins        = 10
	mostShown   = 20 // mistakes
	resamples   = 2000
	mostDrawn   = 10_000_000 // sentences in all resamples together
	fewestDrawn = 200        // resamples of a large corpus
)

// longest are the upper ends of the length groups but the last.
var longest = []int{5, 10, 15, 20, 30}

// readAnswers reads the sentences of one corpus, nil when the file has none.
func readAnswers(path, corpus string, l labels) (*Answers, error) {
	r, err := newReader(corpus, l)
	if err != nil {
		return nil, fmt.Errorf("labels.json: %w", err)
	}
	for p, err := range runs.ReadPredictions(path) {
		if err != nil {
			return nil, err
		}
		if p.Corpus != corpus {
			continue
		}
		if err := r.add(p); err != nil {
			return nil, fmt.Errorf("%s: sentence %s: %w", path, p.ID, err)
		}
	}
	if r.a.Sentences == 0 {
		return nil, nil
	}
	return r.finish()
}

// reader takes in predictions one by one.
type reader struct {
	labels   labels
	class    map[string]int // polarity or "absent" to its logit
	majority []int
	a        *Answers

	confidence []float64 // of labelled pairs
	right      []bool
	present    []bool // [N,A]
}

const absent = "absent"

func newReader(corpus string, l labels) (*reader, error) {
	r := &reader{labels: l, class: map[string]int{}, a: &Answers{Corpus: corpus}}
	if l.AbsentClass {
		r.class[absent] = 0
	}
	for _, p := range l.Polarities {
		r.class[p] = len(r.class)
	}
	if len(l.Majority) != len(l.Aspects) {
		return nil, fmt.Errorf("%d majority labels for %d aspects", len(l.Majority), len(l.Aspects))
	}
	for _, m := range l.Majority {
		r.majority = append(r.majority, slices.Index(l.Polarities, m)) // -1 is Absent
	}
	for i := range len(longest) + 1 {
		r.a.Lengths = append(r.a.Lengths, Length{Name: lengthName(i)})
	}
	return r, nil
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

func (r *reader) add(p runs.Prediction) error {
	r.a.Sentences++
	r.a.ids = append(r.a.ids, p.ID)
	group, _ := slices.BinarySearch(longest, len(p.Words))
	for _, aspect := range r.labels.Aspects {
		answer, ok := p.Aspects[aspect]
		if !ok {
			return fmt.Errorf("no answer for aspect %q", aspect)
		}
		predicted, ok := r.class[answer.Predicted]
		if !ok || len(answer.Logits) != len(r.class) {
			return fmt.Errorf("aspect %q: %q with %d logits is no answer of labels.json", aspect, answer.Predicted, len(answer.Logits))
		}
		gold := slices.Index(r.labels.Polarities, answer.Gold)
		r.a.gold = append(r.a.gold, gold)
		r.a.pred = append(r.a.pred, slices.Index(r.labels.Polarities, answer.Predicted))
		if answer.Presence != nil {
			r.present = append(r.present, *answer.Presence >= 0.5)
		}
		if gold == metrics.Absent {
			continue
		}
		probabilities := softmax(answer.Logits)
		confidence, right := probabilities[predicted], answer.Predicted == answer.Gold
		r.confidence, r.right = append(r.confidence, confidence), append(r.right, right)
		r.a.Lengths[group].Pairs++
		if right {
			r.a.Lengths[group].Right++
			continue
		}
		r.mistake(Mistake{ID: p.ID, Words: p.Words, Aspect: aspect, Gold: answer.Gold, Predicted: answer.Predicted,
			Confidence: confidence, GoldProbability: probabilities[r.class[answer.Gold]]})
	}
	return nil
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

func (r *reader) finish() (a *Answers, err error) {
	a = r.a
	if a.Scores, err = metrics.Evaluate(r.labels.Aspects, r.labels.Polarities, a.gold, a.pred, r.majority); err != nil {
		return nil, err
	}
	a.Bins = metrics.Reliability(r.confidence, r.right, bins)
	a.ECE = metrics.CalibrationError(a.Bins)
	if len(r.present) == len(a.gold) {
		d := metrics.Detect(a.gold, r.present)
		a.Detection = &d
	}
	a.Interval, err = metrics.Bootstrap(a.sentences(), a.resampling(), metrics.Confusion.Accuracy)
	return a, err
}

func (a *Answers) sentences() metrics.Sentences {
	return metrics.Sentences{Gold: a.gold, Pred: a.pred, Aspects: len(a.Scores.Aspects), Polarities: len(a.Scores.Polarities)}
}

// resampling draws less often from a large corpus, whose interval needs it less.
func (a *Answers) resampling() metrics.Resampling {
	s := metrics.Standard
	s.Resamples = max(fewestDrawn, min(resamples, mostDrawn/a.Sentences))
	return s
}

// difference is the interval of b's accuracy less a's, and whether the two
// answered the same questions.
func difference(a, b *Answers) (d metrics.Score, interval metrics.Interval, ok bool) {
	if a == nil || b == nil || a.Corpus != b.Corpus || !slices.Equal(a.ids, b.ids) || !slices.Equal(a.gold, b.gold) ||
		!slices.Equal(a.Scores.Polarities, b.Scores.Polarities) {
		return 0, interval, false
	}
	interval, err := metrics.BootstrapDifference(a.sentences(), b.sentences(), a.resampling(), metrics.Confusion.Accuracy)
	return b.Scores.Overall.Model.Accuracy() - a.Scores.Overall.Model.Accuracy(), interval, err == nil
}

func softmax(logits []float32) []float64 {
	top := float64(slices.Max(logits))
	out, sum := make([]float64, len(logits)), 0.0
	for i, z := range logits {
		out[i] = math.Exp(float64(z) - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}
