package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// kept is a configuration of which every checkpoint stays: after 5 and 8 steps,
// and so on. Those after an epoch, of 8, have been validated. The others but the
// first may come a step later, when the save before took long.
func kept(t testing.TB, set ...string) configs.Config {
	t.Helper()
	return small(t, append([]string{"train.epochs=3", "train.ema=0.9", "checkpoint.keep_last=0", "checkpoint.every_steps=5", "checkpoint.every_minutes=0"}, set...)...)
}

// average averages into a new folder and returns what the user was told.
func average(t testing.TB, o AverageOptions) (a *Averaged, told string, err error) {
	t.Helper()
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "average")
	}
	var events []Event
	o.Report = func(e Event) { events = append(events, e) }
	a, err = Average(t.Context(), o)
	return a, notes(events), err
}

// stepsIn lists the checkpoints of a run, and those that have been validated, the
// best one first.
func stepsIn(t testing.TB, run string) (all, ranked []int) {
	t.Helper()
	entries, err := checkpoint.List(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Step)
	}
	for _, e := range Ranked(entries) {
		ranked = append(ranked, e.Step)
	}
	return all, ranked
}

// spaced is a list of steps as messages have it.
func spaced(steps []int) string { return strings.Trim(fmt.Sprint(steps), "[]") }

// steps of an average.
func (a *Averaged) steps() []int {
	var list []int
	for _, c := range a.Checkpoints {
		list = append(list, c.Step)
	}
	return list
}

// TestAverage holds that the file is the mean of the files, and that what is
// said of validation is what training said.
func TestAverage(t *testing.T) {
	r := train(t, kept(t))
	all, ranked := stepsIn(t, r.dir)
	if len(ranked) != 3 || len(all) < 4 {
		t.Fatalf("checkpoints %v, validated %v: want three validated and others", all, ranked)
	}
	best := slices.Clone(ranked[:2])
	slices.Sort(best)

	tests := []struct {
		name    string
		options AverageOptions
		want    []int
	}{
		{"all", AverageOptions{}, all},
		{"last", AverageOptions{Last: 3}, all[len(all)-3:]},
		{"best", AverageOptions{Best: 2}, best},
		{"steps", AverageOptions{Steps: []int{24, 5}}, []int{5, 24}},
		{"one", AverageOptions{Steps: []int{16}}, []int{16}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Run = r.dir
			a, told, err := average(t, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, a.steps()); diff != "" {
				t.Fatalf("steps (-want +got):\n%s", diff)
			}
			if strings.Contains(told, "not measured") {
				t.Errorf("told %q", told)
			}
			got := training{dir: a.Out}.weights(t, WeightsFile)
			if !sameWeights(got, r.mean(t, test.want)) {
				t.Error("the weights are not the mean of the checkpoints'")
			}
			for _, c := range a.Checkpoints {
				history := r.state(t, c.Step).History
				if c.Step%8 != 0 {
					continue // in the middle of an epoch training did not validate
				}
				e := history[len(history)-1]
				want := Validation{*e.ValidLoss, *e.ValidAccuracy, *e.ValidMacroF1}
				if *c.Validation != want {
					t.Errorf("step %d: got %+v, training said %+v", c.Step, *c.Validation, want)
				}
			}
			if len(test.want) == 1 && *a.Average != *a.Checkpoints[0].Validation {
				t.Errorf("the mean of one: got %+v, want %+v", *a.Average, *a.Checkpoints[0].Validation)
			}
			// The folder says what it is, and holds what it takes to use it.
			sealed, err := checkpoint.Open(a.Out)
			if err != nil {
				t.Fatal(err)
			}
			m := sealed.Manifest
			if m.Kind != checkpoint.KindAverage || m.Step != test.want[len(test.want)-1] || m.Metric != "accuracy" || *m.Value != float64(a.Average.Accuracy) {
				t.Errorf("manifest %+v of an average with accuracy %v", m, a.Average.Accuracy)
			}
			want := []string{ConfigFile, LabelsFile, checkpoint.ManifestFile, WeightsFile, VocabFile}
			slices.Sort(want)
			if diff := cmp.Diff(want, files(t, a.Out)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if _, about, err := safetensors.ReadFile(filepath.Join(a.Out, WeightsFile)); err != nil || about[AverageKey] != spaced(test.want) {
				t.Errorf("metadata %v, %v", about, err)
			}
			if _, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{a.Out}, Data: configs.Sample}); err != nil {
				t.Errorf("evaluate: %v", err)
			}
		})
	}

	t.Run("the best one alone is what was tested", func(t *testing.T) {
		a, _, err := average(t, AverageOptions{Run: r.dir, Best: 1})
		if err != nil {
			t.Fatal(err)
		}
		scores, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{a.Out}, Data: configs.Sample})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := compact(t, raw(scores.Score)), compact(t, raw(r.result.Score)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("a new run begins with it", func(t *testing.T) {
		a, _, err := average(t, AverageOptions{Run: r.dir})
		if err != nil {
			t.Fatal(err)
		}
		begun := train(t, small(t, "train.init_from="+a.Out, "train.learning_rate=1e-30", "train.max_steps=1", "train.select=last"))
		if !sameWeights(begun.weights(t, WeightsFile), training{dir: a.Out}.weights(t, WeightsFile)) {
			t.Error("its weights are others")
		}
	})
	t.Run("nothing is resumed in it", func(t *testing.T) {
		a, _, err := average(t, AverageOptions{Run: r.dir})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Train(t.Context(), Options{Config: kept(t), Out: a.Out, Resume: ResumeAuto})
		wantError(t, err, a.Out, "not empty", "no training wrote")
	})
}

// mean averages the weights of checkpoints in another order than Average does,
// in float64 too: the sum of so few float32 values of like size is exact.
func (r training) mean(t testing.TB, steps []int) map[string][]float32 {
	t.Helper()
	all := map[int]map[string][]float32{}
	for _, step := range steps {
		all[step] = training{dir: r.step(step)}.weights(t, WeightsFile)
	}
	mean := map[string][]float32{}
	for name, values := range all[steps[0]] {
		for i := range values {
			var sum float64
			for _, step := range slices.Backward(steps) {
				sum += float64(all[step][name][i])
			}
			mean[name] = append(mean[name], float32(sum/float64(len(steps))))
		}
	}
	return mean
}

// TestAverageGain holds which way a metric goes.
func TestAverageGain(t *testing.T) {
	tests := []struct {
		name, metric string
		average      Validation
		best         int
		gain         float64
	}{
		{"accuracy", "accuracy", Validation{Accuracy: 0.75}, 2, 0.25},
		{"worse", "macro_f1", Validation{MacroF1: 0.25}, 1, -0.125},
		{"loss", "loss", Validation{Loss: 0.5}, 3, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := &Averaged{Metric: test.metric, Average: &test.average, Checkpoints: []AveragedStep{
				{Step: 1, Validation: &Validation{Loss: 2, Accuracy: 0.25, MacroF1: 0.375}},
				{Step: 2, Validation: &Validation{Loss: 2, Accuracy: 0.5, MacroF1: 0.375}},
				{Step: 3, Validation: &Validation{Loss: 1.5, Accuracy: 0.5, MacroF1: 0.25}},
			}}
			best, gain := a.Gain()
			if best.Step != test.best || gain != test.gain {
				t.Errorf("got %v over step %d, want %v over step %d", gain, best.Step, test.gain, test.best)
			}
		})
	}
}

// TestAverageErrors holds what is refused, and that nothing is left then.
func TestAverageErrors(t *testing.T) {
	r := train(t, kept(t))
	more := train(t, kept(t, "train.max_steps=6", "data.aspects=[service, food, anecdotes/miscellaneous, price, ambience, drinks]"))
	words := train(t, kept(t, "train.max_steps=6", "vectors.min_count=2"))
	masked := train(t, kept(t, "train.max_steps=6", "model.attention.kind=self", "model.attention.heads=1", "model.attention.pool=mean"))
	pool := train(t, kept(t, "train.max_steps=6", "model.attention.kind=self", "model.attention.heads=1", "model.attention.pool=max"))
	all, _ := stepsIn(t, r.dir)
	n := len(all)
	taken := filepath.Dir(write(t, "mine.txt", "mine"))
	tests := []struct {
		name    string
		options AverageOptions
		damage  func(t *testing.T, run string)
		want    []string
	}{
		{"more than there are", AverageOptions{Last: n + 1}, nil, []string{fmt.Sprintf("--last %d", n+1), fmt.Sprintf("%d complete checkpoints", n), spaced(all), "checkpoint.keep_last"}},
		{"more than were validated", AverageOptions{Best: 4}, nil, []string{"--best 4", "3 complete checkpoints with a validation", "8 16 24"}},
		{"no such step", AverageOptions{Steps: []int{8, 9}}, nil, []string{"no checkpoint of step 9", spaced(all)}},
		{"a step twice", AverageOptions{Steps: []int{8, 8}}, nil, []string{"step 8 stands twice"}},
		{"a damaged step", AverageOptions{Steps: []int{8, 16}}, func(t *testing.T, run string) { flip(t, filepath.Join(run, inStep(8, WeightsFile))) }, []string{inStep(8, WeightsFile), "SHA-256"}},
		{"a step without manifest", AverageOptions{Steps: []int{8, 16}}, func(t *testing.T, run string) { remove(t, filepath.Join(run, inStep(8, checkpoint.ManifestFile))) }, []string{inStep(8, checkpoint.ManifestFile), "never completed"}},
		{"too few are whole", AverageOptions{Last: n}, func(t *testing.T, run string) { flip(t, filepath.Join(run, inStep(8, WeightsFile))) }, []string{fmt.Sprintf("--last %d", n), fmt.Sprintf("%d complete checkpoints", n-1)}},
		{"none is left", AverageOptions{}, func(t *testing.T, run string) { remove(t, filepath.Join(run, checkpoint.Folder)) }, []string{"no complete checkpoint"}},
		{"the folder is taken", AverageOptions{Out: taken}, nil, []string{taken, "not empty", "another --out"}},
		{"the run's own folder", AverageOptions{Out: r.dir}, nil, []string{r.dir, "not empty"}},
		{"a checkpoint's name", AverageOptions{Out: checkpoint.StepDir(r.dir, 9)}, nil, []string{"name is that of a checkpoint"}},
		{"no run", AverageOptions{Run: filepath.Join(taken, "none")}, nil, []string{"none", "no such file"}},
		{"one aspect more", AverageOptions{Steps: []int{5, 16}}, take(more, 5), []string{inStep(5, ""), inStep(16, ""), "different runs", "drinks"}},
		{"another vocabulary", AverageOptions{}, take(words, 5), []string{"different runs", "vocabularies"}},
		{"another network", AverageOptions{}, take(pool, 5), []string{"different runs", "model.attention"}},
		{"the same weights, read otherwise", AverageOptions{Run: masked.dir}, take(pool, 5), []string{"different runs", "model.attention.pool", "mean", "max"}},
		{"unknown device", AverageOptions{Device: "gpu"}, nil, []string{"train.device", `"gpu"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := test.options
			if o.Run == "" {
				o.Run = r.dir
			}
			if test.damage != nil {
				copied := filepath.Join(t.TempDir(), "run")
				if err := os.CopyFS(copied, os.DirFS(o.Run)); err != nil {
					t.Fatal(err)
				}
				o.Run = copied
				test.damage(t, copied)
			}
			if o.Out == "" {
				o.Out = filepath.Join(t.TempDir(), "average")
			}
			before := map[string]string{}
			_, missing := os.Stat(o.Out)
			if missing == nil {
				before = tree(t, o.Out)
			}
			_, err := Average(t.Context(), o)
			wantError(t, err, test.want...)
			if missing != nil {
				if _, err := os.Stat(o.Out); err == nil {
					t.Errorf("%s was made", o.Out)
				}
				return
			}
			if diff := cmp.Diff(before, tree(t, o.Out)); diff != "" {
				t.Errorf("%s (-before +after):\n%s", o.Out, diff)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out := filepath.Join(t.TempDir(), "average")
		_, err := Average(ctx, AverageOptions{Run: r.dir, Out: out})
		if !errors.Is(err, ErrInterrupted) {
			t.Errorf("got %v, want ErrInterrupted", err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("a folder was made")
		}
	})
	t.Run("a damaged one is passed over", func(t *testing.T) {
		hit := all[n-2]
		flip(t, filepath.Join(r.dir, inStep(hit, WeightsFile)))
		a, told, err := average(t, AverageOptions{Run: r.dir, Last: 2})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.steps(), []int{all[n-3], all[n-1]}) || !strings.Contains(told, "passed over") || !strings.Contains(told, inStep(hit, WeightsFile)) {
			t.Errorf("averaged %v and said %q", a.steps(), told)
		}
	})
}

// TestAverageUnmeasured holds that an average is written where nothing can be
// measured, and that this is said.
func TestAverageUnmeasured(t *testing.T) {
	var text strings.Builder
	for i := range 120 {
		fmt.Fprintf(&text, `<sentence id="%d"><text>the food was of kind %d</text><aspectCategories><aspectCategory category="food" polarity="%s"/></aspectCategories></sentence>`+"\n", i, i%7, []string{"positive", "negative"}[i%2])
	}
	corpus := write(t, "train.xml", "<sentences>\n"+text.String()+"</sentences>\n")
	fromFile := train(t, kept(t, "data.train="+corpus, "train.epochs=2"))
	if a, told, err := average(t, AverageOptions{Run: fromFile.dir}); err != nil || a.Average == nil {
		t.Fatalf("while the corpus was there: %v, %v, %s", a, err, told)
	}
	tests := []struct {
		name   string
		run    func(t *testing.T) string
		change func() error
		want   []string
	}{
		{"no validation set", func(t *testing.T) string {
			return train(t, kept(t, "data.valid_fraction=0", "train.select=last", "train.epochs=1")).dir
		}, nil, []string{"no validation set", "data.valid_fraction=0"}},
		{"other sentences", func(*testing.T) string { return fromFile.dir }, func() error {
			return os.WriteFile(corpus, []byte("<sentences>\n"+strings.Replace(text.String(), "kind 3", "kind 9", 1)+"</sentences>\n"), 0o644)
		}, []string{corpus, "other sentences", "fingerprint"}},
		{"no corpus", func(*testing.T) string { return fromFile.dir }, func() error { return os.Remove(corpus) }, []string{corpus, "no such file"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := test.run(t)
			if test.change != nil {
				if err := test.change(); err != nil {
					t.Fatal(err)
				}
			}
			a, told, err := average(t, AverageOptions{Run: run})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range append(test.want, "not measured") {
				if !strings.Contains(told, want) {
					t.Errorf("told %q, want in it %q", told, want)
				}
			}
			if a.Average != nil || a.Checkpoints[0].Validation != nil {
				t.Errorf("measured %+v", a)
			}
			c, err := checkpoint.Open(a.Out)
			if err != nil {
				t.Fatal(err)
			}
			if c.Manifest.Value != nil {
				t.Errorf("value %v", *c.Manifest.Value)
			}
		})
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// take puts a checkpoint of another run in the place of one of the same step.
func take(other training, step int) func(t *testing.T, run string) {
	return func(t *testing.T, run string) {
		t.Helper()
		remove(t, checkpoint.StepDir(run, step))
		if err := os.CopyFS(checkpoint.StepDir(run, step), os.DirFS(other.step(step))); err != nil {
			t.Fatal(err)
		}
	}
}
