package study

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/metrics"
	"absa/internal/runs"
)

// Model is what one trained model answers of the test corpus: one network, or for
// each aspect one.
type Model struct {
	Seed       int64
	IDs        []string // [N] of the sentences, in the order of Answers
	Answers    *runs.Answers
	Parameters int64
	Epochs     int             // of the tested weights; of several networks the most
	Seconds    float64         // of training, all networks added up
	Versions   []runs.Versions // of the program that trained it; of several networks all there are
}

// Recipe is a row of a study with its models, a model for each seed.
type Recipe struct {
	configs.StudyRow
	Args   []string // of the program, as it trained the first network
	Models []Model
}

// Outcome is what a study came to; study.json holds it. Differences are to the
// reference of a row, and their intervals of 95 %.
type Outcome struct {
	Title     string          `json:"title"`
	About     string          `json:"about"`
	Seeds     []int64         `json:"seeds"`
	Sentences int             `json:"sentences"` // of the test corpus
	Pairs     int             `json:"pairs"`     // labelled
	Aspects   []string        `json:"aspects"`
	Classes   []string        `json:"polarities"`
	Rows      []Row           `json:"rows"`
	Claims    []Claim         `json:"claims"`
	Seconds   float64         `json:"seconds"`  // of training, by the clock, all models added up
	Versions  []runs.Versions `json:"versions"` // of the programs that trained models
}

// Row is one recipe's figures.
type Row struct {
	Name       string            `json:"name"`
	Group      string            `json:"group"`
	Title      string            `json:"title"`
	Kind       string            `json:"kind"`
	Config     string            `json:"config,omitempty"`
	Set        []string          `json:"set,omitempty"`
	Of         []string          `json:"of,omitempty"`        // kind ensemble: the rows of its members
	EachSeed   bool              `json:"each_seed,omitempty"` // kind ensemble: of the models of each seed
	Args       []string          `json:"args,omitempty"`      // of the program, as it trained the first network
	Accuracy   Spread            `json:"accuracy"`
	MacroF1    Spread            `json:"macro_f1"`
	Aspects    map[string]Spread `json:"aspects"`    // accuracy
	Polarities map[string]Spread `json:"polarities"` // F1
	Difference *Difference       `json:"difference"` // null without a reference
	Parameters int64             `json:"parameters,omitempty"`
	Epochs     *Spread           `json:"epochs,omitempty"`  // of the tested weights
	Seconds    *Spread           `json:"seconds,omitempty"` // of training a model
}

// Spread is a figure over the models of a recipe.
type Spread struct {
	Mean   metrics.Score   `json:"mean"`
	SD     metrics.Score   `json:"sd"` // of a sample; null for one model
	Values []metrics.Score `json:"values"`
}

// Difference is by how much a recipe's mean accuracy exceeds another one's.
type Difference struct {
	Reference string           `json:"reference"`
	Mean      metrics.Score    `json:"mean"`
	Interval  metrics.Interval `json:"interval"`
}

// NewSpread sums figures up.
func NewSpread(values []metrics.Score) Spread {
	s := Spread{Values: values, Mean: metrics.Score(math.NaN()), SD: metrics.Score(math.NaN())}
	if len(values) == 0 {
		return s
	}
	n := metrics.Score(len(values))
	s.Mean = 0
	for _, v := range values {
		s.Mean += v / n
	}
	if len(values) > 1 {
		squares := 0.0
		for _, v := range values {
			squares += float64((v - s.Mean) * (v - s.Mean))
		}
		s.SD = metrics.Score(math.Sqrt(squares / float64(n-1)))
	}
	return s
}

// Made says what trained the models.
func (o *Outcome) Made() string {
	var list []string
	for _, v := range o.Versions {
		list = append(list, fmt.Sprintf("absa %s, LibTorch %s, %s", v.Program, v.LibTorch, v.Go))
	}
	if len(list) == 0 {
		return ""
	}
	made := "Trained by " + strings.Join(list, "; some by ") + "."
	if len(list) > 1 {
		made += " Rows may differ by that."
	}
	return made
}

// Summarize makes the figures of recipes that answered the same sentences.
func Summarize(s *configs.Study, recipes []Recipe) (*Outcome, error) {
	if err := sameQuestions(recipes); err != nil {
		return nil, err
	}
	x := summary{study: s, byName: map[string]Recipe{}}
	for _, r := range recipes {
		x.byName[r.Name] = r
	}
	first := recipes[0].Models[0].Answers
	o := &Outcome{Title: s.Title, About: s.About, Aspects: first.Aspects, Classes: first.Polarities, Sentences: first.Sentences()}
	for _, g := range first.Gold {
		if g != metrics.Absent {
			o.Pairs++
		}
	}
	for _, r := range recipes {
		row, err := x.row(r)
		if err != nil {
			return nil, fmt.Errorf("row %s: %w", r.Name, err)
		}
		o.Rows = append(o.Rows, row)
		for _, m := range r.Models {
			o.Versions = distinct(o.Versions, m.Versions)
		}
		if len(r.Models) > len(o.Seeds) {
			o.Seeds = nil
			for _, m := range r.Models {
				o.Seeds = append(o.Seeds, m.Seed)
			}
		}
		if r.Kind == configs.RowTrained || r.Kind == configs.RowSingleTask {
			for _, m := range r.Models {
				o.Seconds += m.Seconds
			}
		}
	}
	for _, c := range s.Claims {
		claim, err := x.claim(c)
		if err != nil {
			return nil, fmt.Errorf("claim %q: %w", c.Says, err)
		}
		o.Claims = append(o.Claims, claim)
	}
	return o, nil
}

// distinct adds to a list what is not in it.
func distinct(list, more []runs.Versions) []runs.Versions {
	for _, v := range more {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// sameQuestions holds that all models answer the same sentences in one order.
func sameQuestions(recipes []Recipe) error {
	var first *Model
	for _, r := range recipes {
		if len(r.Models) == 0 {
			return fmt.Errorf("row %s: no model", r.Name)
		}
		for i := range r.Models {
			m := &r.Models[i]
			if first == nil {
				first = m
			}
			if !slices.Equal(m.IDs, first.IDs) || !slices.Equal(m.Answers.Gold, first.Answers.Gold) || !slices.Equal(m.Answers.Aspects, first.Answers.Aspects) {
				return fmt.Errorf("row %s, seed %d: it was tested on other sentences or labels than %s; rows of a study share data.test and data.aspects", r.Name, m.Seed, recipes[0].Name)
			}
		}
	}
	if first == nil {
		return errors.New("a study without a row")
	}
	return nil
}

type summary struct {
	study  *configs.Study
	byName map[string]Recipe
}

func (x *summary) row(r Recipe) (Row, error) {
	row := Row{
		Name: r.Name, Group: cmp.Or(r.Group, "Recipes"), Title: r.Title, Kind: r.Kind, Config: r.Config, Set: r.Set, Of: r.Of, EachSeed: r.EachSeed, Args: r.Args,
		Aspects: map[string]Spread{}, Polarities: map[string]Spread{}, Parameters: r.Models[0].Parameters,
	}
	var accuracy, macro, epochs, seconds []metrics.Score
	aspects, classes := map[string][]metrics.Score{}, map[string][]metrics.Score{}
	for _, m := range r.Models {
		result, err := m.Answers.Evaluate()
		if err != nil {
			return row, err
		}
		all := result.Overall.Model
		accuracy, macro = append(accuracy, all.Accuracy()), append(macro, all.MacroF1())
		for _, a := range result.Aspects {
			aspects[a.Name] = append(aspects[a.Name], a.Model.Accuracy())
		}
		for c, name := range result.Polarities {
			classes[name] = append(classes[name], all.Class(c).F1)
		}
		epochs, seconds = append(epochs, metrics.Score(m.Epochs)), append(seconds, metrics.Score(m.Seconds))
	}
	row.Accuracy, row.MacroF1 = NewSpread(accuracy), NewSpread(macro)
	for name, values := range aspects {
		row.Aspects[name] = NewSpread(values)
	}
	for name, values := range classes {
		row.Polarities[name] = NewSpread(values)
	}
	if r.Kind == configs.RowTrained || r.Kind == configs.RowSingleTask {
		e, s := NewSpread(epochs), NewSpread(seconds)
		row.Epochs, row.Seconds = &e, &s
	}
	if r.Reference == "" {
		return row, nil
	}
	d, err := x.difference(r.Name, r.Reference, -1)
	row.Difference = d
	return row, err
}

// difference compares a row with another one over one aspect, all if it is
// negative.
func (x *summary) difference(row, reference string, aspect int) (*Difference, error) {
	of := func(name string) (list []metrics.Sentences, mean metrics.Score) {
		for _, m := range x.byName[name].Models {
			s := m.Answers.Sample()
			if aspect >= 0 {
				s = s.Aspect(aspect)
			}
			list = append(list, s)
			mean += s.Confusion().Accuracy() / metrics.Score(len(x.byName[name].Models))
		}
		return list, mean
	}
	a, before := of(reference)
	b, after := of(row)
	interval, err := metrics.BootstrapMeans(a, b, metrics.Standard(len(a[0].Gold)/a[0].Aspects), metrics.Confusion.Accuracy)
	if err != nil {
		return nil, err
	}
	return &Difference{reference, after - before, interval}, nil
}

// Claim is what a study says of a claim: differences between rows.
type Claim struct {
	Says     string            `json:"says"`
	Compared []ClaimDifference `json:"compared"`
}

// ClaimDifference is one comparison, over all aspects or over one.
type ClaimDifference struct {
	Row    string `json:"row"`
	Aspect string `json:"aspect,omitempty"`
	Difference
}

func (x *summary) claim(c configs.StudyClaim) (Claim, error) {
	claim := Claim{Says: c.Says}
	for _, pair := range c.Compare {
		parts := []int{-1}
		aspects := x.byName[pair.Row].Models[0].Answers.Aspects
		if c.ByAspect {
			for a := range aspects {
				parts = append(parts, a)
			}
		}
		for _, aspect := range parts {
			d, err := x.difference(pair.Row, pair.Against, aspect)
			if err != nil {
				return claim, err
			}
			name := ""
			if aspect >= 0 {
				name = aspects[aspect]
			}
			claim.Compared = append(claim.Compared, ClaimDifference{pair.Row, name, *d})
		}
	}
	return claim, nil
}

// Verdict says in words what an interval allows.
func (d Difference) Verdict() string {
	switch {
	case !d.Mean.Defined() || !d.Interval.Low.Defined() || !d.Interval.High.Defined():
		return "–"
	case d.Interval.Low > 0:
		return "more"
	case d.Interval.High < 0:
		return "less"
	case d.Mean > 0:
		return "more, perhaps by chance"
	case d.Mean < 0:
		return "less, perhaps by chance"
	}
	return "the same"
}
