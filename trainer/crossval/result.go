package crossval

import (
	"fmt"
	"math"

	"absa/internal/metrics"
	"absa/internal/runs"
	"absa/internal/study"
)

// Rule is how the choice is made.
const Rule = "the first listed, as the simplest, of the candidates that are less than one standard error of the difference below the best"

// Result is what a cross-validation came to.
type Result struct {
	Record
	Table  []Row  `json:"table"` // a row for each candidate
	Choice string `json:"choice"`
	Rule   string `json:"rule"`
}

// Row is how a candidate does on sentences that its models did not see, each of which
// counts once in every repeat.
type Row struct {
	Name     string   `json:"name"`
	Accuracy Estimate `json:"accuracy"`
	MacroF1  Estimate `json:"macro_f1"`
	LogLoss  Estimate `json:"log_loss"`
	// Folds are the values of the protocol's metric by repeat and fold.
	Folds   [][]metrics.Score `json:"folds"`
	FoldSD  metrics.Score     `json:"fold_sd"` // standard deviation of these
	Seconds float64           `json:"seconds"` // of training, all folds and repeats
	ToBase  *Difference       `json:"to_base"` // of the metric, to the first candidate; null for itself
}

// Estimate is a figure of all repeats together, and its standard deviation over them,
// which is null for one.
type Estimate struct {
	Value metrics.Score `json:"value"`
	SD    metrics.Score `json:"sd"`
}

// Difference is how much higher a candidate scores than the base.
type Difference struct {
	Value    metrics.Score     `json:"value"`
	Interval metrics.Interval  `json:"interval"` // of 95 %, by a paired bootstrap over sentences
	Test     metrics.Resampled `json:"corrected_t"`
}

// score is the protocol's metric.
func (x *crossValidation) score(c metrics.Confusion) metrics.Score {
	if x.record.Metric == "macro_f1" {
		return c.MacroF1()
	}
	return c.Accuracy()
}

// result compares the candidates when all units are done.
func (x *crossValidation) result() (*Result, error) {
	r := &Result{Record: *x.record, Rule: Rule}
	var base metrics.Sentences
	for i := range x.configs {
		row, all, err := x.row(i)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			base = all
		} else if err := x.compare(&row, r.Table[0], all, base); err != nil {
			return nil, err
		}
		r.Table = append(r.Table, row)
	}
	r.Choice = x.choose(r.Table)
	return r, nil
}

// row scores a candidate, and returns what its models say: of each sentence the
// answers of all repeats.
func (x *crossValidation) row(candidate int) (Row, metrics.Sentences, error) {
	row := Row{Name: x.record.Candidates[candidate].Name}
	aspects, repeats := len(x.corpus.Schema.Aspects), x.record.Repeats
	all := metrics.Sentences{
		Gold: make([]int, x.corpus.Len()*aspects*repeats), Pred: make([]int, x.corpus.Len()*aspects*repeats),
		Aspects: aspects * repeats, Polarities: len(x.corpus.Schema.Polarities),
	}
	var accuracy, macroF1, logLoss, folds []float64
	for repeat := range repeats {
		answers, scores, seconds, err := x.outOfFold(candidate, repeat+1)
		if err != nil {
			return row, all, err
		}
		row.Seconds += seconds
		row.Folds = append(row.Folds, scores)
		for _, score := range scores {
			folds = append(folds, float64(score))
		}
		scored, err := answers.Evaluate()
		if err != nil {
			return row, all, err
		}
		accuracy = append(accuracy, float64(scored.Overall.Model.Accuracy()))
		macroF1 = append(macroF1, float64(scored.Overall.Model.MacroF1()))
		logLoss = append(logLoss, float64(answers.Fit(1).LogLoss))
		for i := range x.corpus.Len() {
			at := (i*repeats + repeat) * aspects
			copy(all.Gold[at:at+aspects], answers.Gold[i*aspects:])
			copy(all.Pred[at:at+aspects], answers.Predicted[i*aspects:])
		}
	}
	// Every repeat has the same pairs, so that the accuracy of all of them is the mean.
	together := all.Confusion()
	row.Accuracy = Estimate{together.Accuracy(), deviation(accuracy)}
	row.MacroF1 = Estimate{together.MacroF1(), deviation(macroF1)}
	row.LogLoss = Estimate{metrics.Score(mean(logLoss)), deviation(logLoss)}
	row.FoldSD = deviation(folds)
	return row, all, nil
}

// outOfFold gathers what the models of a repeat say of the fold that they did not see,
// in the order of the corpus, the scores by fold, and the seconds of training.
func (x *crossValidation) outOfFold(candidate, repeat int) (*runs.Answers, []metrics.Score, float64, error) {
	c := x.configs[candidate]
	schema := x.corpus.Schema
	all := &runs.Answers{Aspects: schema.Aspects, Polarities: schema.Polarities, AbsentClass: c.Model.Head.AbsentClass, Majority: make([]int, len(schema.Aspects))}
	aspects, classes := len(schema.Aspects), len(schema.Polarities)
	if all.AbsentClass {
		classes++
	}
	pairs := x.corpus.Len() * aspects
	all.Gold, all.Predicted, all.Logits = make([]int, pairs), make([]int, pairs), make([]float32, pairs*classes)
	var scores []metrics.Score
	seconds := 0.0
	split, _ := seeds(x.record.Seed, repeat, 1)
	for number, held := range x.corpus.Folds(x.corpus.All(), x.record.Folds, stratification(c, split)) {
		unit := x.unit(candidate, repeat, number+1)
		var model study.Model
		if err := x.runner.Read(unit, &model); err != nil {
			return nil, nil, 0, err
		}
		seconds += model.Seconds
		fold := model.Answers
		if len(model.IDs) != len(held) {
			return nil, nil, 0, fmt.Errorf("%s: answers of %d sentences, but the fold has %d", unit.Name, len(model.IDs), len(held))
		}
		for i, at := range held {
			if id := x.corpus.ID(int(at)); id != model.IDs[i] {
				return nil, nil, 0, fmt.Errorf("%s: an answer of sentence %s, but sentence %d of the fold is %s", unit.Name, model.IDs[i], i+1, id)
			}
			from, to := i*aspects, int(at)*aspects
			copy(all.Gold[to:to+aspects], fold.Gold[from:])
			copy(all.Predicted[to:to+aspects], fold.Predicted[from:])
			copy(all.Logits[to*classes:(to+aspects)*classes], fold.Logits[from*classes:])
		}
		scored, err := fold.Evaluate()
		if err != nil {
			return nil, nil, 0, err
		}
		scores = append(scores, x.score(scored.Overall.Model))
	}
	return all, scores, seconds, nil
}

// compare sets beside the base what the models of a candidate say.
func (x *crossValidation) compare(row *Row, base Row, all, others metrics.Sentences) error {
	interval, err := metrics.BootstrapDifference(others, all, metrics.Standard(x.corpus.Len()), x.score)
	if err != nil {
		return fmt.Errorf("compare %s with %s: %w", row.Name, base.Name, err)
	}
	row.ToBase = &Difference{
		Value:    x.score(all.Confusion()) - x.score(others.Confusion()),
		Interval: interval, Test: x.test(*row, base),
	}
	return nil
}

// test tests whether a candidate scores higher than another, fold by fold.
func (x *crossValidation) test(a, b Row) metrics.Resampled {
	var differences []float64
	for repeat, scores := range a.Folds {
		for fold, score := range scores {
			differences = append(differences, float64(score-b.Folds[repeat][fold]))
		}
	}
	return metrics.ResampledT(differences, 1/float64(x.record.Folds-1))
}

// choose follows Rule.
func (x *crossValidation) choose(table []Row) string {
	value := func(r Row) metrics.Score {
		if x.record.Metric == "macro_f1" {
			return r.MacroF1.Value
		}
		return r.Accuracy.Value
	}
	best := table[0]
	for _, r := range table {
		if value(r) > value(best) {
			best = r
		}
	}
	for _, r := range table {
		if r.Name == best.Name || value(best)-value(r) < x.test(best, r).StandardError {
			return r.Name
		}
	}
	return best.Name // which the loop comes to
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

// deviation is the standard deviation of a sample; of one value it is not defined.
func deviation(values []float64) metrics.Score {
	sum, m := 0.0, mean(values)
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return metrics.Score(math.Sqrt(sum / float64(len(values)-1))) // 0/0 is NaN
}
