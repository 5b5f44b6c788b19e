package study

import (
	"errors"
	"fmt"
	"slices"

	"absa/internal/runs"
)

// Ensembles makes one ensemble of the models of all rows, or one of those of each seed,
// which all rows must have in one order.
func Ensembles(rows [][]Model, eachSeed bool) (all []Model, err error) {
	members := [][]Model{slices.Concat(rows...)}
	if eachSeed {
		members = nil
		for i, m := range rows[0] {
			var same []Model
			for _, row := range rows {
				if len(row) != len(rows[0]) || row[i].Seed != m.Seed {
					return nil, errors.New("the rows that it is of have no models of the same seeds")
				}
				same = append(same, row[i])
			}
			members = append(members, same)
		}
	}
	for _, of := range members {
		e, err := ensemble(of)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// ensemble is the model whose probabilities are the mean of those of others.
func ensemble(models []Model) (Model, error) {
	first := models[0]
	e := Model{Seed: first.Seed, IDs: first.IDs}
	var members []*runs.Answers
	for _, m := range models {
		members = append(members, m.Answers)
		e.Parameters += m.Parameters
		e.Seconds += m.Seconds
		e.Epochs = max(e.Epochs, m.Epochs)
		e.Versions = distinct(e.Versions, m.Versions)
	}
	var err error
	e.Answers, err = runs.Mean(members)
	return e, err
}

// Majority is the model that answers each aspect's most frequent polarity of the
// training corpus, as some model tells it.
func Majority(of Model) Model {
	answers := *of.Answers
	answers.Predicted = make([]int, len(answers.Gold))
	for i := range answers.Predicted {
		answers.Predicted[i] = answers.Majority[i%len(answers.Aspects)]
	}
	answers.Logits, answers.Presence = nil, nil
	return Model{Seed: of.Seed, IDs: of.IDs, Answers: &answers, Versions: of.Versions}
}

// Join makes one model of those of single aspects, in the order of aspects.
func Join(aspects []string, single []Model) (Model, error) {
	all := Model{Seed: single[0].Seed, IDs: single[0].IDs}
	joined := &runs.Answers{Aspects: aspects, Polarities: single[0].Answers.Polarities, AbsentClass: single[0].Answers.AbsentClass}
	var parts []*runs.Answers
	for _, name := range aspects {
		i := slices.IndexFunc(single, func(m Model) bool { return slices.Equal(m.Answers.Aspects, []string{name}) })
		if i < 0 {
			return all, fmt.Errorf("no model of aspect %s", name)
		}
		m := single[i]
		if !slices.Equal(m.IDs, all.IDs) || !slices.Equal(m.Answers.Polarities, joined.Polarities) || m.Answers.AbsentClass != joined.AbsentClass {
			return all, fmt.Errorf("the model of aspect %s was tested on other sentences or has other polarities", name)
		}
		parts = append(parts, m.Answers)
		joined.Majority = append(joined.Majority, m.Answers.Majority...)
		all.Parameters += m.Parameters
		all.Seconds += m.Seconds
		all.Epochs = max(all.Epochs, m.Epochs)
		all.Versions = distinct(all.Versions, m.Versions)
	}
	logits := len(parts[0].Logits) / max(1, len(parts[0].Gold))
	for n := range all.IDs {
		for _, p := range parts {
			joined.Gold, joined.Predicted = append(joined.Gold, p.Gold[n]), append(joined.Predicted, p.Predicted[n])
			joined.Logits = append(joined.Logits, p.Logits[n*logits:(n+1)*logits]...)
			if p.Presence != nil {
				joined.Presence = append(joined.Presence, p.Presence[n])
			}
		}
	}
	all.Answers = joined
	return all, nil
}
