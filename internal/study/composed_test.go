package study

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/runs"
)

func TestEnsembles(t *testing.T) {
	row := func(seeds ...int64) (models []Model) {
		for _, seed := range seeds {
			m := model(seed, 0, 0, 0, 0, 0, 0, 0, 0)
			m.Parameters, m.Seconds, m.Epochs = 10*seed, 1, int(seed)
			models = append(models, m)
		}
		return models
	}
	for _, tt := range []struct {
		name       string
		rows       [][]Model
		eachSeed   bool
		seeds      []int64
		parameters []int64
		want       string
	}{
		{"of one row", [][]Model{row(1, 2, 3)}, false, []int64{1}, []int64{60}, ""},
		{"of each seed of two rows", [][]Model{row(1, 2), row(1, 2)}, true, []int64{1, 2}, []int64{20, 40}, ""},
		{"a row with more seeds", [][]Model{row(1), row(1, 2)}, true, nil, nil, "no models of the same seeds"},
		{"a row with fewer seeds", [][]Model{row(1, 2), row(1)}, true, nil, nil, "no models of the same seeds"},
		{"a row of other seeds", [][]Model{row(1, 2), row(1, 3)}, true, nil, nil, "no models of the same seeds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := Ensembles(tt.rows, tt.eachSeed)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want an error that says %s", err, tt.want)
				}
				return
			}
			if err != nil || len(all) != len(tt.seeds) {
				t.Fatalf("got %d ensembles, %v", len(all), err)
			}
			for i, e := range all {
				if e.Seed != tt.seeds[i] || e.Parameters != tt.parameters[i] {
					t.Errorf("ensemble %d: seed %d with %d parameters, want %d and %d", i, e.Seed, e.Parameters, tt.seeds[i], tt.parameters[i])
				}
			}
		})
	}
}

func TestJoin(t *testing.T) {
	all := model(1, 0, 1, 1, 1, 0, 0, 1, 0)
	var single []Model
	for a, name := range []string{"food", "price"} {
		m := Model{Seed: 1, IDs: all.IDs, Parameters: 5, Seconds: 1, Epochs: 2 + a, Answers: &runs.Answers{
			Aspects: []string{name}, Polarities: all.Answers.Polarities, Majority: all.Answers.Majority[a : a+1],
		}}
		for i := a; i < len(all.Answers.Gold); i += 2 {
			m.Answers.Gold = append(m.Answers.Gold, all.Answers.Gold[i])
			m.Answers.Predicted = append(m.Answers.Predicted, all.Answers.Predicted[i])
			m.Answers.Logits = append(m.Answers.Logits, all.Answers.Logits[2*i:2*i+2]...)
		}
		single = append(single, m)
	}
	got, err := Join([]string{"food", "price"}, []Model{single[1], single[0]})
	if err != nil {
		t.Fatal(err)
	}
	all.Epochs = 3
	if diff := cmp.Diff(all, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Seconds" }, cmp.Ignore())); diff != "" {
		t.Errorf("(-one model +joined):\n%s", diff)
	}
	if got.Seconds != 2 {
		t.Errorf("%v s", got.Seconds)
	}
	if _, err := Join([]string{"food", "ambience"}, single); err == nil || !strings.Contains(err.Error(), "no model of aspect ambience") {
		t.Errorf("got %v", err)
	}
}
