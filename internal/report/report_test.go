package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/internal/runs"
)

var update = flag.Bool("update", false, "write the goldens of testdata")

// fake is a run folder that a test makes, with the figures that belong to it.
type fake struct {
	aspects, polarities []string
	text                string
	epochs, sentences   int
	seed                uint64
}

var usual = fake{
	aspects:    []string{"service", "food", "anecdotes/miscellaneous"},
	polarities: []string{"positive", "neutral", "negative", "conflict"},
	text:       "the staff was kind",
	epochs:     12, sentences: 60, seed: 1,
}

// make writes the folder and returns its path.
func (f fake) make(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	object := func(v any) []byte {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return append(text, '\n')
	}
	c := configs.Default()
	c.Data.Aspects, c.Data.Polarities, c.Train.Seed = f.aspects, f.polarities, int64(f.seed)
	var config bytes.Buffer
	if err := configs.WriteYAML(&config, c); err != nil {
		t.Fatal(err)
	}
	write("config.yaml", config.Bytes())
	majority := make([]string, len(f.aspects))
	for i := range majority {
		majority[i] = f.polarities[0]
	}
	write("labels.json", object(runs.Labels{Aspects: f.aspects, Polarities: f.polarities, Majority: majority}))

	var lines bytes.Buffer
	random := rand.New(rand.NewPCG(f.seed, 0))
	var gold, pred []int
	for i := range f.sentences {
		p := runs.Prediction{Corpus: runs.Test, ID: "#" + strconv.Itoa(i), Words: slices.Repeat([]string{f.text}, 1+i%40), Aspects: map[string]runs.Answer{}}
		if i%5 == 4 {
			p.Corpus = runs.Validation
		}
		for _, aspect := range f.aspects {
			a := runs.Answer{}
			best := 0
			for c := range f.polarities {
				a.Logits = append(a.Logits, float32(2*random.NormFloat64()))
				if a.Logits[c] > a.Logits[best] {
					best = c
				}
			}
			label := random.IntN(len(f.polarities)+1) - 1
			if label >= 0 {
				a.Gold = f.polarities[label]
			}
			a.Predicted = f.polarities[best]
			if p.Corpus == runs.Test {
				gold, pred = append(gold, label), append(pred, best)
			}
			p.Aspects[aspect] = a
		}
		lines.Write(object(p))
	}
	write(runs.PredictionsFile, lines.Bytes())

	scores, err := metrics.Evaluate(f.aspects, f.polarities, gold, pred, make([]int, len(f.aspects)))
	if err != nil {
		t.Fatal(err)
	}
	r := runs.Result{
		Score: runs.Score{
			Accuracy: scores.Overall.Model.Accuracy(), Majority: scores.Overall.Majority.Accuracy(),
			MacroF1: scores.Overall.Model.MacroF1(), Aspects: map[string]runs.AspectResult{},
		},
		TestedEpoch: f.epochs, Stopped: "epochs", Device: "cpu", Threads: 1, Seed: int64(f.seed), Parameters: 1234, SentencesPerSecond: 567.8,
		Versions: runs.Versions{Program: "0.1.0", LibTorch: "2.11.0", Go: "go1.26.0"},
	}
	for _, a := range scores.Aspects {
		r.Aspects[a.Name] = runs.AspectResult{Accuracy: a.Model.Accuracy(), Majority: a.Majority.Accuracy(), Support: a.Model.Support(), MacroF1: a.Model.MacroF1()}
	}
	var epochs bytes.Buffer
	for i := range f.epochs {
		loss, accuracy := 2/math.Sqrt(float64(i+2)), metrics.Score(1-1/float64(i+3))
		e := runs.Epoch{Epoch: i + 1, TrainLoss: 1 / float64(i+1), TrainAccuracy: accuracy, ValidLoss: &loss, ValidAccuracy: &accuracy, ValidMacroF1: &accuracy, LearningRate: 1e-3 / 3, Seconds: 1.25, Sentences: 99, Steps: 7}
		r.Epochs = append(r.Epochs, e)
		epochs.Write(object(e))
	}
	write(runs.MetricsFile, epochs.Bytes())
	write(runs.ResultFile, object(r))
	if err := checkpoint.Seal(dir, checkpoint.Manifest{}, []string{"config.yaml", "labels.json", runs.MetricsFile, runs.PredictionsFile, runs.ResultFile}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write makes the page of run folders.
func write(t *testing.T, dirs ...string) string {
	t.Helper()
	var list []*Run
	for _, dir := range dirs {
		r, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	var b bytes.Buffer
	if err := Write(&b, list); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFiguresAreThoseOfTheResult compares the page with result.json to the last
// digit.
func TestFiguresAreThoseOfTheResult(t *testing.T) {
	dir := usual.make(t, "mine")
	page := parse(t, write(t, dir))
	var want runs.Result
	if err := readJSON(filepath.Join(dir, runs.ResultFile), &want); err != nil {
		t.Fatal(err)
	}
	one := func(class string) []float64 { return page.find(class).figures(t) }
	for class, score := range map[string]metrics.Score{"accuracy": want.Accuracy, "majority": want.Majority, "macro-f1": want.MacroF1, "answers-accuracy": want.Accuracy} {
		if got := one(class); len(got) != 1 || got[0] != float64(score) {
			t.Errorf("%s: got %v, want %v", class, got, score)
		}
	}
	var pairs int
	var table []float64
	for _, name := range usual.aspects {
		a := want.Aspects[name]
		pairs += a.Support
		table = append(table, float64(a.Support), float64(a.Majority), float64(a.Accuracy), float64(a.MacroF1))
	}
	table = append(table, float64(pairs), float64(want.Majority), float64(want.Accuracy), float64(want.MacroF1))
	if diff := cmp.Diff(table, one("aspects")); diff != "" {
		t.Errorf("accuracy by aspect (-result.json +page):\n%s", diff)
	}
	var epochs []float64
	for _, e := range want.Epochs {
		epochs = append(epochs, e.TrainLoss, float64(e.TrainAccuracy), *e.ValidLoss, float64(*e.ValidAccuracy), float64(*e.ValidMacroF1), e.LearningRate, e.Seconds)
	}
	if diff := cmp.Diff(epochs, one("epochs")); diff != "" {
		t.Errorf("epochs (-result.json +page):\n%s", diff)
	}
	// The diagonal of the first matrix, over all aspects, is what is right.
	right, all := 0, 0
	for _, td := range page.find("matrix").all("td") {
		if n, err := strconv.Atoi(td.text()); err == nil {
			all += n
			if td.class("right") {
				right += n
			}
		}
	}
	if all != pairs || metrics.Score(float64(right)/float64(all)) != want.Accuracy {
		t.Errorf("confusion: %d of %d are right, want accuracy %v of %d", right, all, want.Accuracy, pairs)
	}
}

// TestComparisonIsOfTheResults holds each figure side by side against the
// result.json of its run, and that a row of the test corpus says nothing of runs
// that have none.
func TestComparisonIsOfTheResults(t *testing.T) {
	other := usual
	other.seed = 2
	tests := []struct {
		name   string
		second fake
		tested []bool
		paired bool
	}{
		{"the same sentences", usual, []bool{true, true}, true},
		{"other labels", other, []bool{true, true}, false},
		{"validated alone", usual, []bool{false, false}, false},
		{"one of them tested", usual, []bool{true, false}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var dirs []string
			var want []runs.Result
			for i, f := range []fake{usual, test.second} {
				dir := f.make(t, "run-"+strconv.Itoa(i))
				if !test.tested[i] {
					withoutTest(t, dir)
				}
				var r runs.Result
				if err := readJSON(filepath.Join(dir, runs.ResultFile), &r); err != nil {
					t.Fatal(err)
				}
				dirs, want = append(dirs, dir), append(want, r)
			}
			page := parse(t, write(t, dirs...))
			rows := map[string][]element{}
			for _, tr := range page.all("tr") {
				if head, cells := tr.all("th"), tr.all("td"); len(head) == 1 && len(cells) == len(want) {
					rows[head[0].text()] = cells
				}
			}
			for i, r := range want {
				figures := map[string]float64{"tested epoch": float64(r.TestedEpoch)}
				if test.tested[i] {
					figures["accuracy"], figures["majority class"], figures["macro-F1"] = float64(r.Accuracy), float64(r.Majority), float64(r.MacroF1)
					for name, a := range r.Aspects {
						figures[name] = float64(a.Accuracy)
					}
				}
				for name, figure := range figures {
					if len(rows[name]) != len(want) {
						t.Errorf("%d cells of %q, want %d", len(rows[name]), name, len(want))
					} else if got := rows[name][i].figures(t); len(got) != 1 || got[0] != figure {
						t.Errorf("%s of run %d: got %v, want %v", name, i, got, figure)
					}
				}
			}
			if got := rows["more than run-0"][1].text() != "–"; got != test.paired {
				t.Errorf("a difference: %v, want %v", got, test.paired)
			}
		})
	}
}

// withoutTest makes a run one that had no test corpus.
func withoutTest(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, runs.PredictionsFile)
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines = bytes.ReplaceAll(lines, []byte(`"corpus":"`+runs.Test+`"`), []byte(`"corpus":"`+runs.Validation+`"`))
	var r runs.Result
	if err := readJSON(filepath.Join(dir, runs.ResultFile), &r); err != nil {
		t.Fatal(err)
	}
	r.Score = runs.Score{}
	result, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, lines, 0o644), os.WriteFile(filepath.Join(dir, runs.ResultFile), result, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestNamesDiffer(t *testing.T) {
	folders := []string{"/a/exp1/best", "/a/exp2/best", "/a/exp1/other", "/b/exp1/best", "/a/exp1/other", "/best"}
	want := []string{"a/exp1/best", "exp2/best", "other", "b/exp1/best", "other (5)", "/best"}
	var list []*Run
	for _, folder := range folders {
		list = append(list, &Run{Folder: folder})
	}
	distinguish(list)
	var got []string
	for _, r := range list {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTicks holds that an axis of any range has some ticks, and not many.
func TestTicks(t *testing.T) {
	for _, axis := range [][2]float64{{0, 1}, {0.5, math.Nextafter(0.5, 1)}, {-3, 1e-9}, {0, 5e-324}, {0, 6}, {0, 59.99}} {
		ticks := decimals{}.Ticks(axis[0], axis[1])
		if len(ticks) > 7 || axis[1]-axis[0] > 1 && len(ticks) < 3 {
			t.Errorf("%v: %d ticks", axis, len(ticks))
		}
		for _, tick := range ticks {
			if tick.Value < axis[0] || tick.Value > axis[1] {
				t.Errorf("%v: a tick at %v", axis, tick.Value)
			}
		}
	}
}

// TestTemperature holds that the page has the figures of a run's temperature.
func TestTemperature(t *testing.T) {
	dir := usual.make(t, "mine")
	c := runs.Calibration{Format: runs.CalibrationFormat, Temperature: 1.75, On: runs.OnFolds, Folds: 5, Pairs: 123}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, runs.CalibrationFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	var answers runs.Answers
	answers.Aspects, answers.Polarities = usual.aspects, usual.polarities
	for p, err := range runs.ReadPredictions(filepath.Join(dir, runs.PredictionsFile)) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Corpus == runs.Test {
			if err := answers.Add(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	page := parse(t, write(t, dir))
	for class, want := range map[string]metrics.Score{"temperature": 1.75, "ece": answers.Fit(1).ECE, "ece-scaled": answers.Fit(1.75).ECE} {
		if got := page.find(class).figures(t); len(got) != 1 || got[0] != float64(want) {
			t.Errorf("%s: got %v, want %v", class, got, want)
		}
	}
	if text := page.text(); !strings.Contains(text, "123 pairs of 5 folds of the training corpus") {
		t.Error("the page does not say what the temperature was fitted on")
	}
	write(t, dir, usual.make(t, "without"))
}

// TestTemperatureOfItsOwnPairs holds that the error at a temperature is said to
// flatter where it is that of the pairs it was fitted on, and nowhere else.
func TestTemperatureOfItsOwnPairs(t *testing.T) {
	const flatters = "These are the pairs that it was fitted on"
	for name, test := range map[string]struct {
		on     string
		tested bool
		want   bool
	}{
		"validation, without a test corpus": {runs.OnValidation, false, true},
		"validation, with a test corpus":    {runs.OnValidation, true, false},
		"folds, with a test corpus":         {runs.OnFolds, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := usual.make(t, "mine")
			if !test.tested {
				withoutTest(t, dir)
			}
			text, err := json.Marshal(runs.Calibration{Format: runs.CalibrationFormat, Temperature: 1.75, On: test.on, Pairs: 123})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, runs.CalibrationFile), text, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(write(t, dir), flatters); got != test.want {
				t.Errorf("said: %v, want %v", got, test.want)
			}
		})
	}
}

// hostile names and texts, which must come out as they are and do nothing.
var hostile = fake{
	aspects:    []string{`<script>alert("aspect")</script>`, `a"b'c&amp;d`, "{{.}} ]]> -->", "ünïcödé 日本語 with many many words in it"},
	polarities: []string{`<img src="http://example.org/x.png">`, `</style><script>alert(1)</script>`},
	text:       "<b>bold</b> </blockquote><script src=//example.org></script> \x00 \u202e",
	epochs:     2, sentences: 40, seed: 3,
}

func TestHostileNames(t *testing.T) {
	page := parse(t, write(t, hostile.make(t, `<a href="x">&run`), usual.make(t, "b")))
	for _, name := range []string{"script", "img", "link", "iframe", "object", "base"} {
		if found := page.all(name); len(found) > 0 {
			t.Errorf("the page has %d elements %s", len(found), name)
		}
	}
	var said []string
	for _, th := range page.find("aspects").all("th") {
		said = append(said, th.text())
	}
	for _, aspect := range hostile.aspects {
		if !slices.Contains(said, aspect) {
			t.Errorf("no row of aspect %q in %q", aspect, said)
		}
	}
	for _, e := range page.all("") {
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#run-") {
				t.Errorf("<%s %s=%q>", e.Data, a.Key, a.Val)
			}
		}
	}
}

// TestOutline holds what is on the page, in which order.
func TestOutline(t *testing.T) {
	page := parse(t, write(t, usual.make(t, "one"), fake{usual.aspects, usual.polarities, usual.text, 3, 60, 1}.make(t, "two")))
	got := page.outline()
	golden := filepath.Join("testdata", "outline.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got, -update writes it):\n%s", diff)
	}
}

func TestIncompleteRuns(t *testing.T) {
	remove := func(names ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, name := range names {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	tests := []struct {
		name   string
		change func(*testing.T, string)
		lacks  string
		has    []string
		not    []string
	}{
		{"of a version without predictions", remove(runs.PredictionsFile), "kept no predictions", []string{"Accuracy by aspect", "Learning curves"}, []string{"Confusion", "Calibration", "Worst mistakes"}},
		{"under way", remove(checkpoint.ManifestFile), "has not ended", []string{"Learning curves"}, []string{"Accuracy by aspect", "Confusion"}},
		{"before its first epoch", remove(checkpoint.ManifestFile, runs.MetricsFile), "has not ended", []string{"Configuration"}, []string{"Learning curves"}},
		{"with predictions of no test sentence", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, runs.PredictionsFile), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "no sentence of the test corpus", []string{"Accuracy by aspect"}, []string{"Confusion"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := usual.make(t, "run")
			test.change(t, dir)
			page := parse(t, write(t, dir))
			if got := page.find("lack").text(); !strings.Contains(got, test.lacks) {
				t.Errorf("says %q, want %q in it", got, test.lacks)
			}
			outline := page.outline()
			for _, want := range test.has {
				if !strings.Contains(outline, want) {
					t.Errorf("no %q in\n%s", want, outline)
				}
			}
			for _, unwanted := range test.not {
				if strings.Contains(outline, unwanted) {
					t.Errorf("%q in\n%s", unwanted, outline)
				}
			}
			both := parse(t, write(t, dir, usual.make(t, "whole"))).outline()
			if !strings.HasSuffix(both, strings.SplitN(parse(t, write(t, usual.make(t, "whole"))).outline(), "\n", 2)[1]) {
				t.Errorf("beside it, a whole run lacks something:\n%s", both)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	edit := func(name, old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), old) {
				t.Fatalf("%v, or no %q", err, old)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		change func(*testing.T, string)
		want   string
	}{
		{"a result that is not of the predictions", edit(runs.ResultFile, `"accuracy":0.`, `"accuracy":0.0`), "does not fit result.json"},
		{"a polarity of another model", edit(runs.PredictionsFile, `"predicted":"`, `"predicted":"un`), "is no answer of labels.json"},
		{"an aspect less", edit(runs.PredictionsFile, `"food":`, `"drink":`), `sentence #0: no answer for aspect "food"`},
		{"a line that is cut", edit(runs.PredictionsFile, `}}}`, ``), runs.PredictionsFile + ":1:"},
		{"no run", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "config.yaml")); err != nil {
				t.Fatal(err)
			}
		}, "is no run folder"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := usual.make(t, "run")
			test.change(t, dir)
			if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// TestMistakes holds that the surest ones are kept, in order, however many there
// are.
func TestMistakes(t *testing.T) {
	r := newReader(runs.Test, &runs.Labels{Aspects: []string{"a"}, Polarities: []string{"p", "n"}, Majority: []string{"p"}})
	for i := range 100 {
		logit := float32((i * 37) % 50)
		p := runs.Prediction{ID: fmt.Sprint(i), Words: []string{"w"}, Aspects: map[string]runs.Answer{"a": {Gold: "n", Predicted: "p", Logits: []float32{logit / 10, 0}}}}
		r.add(p)
	}
	list := r.a.Mistakes
	if len(list) != mostShown || math.Abs(list[0].Confidence-1/(1+math.Exp(-4.9))) > 1e-9 {
		t.Fatalf("%d mistakes, the first %+v", len(list), list[0])
	}
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.Confidence < b.Confidence {
			t.Errorf("%v before %v", a.Confidence, b.Confidence)
		}
	}
}
