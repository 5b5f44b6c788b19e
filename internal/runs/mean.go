package runs

import (
	"errors"
	"slices"

	"absa/internal/metrics"
)

// Mean is what several models say together of the same sentences: the mean of
// their probabilities, and of those of presence where all of them tell. Its logits are
// the logs of that mean. The majority class is that of the first. Members, one at
// least, that have other labels or were asked about other sentences are refused.
func Mean(members []*Answers) (*Answers, error) {
	first := members[0]
	all := *first
	var logits [][]float32
	told := true
	for _, m := range members {
		if !slices.Equal(m.Aspects, first.Aspects) || !slices.Equal(m.Polarities, first.Polarities) || m.AbsentClass != first.AbsentClass {
			return nil, errors.New("the members of an ensemble have other aspects or polarities, or not all of them the class absent")
		}
		if !slices.Equal(m.Gold, first.Gold) {
			return nil, errors.New("the members of an ensemble were asked about other sentences, or these have other labels")
		}
		logits = append(logits, m.Logits)
		told = told && m.Presence != nil
	}
	all.Logits = metrics.LogMeanProbability(logits, all.classes())
	all.Predicted = make([]int, len(all.Gold))
	for i := range all.Predicted {
		all.Predicted[i] = metrics.Argmax(all.Logits[i*all.classes():(i+1)*all.classes()]) - all.offset()
	}
	all.Presence = nil
	if told {
		all.Presence = make([]float32, len(all.Gold))
		for i := range all.Presence {
			sum := 0.0
			for _, m := range members {
				sum += float64(m.Presence[i])
			}
			all.Presence[i] = float32(sum / float64(len(members)))
		}
	}
	return &all, nil
}
