package trainer

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/metrics"
)

// TestEnsemble compares an ensemble of models that read the text in different ways
// with NumPy on what each of them says, and holds that one model is no ensemble.
func TestEnsemble(t *testing.T) {
	a := train(t, small(t, "train.epochs=4"))
	b := train(t, small(t, "train.seed=2", "text.cleaning=article", "vectors.dimension=8", "model.head.presence=false", "model.attention.kind=none", "model.hidden=16"))
	both := EvaluateOptions{Runs: []string{a.dir, b.dir}, Against: a.dir, Data: configs.Sample}
	e, err := Evaluate(t.Context(), both)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range []training{a, b} {
		s := r.result.Score
		want := Member{Run: r.dir, Accuracy: s.Accuracy, MacroF1: s.MacroF1, LogLoss: s.Calibration.Raw.LogLoss}
		if diff := cmp.Diff(want, e.Members[i]); diff != "" {
			t.Errorf("member %d (-alone +listed):\n%s", i+1, diff)
		}
	}
	if e.Uncalibrated == "" || e.Calibration.Temperature != nil || e.Detection != nil {
		t.Errorf("calibration %+v (%q), detection %+v, of an ensemble of which one does not tell what is mentioned", e.Calibration, e.Uncalibrated, e.Detection)
	}
	if e.Against.Accuracy != a.result.Accuracy || e.Against.Difference != e.Accuracy-a.result.Accuracy {
		t.Errorf("against its first member: %+v", e.Against)
	}

	out := withPyTorch(t, nil, "-c", `
import json, sys
import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss
names = ["positive", "neutral", "negative", "conflict"]
shares, gold = [], []
for run in sys.argv[1:]:
    lines = [json.loads(line) for line in open(run)]
    pairs = [pair for line in lines if line["corpus"] == "test" for pair in line["aspects"].values() if "gold" in pair]
    gold.append([names.index(pair["gold"]) for pair in pairs])
    z = np.array([pair["logits"] for pair in pairs], dtype=np.float64)
    shares.append(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
gold, p = gold[0], np.mean(shares, axis=0)
three = [i for i, g in enumerate(gold) if g < 3]
print(json.dumps({
    "accuracy": accuracy_score(gold, p.argmax(axis=1)),
    "macro_f1": f1_score(gold, p.argmax(axis=1), average="macro", labels=sorted(set(gold))),
    "three": accuracy_score([gold[i] for i in three], p[three][:, :3].argmax(axis=1)),
    "log_loss": log_loss(gold, p, labels=range(4)),
}))
`, filepath.Join(a.dir, PredictionsFile), filepath.Join(b.dir, PredictionsFile))
	var want map[string]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]metrics.Score{"accuracy": e.Accuracy, "macro_f1": e.MacroF1, "three": e.ThreeWay.Accuracy, "log_loss": e.Calibration.Raw.LogLoss} {
		if math.Abs(float64(got)-want[name]) > 1e-6 {
			t.Errorf("%s: got %v, NumPy says %v", name, float64(got), want[name])
		}
	}
}

// TestEnsembleErrors holds what is no ensemble.
func TestEnsembleErrors(t *testing.T) {
	a := train(t, small(t, "train.max_steps=1"))
	aspects := train(t, small(t, "train.max_steps=1", "data.aspects=[food, service, price, ambience, anecdotes/miscellaneous]"))
	absent := train(t, small(t, "train.max_steps=1", "model.head.absent_class=true"))
	for _, test := range []struct {
		name string
		runs []string
		want []string
	}{
		{"other aspects", []string{a.dir, aspects.dir}, []string{a.dir, aspects.dir, "aspects and polarities", "no ensemble"}},
		{"a class absent", []string{a.dir, absent.dir}, []string{absent.dir, "model.head.absent_class", "no ensemble"}},
		{"twice", []string{a.dir, a.dir + "/."}, []string{a.dir, "stands twice"}},
		{"no run", []string{a.dir, a.dir + "-none"}, []string{a.dir + "-none: it is not there"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Evaluate(t.Context(), EvaluateOptions{Runs: test.runs, Data: configs.Sample})
			wantError(t, err, test.want...)
		})
	}
}
