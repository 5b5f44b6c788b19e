package trainer

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"absa/data"
	"absa/internal/runs"
)

// LeakageFile of a run folder lists the sentences to train on that are to be tested
// or validated on too; it is there where there are some.
const LeakageFile = "leakage.csv"

// leak is the sentences to train on whose texts are among those that others are to
// be judged by.
type leak struct {
	corpus, against string // keys or names, such as data.train and data.test
	ids             [][2]string
	dropped         bool
}

// learner is a corpus to train on, and what is done with its leaks.
type learner struct {
	key    string // data.train
	policy string // warn, drop or refuse
	by     string // the setting that says so, data.leakage
	selection
}

// judge is what a model is judged by, and must not have learned from.
type judge struct {
	name  string // data.test
	whole bool   // it is all of a file
	selection
}

// listed says how to see all that a judge shares with a corpus.
func (j judge) listed(l learner) string {
	if !j.whole {
		return fmt.Sprintf("a run with warn lists all of them in its %s", LeakageFile)
	}
	return fmt.Sprintf("absa data check --all --config CONFIG %s %s lists all of them by line", j.set.Path, l.set.Path)
}

// guard looks for sentences to train on in a corpus that is kept for a judgement,
// and returns the positions of those that are trained on.
func (d *Dataset) guard(l learner, kept judge, note func(string, ...any)) ([]uint32, error) {
	if kept.set == nil {
		return l.at, nil
	}
	pairs := data.Shared(l.set, l.at, kept.set, kept.at)
	if len(pairs) == 0 {
		return l.at, nil
	}
	found := leak{corpus: l.key, against: kept.name, dropped: l.policy == "drop"}
	for _, p := range pairs {
		found.ids = append(found.ids, [2]string{l.set.ID(int(p.A)), kept.set.ID(int(p.B))})
	}
	const alike = "letter case, punctuation and white space aside"
	shares := fmt.Sprintf("%s: %s shares %s with %s, %s", l.key, l.set.Path, countSentences(len(pairs)), kept.name, alike)
	if l.policy == "refuse" {
		return nil, fmt.Errorf("%s: %s; %s: drop leaves them out, warn keeps them in training (%s)",
			shares, found.first(), l.by, kept.listed(l))
	}
	d.Leaks = append(d.Leaks, found)
	if !found.dropped {
		note("%s, kept in training: %s (%s: drop leaves them out)", shares, found.first(), l.by)
		return l.at, nil
	}
	note("%s, left out of training: %s", shares, found.first())
	left := slices.Clone(l.at)
	return slices.DeleteFunc(left, func(at uint32) bool {
		_, leaks := slices.BinarySearchFunc(pairs, at, func(p data.Pair, at uint32) int { return int(p.A) - int(at) })
		return leaks
	}), nil
}

// first lists the ids of the first sentences.
func (l leak) first() string {
	const most = 20
	var list []string
	for _, id := range l.ids[:min(most, len(l.ids))] {
		list = append(list, fmt.Sprintf("%s (there %s)", id[0], id[1]))
	}
	text := strings.Join(list, ", ")
	if more := len(l.ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func countSentences(n int) string {
	if n == 1 {
		return "1 sentence"
	}
	return fmt.Sprintf("%d sentences", n)
}

// writeLeaks writes the ids of all of them.
func writeLeaks(w io.Writer, leaks []leak) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"corpus", "id", "against", "against_id", "trained_on"}); err != nil {
		return err
	}
	for _, l := range leaks {
		for _, id := range l.ids {
			if err := c.Write([]string{l.corpus, id[0], l.against, id[1], fmt.Sprint(!l.dropped)}); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

// leakage is what result.json says of them.
func leakage(leaks []leak) (list []runs.Leakage) {
	for _, l := range leaks {
		list = append(list, runs.Leakage{Corpus: l.corpus, Against: l.against, Sentences: len(l.ids), TrainedOn: !l.dropped})
	}
	return list
}
