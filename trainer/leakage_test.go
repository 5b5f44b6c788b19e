package trainer

import (
	"encoding/json"
	"strings"
	"testing"

	"absa/internal/runs"

	"github.com/google/go-cmp/cmp"
)

// leaking writes a corpus to train on and one to test on that have two texts in
// common, and returns the settings that name them.
func leaking(t *testing.T) []string {
	t.Helper()
	train := write(t, "train.csv", "id,text,food\na,good food,positive\nb,bad food,negative\nc,Fine food!,positive\nd,cold soup,negative\n")
	test := write(t, "test.csv", "id,text,food\nx,fine food,positive\ny,COLD SOUP...,negative\nz,new food,positive\n")
	return []string{"data.train=" + train, "data.test=" + test, "data.aspects=[food]", "data.valid_fraction=0", "train.select=last", "train.epochs=1"}
}

func TestLeakage(t *testing.T) {
	set := leaking(t)
	tests := []struct {
		policy  string
		trained int
		told    string
	}{
		{"warn", 4, "data.train: " + strings.TrimPrefix(set[0], "data.train=") + " shares 2 sentences with data.test, letter case, punctuation and white space aside, kept in training: c (there x), d (there y) (data.leakage: drop leaves them out)"},
		{"drop", 2, " shares 2 sentences with data.test, letter case, punctuation and white space aside, left out of training: c (there x), d (there y)"},
	}
	for _, tt := range tests {
		t.Run(tt.policy, func(t *testing.T) {
			r := train(t, small(t, append(set, "data.leakage="+tt.policy)...))
			if r.result.Epochs[0].Sentences != tt.trained {
				t.Errorf("trained on %d sentences, want %d", r.result.Epochs[0].Sentences, tt.trained)
			}
			if told := notes(r.events); !strings.Contains(told, tt.told) {
				t.Errorf("notes %q\nlack %q", told, tt.told)
			}
			want := []runs.Leakage{{Corpus: "data.train", Against: "data.test", Sentences: 2, TrainedOn: tt.policy == "warn"}}
			if diff := cmp.Diff(want, r.result.Leakage); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			on := map[string]string{"warn": "true", "drop": "false"}[tt.policy]
			if got, want := r.read(t, LeakageFile), "corpus,id,against,against_id,trained_on\ndata.train,c,data.test,x,"+on+"\ndata.train,d,data.test,y,"+on+"\n"; got != want {
				t.Errorf("%s has %q, want %q", LeakageFile, got, want)
			}
			var s struct{ Train []string }
			if err := json.Unmarshal([]byte(r.read(t, SplitFile)), &s); err != nil || len(s.Train) != 4 {
				t.Errorf("the split has %q, %v", s.Train, err)
			}
		})
	}
	refused := try(t, t.Context(), small(t, append(set, "data.leakage=refuse")...), nil)
	wantError(t, refused.err, "c (there x), d (there y); data.leakage: drop leaves them out, warn keeps them in training (absa data check --all --config CONFIG "+strings.TrimPrefix(set[1], "data.test=")+" ")
}

// Many ids are counted in a message, and all are in the file.
func TestManyLeaks(t *testing.T) {
	l := leak{corpus: "a", against: "b"}
	for range 25 {
		l.ids = append(l.ids, [2]string{"1", "2"})
	}
	if got := l.first(); strings.Count(got, "1 (there 2)") != 20 || !strings.HasSuffix(got, " and 5 more") {
		t.Errorf("got %s", got)
	}
	var b strings.Builder
	if err := writeLeaks(&b, []leak{l}); err != nil || strings.Count(b.String(), "\n") != 26 {
		t.Errorf("%v, file %q", err, b.String())
	}
}
