package trainer

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withoutTime is what two runs of one configuration have in common.
func withoutTime(r *Result) Result {
	c := *r
	c.SentencesPerSecond = 0
	c.Epochs = slices.Clone(r.Epochs)
	for i := range c.Epochs {
		c.Epochs[i].Seconds = 0
	}
	return c
}

// TestSameSeedSameRun holds that a run is a function of its configuration.
func TestSameSeedSameRun(t *testing.T) {
	c := small(t, "train.ema=0.9", "model.head.dropout=0.2", "train.clip_norm=1")
	first := train(t, c)
	tests := []struct {
		name string
		set  func() training
		same bool
	}{
		{"again", func() training { return train(t, c) }, true},
		{"another seed", func() training { d := c; d.Train.Seed = 2; return train(t, d) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := test.set()
			if got := r.read(t, WeightsFile) == first.read(t, WeightsFile); got != test.same {
				t.Errorf("bytes of %s equal: %v, want %v", WeightsFile, got, test.same)
			}
			a, b := compact(t, withoutTime(first.result)), compact(t, withoutTime(r.result))
			if got := a == b; got != test.same {
				t.Errorf("results equal: %v, want %v (-first +second):\n%s", got, test.same, cmp.Diff(a, b))
			}
		})
	}
}

// TestSelect holds that the weights tested are those that train.select names:
// a run that went on after its best epoch leaves the weights of a run that
// ended there.
func TestSelect(t *testing.T) {
	set := []string{"train.learning_rate=0.02", "train.epochs=8"}
	best := train(t, small(t, set...))
	if best.result.BestEpoch == nil {
		t.Fatal("there is no best epoch")
	}
	at := *best.result.BestEpoch
	top := *best.result.Epochs[at-1].ValidAccuracy
	for i, e := range best.result.Epochs {
		if *e.ValidAccuracy > top || *e.ValidAccuracy == top && i < at-1 {
			t.Errorf("epoch %d is called the best with %v, but epoch %d has %v", at, top, i+1, *e.ValidAccuracy)
		}
	}
	if at == 8 {
		t.Fatal("the last epoch is the best, so this test shows nothing: choose another learning rate")
	}
	if best.result.TestedEpoch != at || best.result.Stopped != "epochs" {
		t.Errorf("tested epoch %d, stopped by %s; want %d, epochs", best.result.TestedEpoch, best.result.Stopped, at)
	}
	last := train(t, small(t, append(set, "train.select=last")...))
	if *last.result.BestEpoch != at || last.result.TestedEpoch != 8 {
		t.Errorf("select last: best epoch %d, tested %d; want %d, 8", *last.result.BestEpoch, last.result.TestedEpoch, at)
	}
	shorter := small(t, append(set, "train.select=last")...)
	shorter.Train.Epochs = at
	ended := train(t, shorter)

	weights := best.weights(t, WeightsFile)
	if !sameWeights(weights, ended.weights(t, WeightsFile)) {
		t.Errorf("the weights of the best epoch %d are not those of a run of %d epochs", at, at)
	}
	if sameWeights(weights, last.weights(t, WeightsFile)) {
		t.Error("select best and select last left the same weights")
	}
	if best.result.Accuracy != ended.result.Accuracy {
		t.Errorf("accuracy %v, want %v", best.result.Accuracy, ended.result.Accuracy)
	}
}

// TestMetric holds that the best epoch is the first of those that train.metric
// says are best.
func TestMetric(t *testing.T) {
	tests := []struct {
		metric string
		value  func(Epoch) float64 // higher is better
	}{
		{"accuracy", func(e Epoch) float64 { return float64(*e.ValidAccuracy) }},
		{"macro_f1", func(e Epoch) float64 { return float64(*e.ValidMacroF1) }},
		{"loss", func(e Epoch) float64 { return -*e.ValidLoss }},
	}
	found := map[int]bool{}
	for _, test := range tests {
		t.Run(test.metric, func(t *testing.T) {
			r := train(t, small(t, "train.learning_rate=0.02", "train.epochs=8", "train.metric="+test.metric)).result
			best := 0
			for i, e := range r.Epochs {
				if test.value(e) > test.value(r.Epochs[best]) {
					best = i
				}
			}
			if r.BestEpoch == nil {
				t.Fatal("there is no best epoch")
			}
			if *r.BestEpoch != best+1 || r.TestedEpoch != best+1 {
				t.Errorf("best epoch %d, tested %d; want %d", *r.BestEpoch, r.TestedEpoch, best+1)
			}
			found[best] = true
		})
	}
	if len(found) < 2 {
		t.Error("every metric has the same best epoch, so this test shows nothing: choose another learning rate")
	}
}

// TestMovingAverageIsTested holds that with train.ema the average is what is
// tested and saved, whether there is validation or not.
func TestMovingAverageIsTested(t *testing.T) {
	tests := []struct {
		name string
		set  []string
	}{
		{"without validation", []string{"data.valid_fraction=0", "train.select=last"}},
		{"the last epoch", []string{"train.select=last"}},
		{"the best epoch", []string{"train.select=best"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plain := train(t, small(t, append(test.set, "train.epochs=1")...))
			averaged := train(t, small(t, append(test.set, "train.epochs=1", "train.ema=0.95")...))
			for i, e := range averaged.result.Epochs {
				if e.TrainLoss != plain.result.Epochs[i].TrainLoss {
					t.Errorf("epoch %d: train loss %v with the average, %v without: it must not touch training", i+1, e.TrainLoss, plain.result.Epochs[i].TrainLoss)
				}
			}
			if sameWeights(plain.weights(t, WeightsFile), averaged.weights(t, WeightsFile)) {
				t.Error("the weights are those of a run without an average")
			}
			wantSameScore(t, averaged, EvaluateOptions{Data: "sample"})
		})
	}
}

func TestStopping(t *testing.T) {
	tests := []struct {
		name    string
		set     []string
		stopped string
		epochs  int
		steps   int
		last    int // steps of the last epoch
	}{
		{"epochs", nil, "epochs", 2, 16, 8},
		// Nothing is learned, so the first epoch stays the best.
		{"patience", []string{"train.patience=2", "train.epochs=9", "train.learning_rate=1e-12"}, "patience", 3, 24, 8},
		{"steps within an epoch", []string{"train.max_steps=11", "train.epochs=9"}, "max_steps", 2, 11, 3},
		{"steps at the end of an epoch", []string{"train.max_steps=8", "train.epochs=9"}, "max_steps", 1, 8, 8},
		{"steps after the last epoch", []string{"train.max_steps=100"}, "epochs", 2, 16, 8},
		{"few batches", []string{"train.overfit_batches=3"}, "epochs", 2, 6, 3},
		{"more batches than there are", []string{"train.overfit_batches=99"}, "epochs", 2, 16, 8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := train(t, small(t, test.set...)).result
			if r.Stopped != test.stopped || len(r.Epochs) != test.epochs || r.Steps != test.steps || r.Epochs[len(r.Epochs)-1].Steps != test.last {
				t.Errorf("stopped by %s after %d epochs and %d steps, %d in the last epoch; want %s, %d, %d, %d", r.Stopped, len(r.Epochs), r.Steps,
					r.Epochs[len(r.Epochs)-1].Steps, test.stopped, test.epochs, test.steps, test.last)
			}
		})
	}
}

// TestOverfit holds that train.overfit_batches shows whether the model can
// learn: the same sentences come in every epoch, and end up known by heart.
func TestOverfit(t *testing.T) {
	r := train(t, small(t, "train.overfit_batches=2", "train.epochs=40", "train.learning_rate=0.02", "model.embedding_dropout=0",
		"data.valid_fraction=0", "train.select=last")).result
	last := r.Epochs[len(r.Epochs)-1]
	t.Logf("train accuracy %v, loss %.4f", last.TrainAccuracy, last.TrainLoss)
	if last.Sentences != 128 {
		t.Errorf("%d sentences in an epoch, want 128", last.Sentences)
	}
	if last.TrainAccuracy < 0.99 {
		t.Errorf("train accuracy %v on 2 batches, want 1", last.TrainAccuracy)
	}
}
