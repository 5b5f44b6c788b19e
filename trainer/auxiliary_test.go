package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"absa/configs"
	"absa/data"
	"absa/internal/runs"
	"absa/internal/torch"
	"absa/models"
)

// madeUp writes a corpus of made-up sentences, with the aspects and polarities of the
// sample if of its own there are none.
func madeUp(t testing.TB, sentences int, aspects ...string) string {
	t.Helper()
	names := configs.Default().Data
	if len(aspects) > 0 {
		names.Aspects, names.Polarities = aspects, []string{"good", "bad"}
	}
	path := filepath.Join(t.TempDir(), "made.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (data.Synthetic{Sentences: sentences, Seed: 1, Lines: true, Data: names}).Write(t.Context(), f, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// both is the setting of a corpus that shares the heads and one with its own, of
// fewer sentences and of more than the main one.
func both(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("train.auxiliary=[{path: %s, weight: 0.5}, {path: %s, weight: 0.25, heads: own}]", madeUp(t, 150), madeUp(t, 700, "Room", "Front desk"))
}

// TestAuxiliaryOff holds that a corpus of no weight changes no bit.
func TestAuxiliaryOff(t *testing.T) {
	plain := train(t, everything(t, "restaurants"))
	off := train(t, everything(t, "restaurants", fmt.Sprintf("train.auxiliary=[{path: %s, weight: 0}]", madeUp(t, 100))))
	for _, name := range []string{WeightsFile, PredictionsFile, VocabFile} {
		if plain.read(t, name) != off.read(t, name) {
			t.Errorf("%s is another", name)
		}
	}
	if diff := cmp.Diff(timeless(t, plain.read(t, MetricsFile)), timeless(t, off.read(t, MetricsFile))); diff != "" {
		t.Errorf("%s (-without +of no weight):\n%s", MetricsFile, diff)
	}
	if plain.result.Auxiliary != nil || off.result.Auxiliary != nil || strings.Contains(plain.read(t, ResultFile), "auxiliary") {
		t.Error("the result tells of auxiliary corpora")
	}
}

// TestAuxiliaryOffBeforeAnother holds that a corpus of no weight changes no bit of a
// run with another one behind it, whatever heads that has.
func TestAuxiliaryOffBeforeAnother(t *testing.T) {
	other := madeUp(t, 60, "Room", "Front desk")
	for _, rest := range []string{fmt.Sprintf("{path: %s, heads: own}", other), fmt.Sprintf("{path: %s}", madeUp(t, 60))} {
		alone := train(t, small(t, "train.epochs=1", "train.auxiliary=["+rest+"]"))
		behind := train(t, small(t, "train.epochs=1", fmt.Sprintf("train.auxiliary=[{path: %s, weight: 0}, %s]", other, rest)))
		for _, name := range []string{WeightsFile, PredictionsFile} {
			if alone.read(t, name) != behind.read(t, name) {
				t.Errorf("%s: %s is another", rest, name)
			}
		}
		if diff := cmp.Diff(timeless(t, alone.read(t, MetricsFile)), timeless(t, behind.read(t, MetricsFile))); diff != "" {
			t.Errorf("%s: %s (-alone +behind):\n%s", rest, MetricsFile, diff)
		}
		if told := "train.auxiliary[1]: 60 sentences of"; !strings.Contains(notes(behind.events), told) {
			t.Errorf("notes %q\nlack %q", notes(behind.events), told)
		}
	}
}

// TestAuxiliaryRenamed holds that a run does not go on where a corpus with heads of its
// own calls its labels otherwise.
func TestAuxiliaryRenamed(t *testing.T) {
	lines := `{"text": "a made up sentence", "labels": {"room": "good"}}` + "\n" + `{"text": "another one", "labels": {"room": "bad"}}` + "\n"
	set := func(text string) string {
		return fmt.Sprintf("train.auxiliary=[{path: %s, heads: own}]", write(t, "own.jsonl", text))
	}
	r := interrupted(t, small(t, set(lines)))
	renamed := strings.NewReplacer("good", "fine", "bad", "poor").Replace(lines)
	_, err := Train(t.Context(), Options{Config: small(t, set(renamed)), Out: r.dir, Resume: ResumeAuto})
	if !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want it to wrap ErrChanged", err)
	}
	resume(t, small(t, set(lines)), r.dir)
}

// TestAuxiliaryNotFinite holds that a run that breaks down by an auxiliary corpus names it.
func TestAuxiliaryNotFinite(t *testing.T) {
	set := fmt.Sprintf("train.auxiliary=[{path: %s, weight: 0}, {path: %s, weight: 1e200}]", madeUp(t, 50), madeUp(t, 60))
	r := try(t, t.Context(), small(t, set), nil)
	if !errors.Is(r.err, ErrNotFinite) {
		t.Fatalf("got %v, want it to wrap ErrNotFinite", r.err)
	}
	wantError(t, r.err, ", of train.auxiliary[1] ", "or a smaller weight in train.auxiliary")
}

// TestAuxiliaryResumes holds that a run with auxiliary corpora goes on to the same
// bits, with its heads for them and their moments.
func TestAuxiliaryResumes(t *testing.T) {
	for _, set := range [][]string{{"train.accumulate=2"}, {"train.ema=0", "train.select=last", "loader.order=file"}} {
		t.Run(set[0], func(t *testing.T) {
			c := everything(t, "restaurants", append(set, both(t), "checkpoint.keep_last=0")...)
			whole := train(t, c)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r := try(t, ctx, c, func(e Event) {
				if s, ok := e.(StepDone); ok && s.Epoch == 2 && s.Batch == 4 {
					cancel(errStop)
				}
			})
			if !errors.Is(r.err, ErrInterrupted) {
				t.Fatal(r.err)
			}
			again := resume(t, c, r.dir)
			for _, name := range []string{WeightsFile, PredictionsFile} {
				if whole.read(t, name) != again.read(t, name) {
					t.Errorf("%s is another", name)
				}
			}
			if diff := cmp.Diff(timeless(t, whole.read(t, MetricsFile)), timeless(t, again.read(t, MetricsFile))); diff != "" {
				t.Errorf("%s (-straight +resumed):\n%s", MetricsFile, diff)
			}
			last := whole.result.Steps
			for _, name := range []string{OptimizerFile, WeightsFile} {
				if !sameWeights(whole.weights(t, inStep(last, name)), again.weights(t, inStep(last, name))) {
					t.Errorf("%s of step %d is another", name, last)
				}
			}
			for _, e := range whole.result.Epochs {
				if len(e.AuxiliaryLoss) != 2 || slices.ContainsFunc(e.AuxiliaryLoss, func(loss float64) bool { return !(loss > 0) }) {
					t.Errorf("epoch %d: auxiliary losses %v", e.Epoch, e.AuxiliaryLoss)
				}
			}
		})
	}
}

// TestAuxiliaryGradients holds that a step minimises the loss of the main corpus and,
// by its weight, that of an auxiliary one.
func TestAuxiliaryGradients(t *testing.T) {
	c := small(t, both(t), "train.accumulate=2", "loader.batch_size=32")
	err := torch.Locked(func() error {
		var begin start
		defer begin.close()
		r, err := newTrainer(t.Context(), Options{Config: c, Out: filepath.Join(t.TempDir(), "run"), Report: func(Event) {}}, &begin)
		if err != nil {
			return err
		}
		defer r.close()
		group, err := r.firstBatches(2)
		if err != nil {
			return err
		}
		// gradients are those of the main corpus, if it is asked for, and of the
		// auxiliary ones with other weights than 0.
		gradients := func(main bool, weights ...float64) map[string][]float32 {
			var done outcome
			if main {
				for i, targets := range r.loss.GroupTargets([][]int64{group[0].Labels, group[1].Labels}) {
					if err := r.accumulate(group[i], i, targets, &done); err != nil {
						t.Fatal(err)
					}
				}
			}
			for k, x := range r.tasks {
				if weights[k] == 0 {
					continue
				}
				x.Config.Weight = weights[k]
				stop := x.begin(0)
				if err := r.stepBeside(x, 2, 0, &done); err != nil {
					t.Fatal(err)
				}
				stop()
			}
			all := map[string][]float32{}
			sum := 0.0
			for _, q := range r.model.Parameters.Trainable() {
				if g := r.scope.Grad(q.Tensor); g.Defined() {
					all[q.Name] = r.scope.Float32s(g)
				}
				for _, v := range all[q.Name] {
					sum += float64(v) * float64(v)
				}
			}
			if norm := math.Sqrt(sum); math.Abs(norm-done.norm) > 1e-6*norm {
				t.Errorf("norm %v, want that of all gradients, %v", done.norm, norm)
			}
			r.optimizer.ZeroGrad(r.scope)
			return all
		}
		alone, shared, own := gradients(true, 0, 0), gradients(false, 1, 0), gradients(false, 0, 1)
		got := gradients(true, 0.5, 0.25)
		for name, g := range got {
			want := make([]float32, len(g))
			for i := range want {
				for _, part := range []struct {
					from   map[string][]float32
					weight float32
				}{{alone, 1}, {shared, 0.5}, {own, 0.25}} {
					if part.from[name] != nil {
						want[i] += part.weight * part.from[name][i]
					}
				}
			}
			if diff := cmp.Diff(want, g, cmpopts.EquateApprox(1e-4, 1e-6)); diff != "" {
				t.Errorf("gradient of %s (-composed +got):\n%s", name, diff)
			}
		}
		heads := func(all map[string][]float32, auxiliary bool) (n int) {
			for name := range all {
				if models.IsAuxiliary(name) == auxiliary && strings.Contains(name, "heads.") {
					n++
				}
			}
			return n
		}
		if heads(alone, true) > 0 || heads(shared, true) > 0 || heads(own, false) > 0 || heads(own, true) == 0 {
			t.Errorf("auxiliary heads learn from others or do not learn: %d, %d, %d, %d", heads(alone, true), heads(shared, true), heads(own, false), heads(own, true))
		}
		return r.scope.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAuxiliaryFiles holds that heads for auxiliary corpora are in checkpoints and in
// nothing that answers, and what is told of the corpora.
func TestAuxiliaryFiles(t *testing.T) {
	c := small(t, both(t), "train.epochs=1", "checkpoint.every_epochs=1", "train.ema=0.9")
	r := train(t, c)
	plain := train(t, small(t, "train.epochs=1"))
	if r.result.Parameters <= plain.result.Parameters { // by the words of the other corpora
		t.Errorf("%d parameters, want more than %d", r.result.Parameters, plain.result.Parameters)
	}
	step := r.result.Steps
	for name := range r.weights(t, WeightsFile) {
		if models.IsAuxiliary(name) {
			t.Errorf("%s has %s", WeightsFile, name)
		}
	}
	for name := range r.weights(t, inStep(step, WeightsFile)) {
		if models.IsAuxiliary(name) {
			t.Errorf("%s of a checkpoint has %s", WeightsFile, name)
		}
	}
	kept := r.weights(t, inStep(step, OptimizerFile))
	for _, name := range []string{"auxiliary.1.heads.Room.classifier.weight", "auxiliary.1.heads.Front desk.classifier.bias.exp_avg", "auxiliary.1.heads.Room.classifier.weight.weights"} {
		if kept[name] == nil {
			t.Errorf("%s of a checkpoint lacks %s", OptimizerFile, name)
		}
	}
	want := []runs.Auxiliary{
		{Path: c.Train.Auxiliary[0].Path, Weight: 0.5, Heads: "shared", Sentences: 150},
		{Path: c.Train.Auxiliary[1].Path, Weight: 0.25, Heads: "own", Sentences: 700},
	}
	if diff := cmp.Diff(want, r.result.Auxiliary, cmpopts.IgnoreFields(runs.Auxiliary{}, "Labels")); diff != "" || r.result.Auxiliary[0].Labels < 100 {
		t.Errorf("%+v, result (-want +got):\n%s", r.result.Auxiliary, diff)
	}
	told := fmt.Sprintf("train.auxiliary[1]: 700 sentences of %s with %d labels are trained on too, weight 0.25, own heads", c.Train.Auxiliary[1].Path, r.result.Auxiliary[1].Labels)
	if !strings.Contains(notes(r.events), told) {
		t.Errorf("notes %q\nlack %q", notes(r.events), told)
	}

	// What reads runs and checkpoints reads these.
	for _, dir := range []string{r.dir, r.step(step)} {
		e, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{dir}, Data: configs.Sample})
		if err != nil {
			t.Fatal(err)
		}
		if e.Accuracy != r.result.Accuracy {
			t.Errorf("%s: accuracy %v, want %v", dir, e.Accuracy, r.result.Accuracy)
		}
		if next := try(t, t.Context(), small(t, "train.epochs=1", "train.init_from="+dir), nil); next.err != nil {
			t.Errorf("a run that begins with %s: %v", dir, next.err)
		}
	}
	if _, err := Average(t.Context(), AverageOptions{Run: r.dir, Out: filepath.Join(t.TempDir(), "average")}); err != nil {
		t.Errorf("an average: %v", err)
	}
}

// TestAuxiliaryLearns holds that heads of their own learn what the corpus says.
func TestAuxiliaryLearns(t *testing.T) {
	c := small(t, fmt.Sprintf("train.auxiliary=[{path: %s, heads: own}]", madeUp(t, 64, "Room", "Front desk")),
		"train.overfit_batches=1", "train.epochs=60", "train.learning_rate=1e-2", "model.embedding_dropout=0", "train.select=last", "data.valid_fraction=0", "checkpoint.every_epochs=0")
	r := train(t, c)
	first, last := r.result.Epochs[0], r.result.Epochs[len(r.result.Epochs)-1]
	if !(last.AuxiliaryLoss[0] < 0.1*first.AuxiliaryLoss[0]) || !(last.TrainLoss < 0.2*first.TrainLoss) {
		t.Errorf("auxiliary loss from %v to %v, loss from %v to %v", first.AuxiliaryLoss, last.AuxiliaryLoss, first.TrainLoss, last.TrainLoss)
	}
}

// TestAuxiliaryChanged holds that a run goes on with the corpora that it had, wherever
// they lie.
func TestAuxiliaryChanged(t *testing.T) {
	path := madeUp(t, 150)
	set := func(path string) string { return fmt.Sprintf("train.auxiliary=[{path: %s}]", path) }
	r := interrupted(t, small(t, set(path)))
	moved := filepath.Join(t.TempDir(), "moved.jsonl")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	_, err := Train(t.Context(), Options{Config: small(t, set(path)), Out: r.dir, Resume: ResumeAuto})
	wantError(t, err, "train.auxiliary[0]", path, "no such file")
	_, err = Train(t.Context(), Options{Config: small(t, set(madeUp(t, 151))), Out: r.dir, Resume: ResumeAuto})
	if !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want it to wrap ErrChanged", err)
	}
	wantError(t, err, "train.auxiliary=")
	_, err = Train(t.Context(), Options{Config: small(t), Out: r.dir, Resume: ResumeAuto})
	wantError(t, err, "train.auxiliary: [], it was")
	resume(t, small(t, set(moved)), r.dir)
}

// TestAuxiliaryLeaks holds that nothing that the model is judged by is learned from an
// auxiliary corpus unless the configuration wants it.
func TestAuxiliaryLeaks(t *testing.T) {
	main := leaking(t)
	texts := write(t, "more.csv", "id,text,food\n1,GOOD FOOD,positive\n2,new... food,positive\n3,cold soup,negative\n4,warm soup,positive\n")
	c := func(policy string, set ...string) configs.Config {
		return small(t, append(append(main, fmt.Sprintf("train.auxiliary=[{path: %s, leakage: %s}]", texts, policy)), set...)...)
	}
	refused := try(t, t.Context(), c("refuse"), nil)
	wantError(t, refused.err, "train.auxiliary[0]: "+texts+" shares 2 sentences with data.test", "2 (there z), 3 (there y)", "its leakage: drop leaves them out")
	kept := func(r training) (n int) { return r.result.Auxiliary[0].Sentences }
	warned, dropped := train(t, c("warn")), train(t, c("drop"))
	if kept(warned) != 4 || warned.result.Auxiliary[0].Dropped != 0 || kept(dropped) != 2 || dropped.result.Auxiliary[0].Dropped != 2 {
		t.Errorf("auxiliary %+v with warn, %+v with drop", warned.result.Auxiliary, dropped.result.Auxiliary)
	}
	if want := "train.auxiliary[0],2,data.test,z,false\n"; !strings.Contains(dropped.read(t, LeakageFile), want) {
		t.Errorf("%s has %q, want %q", LeakageFile, dropped.read(t, LeakageFile), want)
	}

	// Of the sentences held out for validation too.
	held := try(t, t.Context(), c("refuse", "data.test=", "data.valid_fraction=0.75", "train.select=last"), nil)
	wantError(t, held.err, "with the validation part of data.train, letter case", "(a run with warn lists all of them in its leakage.csv)")
	// A fold that is held out is left out of what is trained on, whatever the policy.
	for _, policy := range []string{"refuse", "warn", "drop"} {
		left := 0
		for number := range 2 {
			d, err := Prepare(t.Context(), c(policy, "data.test="), source{fold: Fold{number + 1, 2}}, func(Event) {})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			inFold := map[string]bool{}
			for i := range d.Test.Len() {
				inFold[d.Test.ID(i)] = true
			}
			for i := range d.Auxiliary[0].Examples.Len() {
				if id := d.Auxiliary[0].Examples.ID(i); id == "1" && inFold["a"] || id == "3" && inFold["d"] {
					t.Errorf("%s: sentence %s is trained on", policy, id)
				}
			}
			left += d.Auxiliary[0].Dropped
		}
		if left != 2 { // 1 and 3, each in the fold of its text
			t.Errorf("%s: %d sentences are left out, want 2", policy, left)
		}
	}
}

func TestAuxiliaryErrors(t *testing.T) {
	unlabelled, other := write(t, "none.jsonl", `{"text": "none"}`), write(t, "other.jsonl", `{"text": "other", "labels": {"room": "good"}}`)
	tests := []struct{ name, set, want string }{
		{"no file", "{path: none.xml}", "train.auxiliary[0]: read corpus"},
		{"no label", "{path: " + unlabelled + "}", "train.auxiliary[0]: " + unlabelled + " has no label to learn from"},
		{"no label of its own", "{path: " + unlabelled + ", heads: own}", "train.auxiliary[0]: " + unlabelled + ": no label in it"},
		{"other labels", "{path: " + other + "}", `train.auxiliary[0]: ` + other + `:1: sentence "#1": aspect "room" is not in data.aspects`},
		{"whose categories", "{path: " + other + "}", `(the categories of train.auxiliary[0] count here, not data.categories)`},
		{"another column", "{path: " + write(t, "other.csv", "text,room\nx,positive\n") + "}", `(the categories of train.auxiliary[0] count here, not data.categories)`},
		{"a fault", "{path: " + write(t, "bad.jsonl", "{") + ", heads: own}", "bad.jsonl:1: malformed JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Prepare(t.Context(), small(t, "train.auxiliary=["+tt.set+"]"), source{}, func(Event) {})
			wantError(t, err, tt.want)
		})
	}
}

// TestAuxiliaryPresence holds that a corpus which says nothing of an aspect does not
// teach that nobody mentions it.
func TestAuxiliaryPresence(t *testing.T) {
	path := write(t, "food.jsonl", `{"text": "a made up sentence", "labels": {"menu": "positive"}}`)
	set := fmt.Sprintf("train.auxiliary=[{path: %s, categories: [{category: menu, aspect: food}]}]", path)
	d, err := Prepare(t.Context(), small(t, set), source{}, func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if w := d.Auxiliary[0].objective.PresenceWeight; w != 0 {
		t.Errorf("presence weighs %v", w)
	}
}

// TestAuxiliaryOfPublishedCorpora holds what MAMS-ACSA and SemEval-2015 bring beside
// SemEval-2014.
func TestAuxiliaryOfPublishedCorpora(t *testing.T) {
	folder := os.Getenv("ABSA_TEST_DATA")
	if folder == "" {
		t.Skip("ABSA_TEST_DATA is not set: name the folder of the public corpora")
	}
	at := func(file string) string { return filepath.Join(folder, filepath.FromSlash(file)) }
	const mapped = "categories: [{category: staff, aspect: service}, {category: menu, aspect: food}, {category: place, aspect: ''}, {category: miscellaneous, aspect: anecdotes/miscellaneous}]"
	c := func(auxiliary string) configs.Config {
		return small(t, "data.train="+at("semeval2014/Restaurants_Train_v2.xml"), "data.test="+at("semeval2014/Restaurants_Test_Gold.xml"),
			"data.valid_fraction=0", "train.select=last", "train.auxiliary=["+auxiliary+"]")
	}
	mams, semeval2015 := at("mams-acsa/train.xml"), at("semeval2015/ABSA-15_Restaurants_Train_Final.xml")
	_, err := Prepare(t.Context(), c("{path: "+mams+", "+mapped+"}"), source{}, func(Event) {})
	wantError(t, err, "train.auxiliary[0]: "+mams+" shares 8 sentences with data.test", "#637 (there 36072604#1106889#0)", "#3019 (there 11350010#590580#1)")
	d, err := Prepare(t.Context(), c("{path: "+mams+", leakage: drop, "+mapped+"}, {path: "+mams+", heads: own, leakage: drop}, {path: "+semeval2015+", leakage: drop}, {path: "+semeval2015+", heads: own, leakage: warn}"), source{}, func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got [][2]int
	for _, a := range d.Auxiliary {
		got = append(got, [2]int{a.Examples.Len(), a.Dropped})
	}
	if diff := cmp.Diff([][2]int{{3141, 8}, {3141, 8}, {1313, 2}, {1315, 0}}, got); diff != "" {
		t.Errorf("sentences kept and dropped (-want +got):\n%s", diff)
	}
	if own := d.Auxiliary[1].Labels; len(own.Aspects) != 8 || len(own.Polarities) != 3 {
		t.Errorf("heads of MAMS-ACSA for %q, %q", own.Aspects, own.Polarities)
	}
	if own := d.Auxiliary[3].Labels; len(own.Aspects) != 13 || !slices.Contains(own.Polarities, "conflict") {
		t.Errorf("heads of SemEval-2015 for %q, %q", own.Aspects, own.Polarities)
	}
	if len(d.Leaks) != 5 || d.Leaks[0].corpus != "data.train" || len(d.Leaks[0].ids) != 1 {
		t.Errorf("%d leaks, the first of %s", len(d.Leaks), d.Leaks[0].corpus)
	}
}
