package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/data"
	"absa/data/sample"
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/internal/runs"
)

// answersOf are those that a run kept.
func answersOf(t *testing.T, r training, corpus string) *runs.Answers {
	t.Helper()
	saved, err := open(r.dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	answers := saved.answers()
	if err := answers.Read(filepath.Join(r.dir, PredictionsFile), corpus, nil); err != nil {
		t.Fatal(err)
	}
	return answers
}

// TestTemperature holds that a run with a validation set ends with the temperature
// that fits what it says of that set, and that its probabilities are scaled by
// it where the weights are those it was fitted to, and only there.
func TestTemperature(t *testing.T) {
	for name, set := range map[string][]string{
		"presence":     nil,
		"absent class": {"model.head.absent_class=true", "model.head.presence=false"},
	} {
		t.Run(name, func(t *testing.T) {
			r := train(t, small(t, append(set, "train.epochs=4", "train.select=last", "checkpoint.keep_last=0")...))
			c, err := runs.ReadCalibration(r.dir)
			if err != nil || c == nil {
				t.Fatalf("got %+v, %v", c, err)
			}
			want, err := answersOf(t, r, runs.Validation).Calibrate(runs.OnValidation, 0)
			if err != nil {
				t.Fatal(err)
			}
			want.Weights = c.Weights
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("calibration (-of the predictions +stored):\n%s", diff)
			}
			if c.After.LogLoss >= c.Before.LogLoss {
				t.Errorf("log loss %v before, %v after", c.Before.LogLoss, c.After.LogLoss)
			}
			if got := r.result.Calibration; *got.Temperature != c.Temperature || *got.Scaled != answersOf(t, r, runs.Test).Fit(c.Temperature) {
				t.Errorf("result has %+v", got)
			}
			texts := []string{"The food was great but the staff was rude.", "Cheap and noisy."}
			last, first := r.step(r.result.Steps), r.step(8)
			scaled := predictAll(t, predictor(t, r.dir, PredictOptions{}), texts)
			// The last checkpoint has the tested weights.
			if diff := cmp.Diff(scaled, predictAll(t, predictor(t, last, PredictOptions{}), texts)); diff != "" {
				t.Errorf("(-run +its last checkpoint):\n%s", diff)
			}
			if p := predictor(t, first, PredictOptions{}); p.Temperature != nil || !strings.Contains(p.Uncalibrated, "of other weights than those of "+first) {
				t.Errorf("the first checkpoint has temperature %v (%s)", p.Temperature, p.Uncalibrated)
			}
			if err := os.Rename(filepath.Join(r.dir, CalibrationFile), filepath.Join(r.dir, "away")); err != nil {
				t.Fatal(err)
			}
			p := predictor(t, last, PredictOptions{})
			if p.Temperature != nil || !strings.Contains(p.Uncalibrated, "has no temperature") {
				t.Errorf("without the file: temperature %v (%s)", p.Temperature, p.Uncalibrated)
			}
			for i, sentence := range predictAll(t, p, texts) {
				for a, raw := range sentence {
					got := scaled[i][a]
					if raw.Polarity != got.Polarity || raw.Presence != got.Presence {
						t.Errorf("the temperature changes %+v to %+v", raw, got)
					}
					// p^(1/T), up to one factor for all polarities.
					for k := range raw.Probabilities {
						ratio := math.Pow(float64(raw.Probabilities[k]/raw.Probabilities[0]), 1/c.Temperature)
						if now := float64(got.Probabilities[k] / got.Probabilities[0]); math.Abs(now/ratio-1) > 1e-4 {
							t.Errorf("probabilities %v become %v at temperature %v", raw.Probabilities, got.Probabilities, c.Temperature)
						}
					}
				}
			}
		})
	}
}

// TestCalibrateFolds holds that a run without a validation set gets a temperature
// from models that did not see the sentences they answer, that nothing else of
// the run changes, and that the test corpus is not needed.
func TestCalibrateFolds(t *testing.T) {
	test := write(t, "test.xml", string(sample.Test()))
	r := train(t, small(t, "data.test="+test, "data.valid_fraction=0", "train.select=last", "train.epochs=2"))
	if err := os.Remove(test); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, CalibrationFile)); err == nil {
		t.Fatal("it has a temperature that nothing was fitted on")
	}
	before := map[string]string{}
	for _, name := range files(t, r.dir) {
		if !slices.Contains([]string{checkpoint.Folder, BoardFolder, checkpoint.ManifestFile}, name) {
			before[name] = r.read(t, name)
		}
	}
	o := CalibrateOptions{Run: r.dir, Folds: 3, Threads: 1}

	// The first try ends in the second fold, the next one goes on from there.
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var begun int
	o.Report = func(e Event) {
		switch e := e.(type) {
		case FoldBegun:
			begun = e.Fold
		case StepDone:
			if begun == 2 && e.Step == 5 {
				cancel(errStop)
			}
		}
	}
	_, err := Calibrate(ctx, o)
	wantError(t, err, "in fold 2 of 3", "the same command goes on")
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, errStop) {
		t.Errorf("got %v, want it to wrap ErrInterrupted and its cause", err)
	}
	if _, err := checkpoint.Open(r.dir); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	steps := map[int]int{}
	o.Report = func(e Event) {
		switch e := e.(type) {
		case FoldBegun:
			begun = e.Fold
		case StepDone:
			steps[begun]++
		}
	}
	got, err := Calibrate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if steps[1] != 0 || steps[2] == 0 || steps[2] >= steps[3] {
		t.Errorf("steps by fold after an interruption in the second: %v", steps)
	}
	corpus, err := data.OpenTrain(t.Context(), small(t), data.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer corpus.Close()
	if pairs := corpus.Statistics(corpus.All()).Labels(); got.Sentences != corpus.Len() || got.Pairs != pairs || got.On != runs.OnFolds || got.Folds != 3 {
		t.Errorf("fitted on %+v, want %d sentences and %d pairs", got, corpus.Len(), pairs)
	}
	run, err := checkpoint.Open(r.dir)
	if err != nil || !run.Has(CalibrationFile) {
		t.Fatalf("the run is no longer whole: %v, or has no temperature", err)
	}
	for name, text := range before {
		if r.read(t, name) != text {
			t.Errorf("%s has changed", name)
		}
	}
	if slices.Contains(files(t, r.dir), FoldsFolder) {
		t.Error("the models of the folds are left")
	}
	e, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.dir}, Data: configs.Sample})
	if err != nil || *e.Calibration.Temperature != got.Temperature {
		t.Errorf("evaluated at %v, want %v (%v)", e.Calibration.Temperature, got.Temperature, err)
	}

	// Once more, without an interruption, over the old one.
	first := r.read(t, CalibrationFile)
	o.Report = nil
	if _, err := Calibrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if again := r.read(t, CalibrationFile); again != first {
		t.Errorf("interrupted: %s, at one go: %s", first, again)
	}

	// More epochs make other weights, which have no temperature.
	if err := os.WriteFile(test, sample.Test(), 0o644); err != nil {
		t.Fatal(err)
	}
	longer := resume(t, small(t, "data.test="+test, "data.valid_fraction=0", "train.select=last", "train.epochs=3"), r.dir)
	if names := files(t, r.dir); slices.Contains(names, CalibrationFile) || longer.read(t, "calibration-epoch-2.json") != first {
		t.Errorf("after another epoch the folder has %q", names)
	}
}

// TestCalibrateValidation holds that a run of an earlier version, whose
// predictions have its validation set, gets the temperature that it would end
// with today.
func TestCalibrateValidation(t *testing.T) {
	r := train(t, small(t))
	want := r.read(t, CalibrationFile)
	if err := os.Remove(filepath.Join(r.dir, CalibrationFile)); err != nil {
		t.Fatal(err)
	}
	reseal(t, r.dir)
	if _, err := Calibrate(t.Context(), CalibrateOptions{Run: r.dir}); err != nil {
		t.Fatal(err)
	}
	if got := r.read(t, CalibrationFile); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCalibrateLargeValidation holds that a run keeps the temperature it ended with
// where its validation set was too large for its predictions, and that without one
// it is said why there is none.
func TestCalibrateLargeValidation(t *testing.T) {
	r := train(t, small(t))
	want := r.read(t, CalibrationFile)
	path := filepath.Join(r.dir, PredictionsFile)
	kept := slices.DeleteFunc(strings.SplitAfter(r.read(t, PredictionsFile), "\n"), func(line string) bool {
		return strings.HasPrefix(line, `{"corpus":"validation"`)
	})
	if err := os.WriteFile(path, []byte(strings.Join(kept, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	reseal(t, r.dir)
	var events []Event
	c, err := Calibrate(t.Context(), CalibrateOptions{Run: r.dir, Report: func(e Event) { events = append(events, e) }})
	if err != nil || c == nil || r.read(t, CalibrationFile) != want {
		t.Fatalf("got %+v, %v, and the file %s", c, err, r.read(t, CalibrationFile))
	}
	if got := notes(events); !strings.Contains(got, "more than the 100000 that are kept: the temperature that the run ended with stays") {
		t.Errorf("notes %q", got)
	}
	if err := os.Remove(filepath.Join(r.dir, CalibrationFile)); err != nil {
		t.Fatal(err)
	}
	reseal(t, r.dir)
	_, err = Calibrate(t.Context(), CalibrateOptions{Run: r.dir})
	wantError(t, err, path, "has no sentence of the validation corpus", "data.valid_fraction")
}

// TestCalibrateNotesTheBase holds that a run that began with other weights, which
// may know its sentences, says so when it fits a temperature and when it is asked
// for another.
func TestCalibrateNotesTheBase(t *testing.T) {
	base := train(t, small(t, "train.max_steps=1", "train.select=last"))
	const note = "(train.init_from): where these were trained on"
	if got := notes(base.events); strings.Contains(got, note) {
		t.Errorf("a run from the beginning notes %q", got)
	}
	r := train(t, small(t, "train.init_from="+base.dir))
	if got := notes(r.events); !strings.Contains(got, base.dir+" "+note) {
		t.Errorf("training notes %q", got)
	}
	var events []Event
	if _, err := Calibrate(t.Context(), CalibrateOptions{Run: r.dir, Report: func(e Event) { events = append(events, e) }}); err != nil {
		t.Fatal(err)
	}
	if got := notes(events); !strings.Contains(got, base.dir+" "+note) {
		t.Errorf("calibrate notes %q", got)
	}
}

func TestCalibrateRefuses(t *testing.T) {
	corpus := write(t, "train.xml", string(sample.Train()))
	r := train(t, small(t, "data.train="+corpus, "data.valid_fraction=0", "train.select=last", "train.max_steps=1"))
	unended := interrupted(t, small(t)).dir
	averaged, _, err := average(t, AverageOptions{Run: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		o    CalibrateOptions
		want []string
	}{
		{"no run", CalibrateOptions{Run: "none", Folds: 2}, []string{"none: it is not there"}},
		{"a run that has not ended", CalibrateOptions{Run: unended, Folds: 2}, []string{"never completed", "only a run that ended"}},
		{"a checkpoint", CalibrateOptions{Run: r.step(1), Folds: 2}, []string{"is no run that absa trained to its end"}},
		{"an average", CalibrateOptions{Run: averaged.Out, Folds: 2}, []string{"is no run that absa trained to its end"}},
		{"one fold", CalibrateOptions{Run: r.dir, Folds: 1}, []string{"1 folds", "at least 2"}},
		{"more folds than sentences", CalibrateOptions{Run: r.dir, Folds: 1_000_000}, []string{"as many as there are sentences"}},
		{"a device", CalibrateOptions{Run: r.dir, Folds: 2, Device: "gpu"}, []string{"train.device", "gpu"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Calibrate(t.Context(), test.o)
			wantError(t, err, test.want...)
		})
	}
	t.Run("another corpus", func(t *testing.T) {
		refused := func() {
			t.Helper()
			_, err := Calibrate(t.Context(), CalibrateOptions{Run: r.dir, Folds: 2})
			wantError(t, err, corpus+" has other sentences")
			if slices.Contains(files(t, r.dir), FoldsFolder) {
				t.Error("a fold was begun")
			}
		}
		// A sentence has a word more, and the ids are the same.
		if err := os.WriteFile(corpus, bytes.Replace(sample.Train(), []byte("</text>"), []byte(" Fine.</text>"), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		refused()
		if err := os.WriteFile(corpus, sample.Test(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(r.dir, checkpoint.Folder)); err != nil {
			t.Fatal(err)
		}
		refused()
	})
}

// TestEvaluateLikeSklearn compares every figure of an evaluation with
// scikit-learn's, over the predictions that the run kept.
func TestEvaluateLikeSklearn(t *testing.T) {
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has scikit-learn (make venv)")
	}
	if out, err := exec.Command(python, "-c", "import sklearn").CombinedOutput(); err != nil {
		t.Fatalf("%s lacks scikit-learn (make venv): %s", python, out)
	}
	r := train(t, small(t, "train.epochs=4"))
	e, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.dir}, Data: configs.Sample})
	if err != nil {
		t.Fatal(err)
	}
	a := answersOf(t, r, runs.Test)
	present := make([]bool, len(a.Gold))
	for i, p := range a.Presence {
		present[i] = p >= 0.5
	}
	question, err := json.Marshal(map[string]any{"gold": a.Gold, "pred": a.Predicted, "other": make([]int, len(a.Gold)), "present": present, "logits": a.Logits})
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	c := exec.Command(python, filepath.Join("..", "internal", "metrics", "testdata", "reference.py"))
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(question), &out, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var want struct {
		Accuracy  metrics.Score
		MacroF1   metrics.Score `json:"macro_f1"`
		Classes   []map[string]metrics.Score
		Confusion metrics.Confusion
		Three     metrics.Score
		LogLoss   metrics.Score `json:"log_loss"`
		Detection [3]metrics.Score
	}
	// Its NaN, of a class that was never predicted, is null here.
	if err := json.Unmarshal(bytes.ReplaceAll(out.Bytes(), []byte("NaN"), []byte("null")), &want); err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want metrics.Score) {
		t.Helper()
		if got.Defined() != want.Defined() || math.Abs(float64(got-want)) > 1e-9 {
			t.Errorf("%s: got %v, want %v", what, float64(got), float64(want))
		}
	}
	check("accuracy", e.Accuracy, want.Accuracy)
	check("macro-F1", e.MacroF1, want.MacroF1)
	check("accuracy over three", e.ThreeWay.Accuracy, want.Three)
	check("log loss", e.Calibration.Raw.LogLoss, want.LogLoss)
	for i, got := range []metrics.Score{e.Detection.Precision, e.Detection.Recall, e.Detection.F1} {
		check("detection", got, want.Detection[i])
	}
	for i, p := range e.Polarities {
		check("precision of "+p.Polarity, p.Precision, want.Classes[i]["precision"])
		check("recall of "+p.Polarity, p.Recall, want.Classes[i]["recall"])
		check("F1 of "+p.Polarity, p.F1, want.Classes[i]["f1-score"])
		check("support of "+p.Polarity, metrics.Score(p.Support), want.Classes[i]["support"])
	}
	if diff := cmp.Diff(want.Confusion[:len(e.Polarities)], e.Confusion); diff != "" {
		t.Errorf("confusion (-scikit-learn +ours):\n%s", diff)
	}
}

// TestEvaluateAgainst holds what a comparison says of a run beside itself and
// beside one that knows less.
func TestEvaluateAgainst(t *testing.T) {
	good, poor := train(t, small(t, "train.epochs=4")), train(t, small(t, "train.max_steps=1"))
	e, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{good.dir}, Against: poor.dir, Data: configs.Sample})
	if err != nil {
		t.Fatal(err)
	}
	a := e.Against
	right := e.Confusion.Correct()
	if a.Accuracy != poor.result.Accuracy || a.Difference != good.result.Accuracy-poor.result.Accuracy ||
		a.OnlyThis-a.OnlyOther != right-poor.result.Confusion.Correct() {
		t.Errorf("compared %+v", a)
	}
	if a.Interval.Low > a.Difference || a.Interval.High < a.Difference || a.McNemar > 0.01 {
		t.Errorf("a difference of %v: %+v", a.Difference, a)
	}
	same, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{good.dir}, Against: good.dir, Data: configs.Sample})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Against{Run: good.dir, Accuracy: e.Accuracy, McNemar: 1}, same.Against); diff != "" {
		t.Errorf("beside itself (-want +got):\n%s", diff)
	}
	other := train(t, small(t, "train.max_steps=1", "data.aspects=[food, service, price, ambience, anecdotes/miscellaneous]"))
	_, err = Evaluate(t.Context(), EvaluateOptions{Runs: []string{good.dir}, Against: other.dir, Data: configs.Sample})
	wantError(t, err, "cannot be compared", "aspects")
}
