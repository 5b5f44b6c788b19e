package metrics

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// question is what reference.py is asked about; answer what it says.
type question struct {
	Gold    []int     `json:"gold"`
	Pred    []int     `json:"pred"`
	Other   []int     `json:"other"`
	Present []bool    `json:"present"`
	Logits  []float32 `json:"logits"`
}

type answer struct {
	Accuracy float64 `json:"accuracy"`
	MacroF1  float64 `json:"macro_f1"`
	Classes  []struct {
		Precision float64 `json:"precision"`
		Recall    float64 `json:"recall"`
		F1        float64 `json:"f1-score"`
		Support   float64 `json:"support"`
	} `json:"classes"`
	Confusion   [][]int      `json:"confusion"`
	Three       float64      `json:"three"`
	LogLoss     float64      `json:"log_loss"`
	Temperature float64      `json:"temperature"`
	Bins        [][2]float64 `json:"bins"` // mean confidence and accuracy of those not empty
	Detection   [3]float64   `json:"detection"`
	McNemar     float64      `json:"mcnemar"`
}

func sklearn(t *testing.T, q question) answer {
	t.Helper()
	program := os.Getenv("ABSA_TEST_PYTHON")
	if program == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has scikit-learn (make venv)")
	}
	if out, err := exec.Command(program, "-c", "import sklearn").CombinedOutput(); err != nil {
		t.Skipf("%s lacks scikit-learn (make venv): %s", program, out)
	}
	text, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	c := exec.Command(program, "testdata/reference.py")
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(text), &out, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("reference.py: %v\n%s", err, stderr.Bytes())
	}
	var a answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("reference.py: %v: %s", err, out.Bytes())
	}
	return a
}

// ask makes up n pairs, a third of them without a label, of which a model
// predicts most from logits that know the label somewhat.
func ask(n int, seed uint64) question {
	random := rand.New(rand.NewPCG(seed, 0))
	var q question
	for range n {
		g := random.IntN(len(polarities)+2) - 1
		if g == len(polarities) {
			g = Absent
		}
		z := make([]float32, len(polarities))
		best := 0
		for c := range z {
			z[c] = float32(2 * random.NormFloat64())
			if c == g {
				z[c] += 2
			}
			if z[c] > z[best] {
				best = c
			}
		}
		if random.IntN(20) == 0 {
			best = Absent
		}
		q.Gold, q.Pred, q.Other = append(q.Gold, g), append(q.Pred, best), append(q.Other, random.IntN(len(polarities)))
		q.Present, q.Logits = append(q.Present, random.IntN(3) > 0), append(q.Logits, z...)
	}
	return q
}

func TestLikeSklearn(t *testing.T) {
	for seed := range uint64(3) {
		q := ask(600, seed)
		want := sklearn(t, q)
		check := func(what string, got Score, want float64) {
			t.Helper()
			if math.Abs(float64(got)-want) > 1e-9 {
				t.Errorf("seed %d, %s: got %v, want %v", seed, what, float64(got), want)
			}
		}
		r, err := Evaluate([]string{"food"}, polarities, q.Gold, q.Pred, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		m := r.Overall.Model
		check("accuracy", m.Accuracy(), want.Accuracy)
		check("macro-F1", m.MacroF1(), want.MacroF1)
		for c, w := range want.Classes {
			got := m.Class(c)
			check("precision of "+polarities[c], got.Precision, w.Precision)
			check("recall of "+polarities[c], got.Recall, w.Recall)
			check("F1 of "+polarities[c], got.F1, w.F1)
			check("support of "+polarities[c], Score(got.Support), w.Support)
			for p, n := range m[c] {
				check("confusion", Score(n), float64(want.Confusion[c][p]))
			}
		}
		gold, pred, err := Restrict(q.Gold, q.Logits, len(polarities), []int{0, 1, 2})
		if err != nil {
			t.Fatal(err)
		}
		three, err := Evaluate([]string{"food"}, polarities, gold, pred, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		check("accuracy over three", three.Overall.Model.Accuracy(), want.Three)

		check("log loss", LogLoss(q.Logits, q.Gold, len(polarities), 1), want.LogLoss)
		temperature, err := Temperature(q.Logits, q.Gold, len(polarities))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(temperature-want.Temperature) > 1e-5*want.Temperature {
			t.Errorf("seed %d, temperature: got %v, want %v", seed, temperature, want.Temperature)
		}
		confidence, right := Confidence(q.Logits, q.Gold, len(polarities), 1)
		var filled []Bin
		for _, b := range Reliability(confidence, right, Bins) {
			if b.Count > 0 {
				filled = append(filled, b)
			}
		}
		if len(filled) != len(want.Bins) {
			t.Fatalf("seed %d: %d bins, want %d", seed, len(filled), len(want.Bins))
		}
		for i, b := range filled {
			check("confidence of a bin", b.Confidence, want.Bins[i][0])
			check("accuracy of a bin", b.Accuracy, want.Bins[i][1])
		}
		d := Detect(q.Gold, q.Present)
		for i, got := range []Score{d.Precision(), d.Recall(), d.F1()} {
			check("detection", got, want.Detection[i])
		}
		check("McNemar", Score(Pair(q.Gold, q.Pred, q.Other).McNemar()), want.McNemar)
	}
}
