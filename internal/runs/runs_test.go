package runs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/internal/metrics"
)

// TestTableIsMetrics compares metrics.csv with the lines of metrics.jsonl, field
// by field, to the last digit.
func TestTableIsMetrics(t *testing.T) {
	loss, accuracy, undefined := 1.0/3, metrics.Score(2.0/3), metrics.Score(math.NaN())
	epochs := []Epoch{
		{1, 1e-7 / 3, 0.1, &loss, &accuracy, &undefined, 3e-4, 1.5, 10, 2, nil},
		{2, 12345678.9, undefined, nil, nil, nil, 0, 0, 10, 2, nil},
	}
	var b bytes.Buffer
	if err := WriteTable(&b, epochs); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range epochs {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*float64{}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]*float64{}
		for c, name := range rows[0] {
			field := rows[i+1][c]
			if field == "" {
				field = "null"
			}
			var v *float64
			if err := json.Unmarshal([]byte(field), &v); err != nil {
				t.Fatalf("%s: %q: %v", name, field, err)
			}
			got[name] = v
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("epoch %d (-metrics.jsonl +metrics.csv):\n%s", e.Epoch, diff)
		}
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadPredictions(t *testing.T) {
	path := write(t, PredictionsFile, `{"corpus":"test","id":"1"}`+"\n"+`{"corpus":"test","id":`+"\n")
	var ids []string
	var last error
	for p, err := range ReadPredictions(path) {
		ids, last = append(ids, p.ID), err
	}
	if len(ids) != 2 || ids[0] != "1" || last == nil || !strings.Contains(last.Error(), path+":2:") {
		t.Errorf("got %q and %v", ids, last)
	}
}

func TestReadEpochs(t *testing.T) {
	whole := `{"epoch":1,"train_accuracy":null}` + "\n" + `{"epoch":2}` + "\n"
	for name, test := range map[string]struct {
		text   string
		epochs int
		ok     bool
	}{
		"whole":           {whole, 2, true},
		"a line cut off":  {whole + `{"epo`, 2, true},
		"nothing":         {"", 0, true},
		"something else":  {whole + "epoch 3\n", 0, false},
		"another's field": {`{"epoch":"one"}`, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadEpochs(write(t, MetricsFile, test.text))
			if len(got) != test.epochs || (err == nil) != test.ok {
				t.Errorf("got %d epochs and %v", len(got), err)
			}
		})
	}
}

// TestDetection holds that the aspects mentioned are told by presence alone: a class
// absent, which is nobody's target, tells nothing of them.
func TestDetection(t *testing.T) {
	presence := []float32{0.9, 0.4}
	for name, test := range map[string]struct {
		a    Answers
		want *Detection
	}{
		"neither":                {Answers{}, nil},
		"a class absent":         {Answers{AbsentClass: true}, nil},
		"presence":               {Answers{Presence: presence}, &Detection{Threshold: 0.5, Gold: 2, Predicted: 1, Precision: 1, Recall: 0.5, F1: metrics.Score(2.0 / 3)}},
		"presence beside absent": {Answers{Presence: presence, AbsentClass: true}, &Detection{Threshold: 0.5, Gold: 2, Predicted: 1, Precision: 1, Recall: 0.5, F1: metrics.Score(2.0 / 3)}},
	} {
		t.Run(name, func(t *testing.T) {
			a := test.a
			a.Aspects, a.Polarities, a.Majority = []string{"food"}, []string{"good", "bad"}, []int{0}
			a.Gold, a.Predicted = []int{0, 1}, []int{0, metrics.Absent}
			a.Logits = make([]float32, len(a.Gold)*a.classes())
			s, err := a.Score(nil, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, s.Detection); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
