package data

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write what scikit-multilearn does into testdata")

// stratified says how far folds are from equal ones.
type stratified struct {
	// Labels and Pairs are the mean distance of a fold's odds of a label, or of a pair
	// of labels, from those of the corpus: label distribution, Sechidis et al. 2011,
	// section 4.2, and label pair distribution, Szymański and Kajdanowicz 2017, where a
	// label is a pair with itself.
	Labels float64 `json:"label_distribution"`
	Pairs  float64 `json:"label_pair_distribution"`
	// Examples is the mean distance of a fold's size from the wanted one, in sentences.
	Examples float64 `json:"example_distribution"`
}

// measure takes the labels of each sentence, and folds as the positions of theirs.
func measure(labels [][]int, folds [][]int) stratified {
	s := stratified{Labels: oddsApart(labels, folds, 1), Pairs: oddsApart(labels, folds, 2)}
	for _, fold := range folds {
		s.Examples += math.Abs(float64(len(fold))-float64(len(labels))/float64(len(folds))) / float64(len(folds))
	}
	return s
}

func oddsApart(labels [][]int, folds [][]int, order int) float64 {
	count := func(at []int) map[[2]int]float64 {
		n := map[[2]int]float64{}
		for _, i := range at {
			for k, a := range labels[i] {
				n[[2]int{a, a}]++
				for _, b := range labels[i][:k] {
					if order == 2 {
						n[[2]int{b, a}]++
					}
				}
			}
		}
		return n
	}
	odds := func(with float64, all int) float64 { return with / (float64(all) - with) }
	sum, all := 0.0, count(indices(len(labels)))
	for _, fold := range folds {
		n := count(fold)
		for c := range all {
			sum += math.Abs(odds(n[c], len(fold)) - odds(all[c], len(labels)))
		}
	}
	return sum / float64(len(folds)*len(all))
}

// TestFoldsAgainstScikitMultilearn holds that five folds of SemEval-2014 are, on the
// average of twenty seeds, no farther from equal ones than those of scikit-multilearn
// 0.2.0, by the measures of both papers. Where that is installed, it is asked anew.
func TestFoldsAgainstScikitMultilearn(t *testing.T) {
	const k, seeds = 5, 20
	c := semeval(t, semevalTrain)
	set := setOf(t, c.Schema, c.Reviews)
	labels := make([][]int, len(c.Reviews))
	for i := range labels {
		labels[i] = []int{}
		for a, p := range set.Labels(i) {
			if p != Absent {
				labels[i] = append(labels[i], a*len(c.Schema.Polarities)+int(p))
			}
		}
	}
	const golden = "testdata/skmultilearn_folds.json"
	var theirs map[int][]stratified // by order
	text, err := os.ReadFile(golden)
	if err == nil {
		err = json.Unmarshal(text, &theirs)
	}
	if now := scikitMultilearn(t, labels, len(c.Schema.Aspects)*len(c.Schema.Polarities), k, seeds); now != nil {
		if *update {
			text, err := json.MarshalIndent(now, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			theirs = now
		}
		if diff := cmp.Diff(theirs, now, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("scikit-multilearn (-%s +now):\n%s", golden, diff)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	for _, order := range []int{1, 2} {
		var ours []stratified
		for seed := range int64(seeds) {
			var folds [][]int
			for _, fold := range set.Folds(set.All(), k, Stratification{Order: order, Seed: seed}) {
				folds = append(folds, ints(fold))
			}
			ours = append(ours, measure(labels, folds))
		}
		for _, m := range []struct {
			name string
			of   func(stratified) float64
		}{
			{"label distribution", func(s stratified) float64 { return s.Labels }},
			{"label pair distribution", func(s stratified) float64 { return s.Pairs }},
			{"example distribution", func(s stratified) float64 { return s.Examples }},
		} {
			a, b := meanAndSD(ours, m.of), meanAndSD(theirs[order], m.of)
			t.Logf("order %d, %-23s  absa %.6f ± %.6f   scikit-multilearn %.6f ± %.6f", order, m.name, a[0], a[1], b[0], b[1])
			if a[0] > b[0] {
				t.Errorf("order %d: %s %.6f, scikit-multilearn %.6f", order, m.name, a[0], b[0])
			}
		}
	}
}

func meanAndSD(list []stratified, of func(stratified) float64) (r [2]float64) {
	for _, s := range list {
		r[0] += of(s) / float64(len(list))
	}
	for _, s := range list {
		r[1] += (of(s) - r[0]) * (of(s) - r[0]) / float64(len(list)-1)
	}
	r[1] = math.Sqrt(r[1])
	return r
}

// scikitMultilearn measures its folds, by order and seed; nil where no Python
// is named.
func scikitMultilearn(t *testing.T, labels [][]int, count, folds, seeds int) map[int][]stratified {
	t.Helper()
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Log("compared with what scikit-multilearn did once: ABSA_TEST_PYTHON is not set (make venv)")
		return nil
	}
	question, err := json.Marshal(map[string]any{"labels": labels, "count": count, "folds": folds, "seeds": indices(seeds)})
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	c := exec.Command(python, "testdata/skmultilearn_folds.py")
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(question), &out, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("skmultilearn_folds.py: %v (make venv installs scikit-multilearn)\n%s", err, stderr.Bytes())
	}
	var answer map[int][][][]int
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	measured := map[int][]stratified{}
	for order, all := range answer {
		for seed, folds := range all {
			n := 0
			for _, fold := range folds {
				n += len(fold)
			}
			if n != len(labels) {
				t.Fatalf("order %d, seed %d: scikit-multilearn has folds of %d sentences, of %d", order, seed, n, len(labels))
			}
			measured[order] = append(measured[order], measure(labels, folds))
		}
	}
	return measured
}
