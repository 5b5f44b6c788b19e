package trainer

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLearn holds that a model of some aspects sees the sentences that one of all
// aspects sees, in the same split and share, and only those aspects' labels; and that
// what reads its run reads these.
func TestLearn(t *testing.T) {
	const aspect = "price"
	prepare := func(set ...string) *Dataset {
		t.Helper()
		d, err := Prepare(t.Context(), small(t, append(set, "data.valid_fraction=0.3", "data.train_fraction=0.5")...), source{}, func(Event) {})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	all, one := prepare(), prepare("data.learn=["+aspect+"]")
	a := slices.Index(small(t).Data.Aspects, aspect)
	if all.Fingerprint != one.Fingerprint || all.Train.Len() != one.Train.Len() || all.Train.Len() == 0 {
		t.Fatalf("other sentences: %+v and %+v, %d and %d", all.Fingerprint, one.Fingerprint, all.Train.Len(), one.Train.Len())
	}
	labels := 0
	for i := range all.Train.Len() {
		want, got := all.Train.Labels(i)[a:a+1], one.Train.Labels(i)
		if diff := cmp.Diff(want, got); diff != "" || all.Train.ID(i) != one.Train.ID(i) {
			t.Fatalf("sentence %s: %v, want %v of %s", one.Train.ID(i), got, want, all.Train.ID(i))
		}
		if want[0] >= 0 {
			labels++
		}
	}
	if labels == 0 || labels == all.Train.Len() {
		t.Errorf("%d of %d sentences have a label", labels, all.Train.Len())
	}
	if diff := cmp.Diff(all.Majority[a:a+1], one.Majority); diff != "" {
		t.Error(diff)
	}

	r := train(t, small(t, "data.learn=["+aspect+"]", "train.max_steps=3"))
	if len(r.result.Aspects) != 1 || r.result.Aspects[aspect].Support == 0 {
		t.Errorf("the result has %v", r.result.Aspects)
	}
	e, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.dir}, Data: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Accuracy != r.result.Accuracy || len(e.Aspects) != 1 {
		t.Errorf("evaluated: %v over %v, want %v", e.Accuracy, e.Aspects, r.result.Accuracy)
	}
}
