package trainer

import (
	"math"
	"testing"

	"absa/configs"
	"absa/data"
	"absa/internal/torch"
	"absa/models"
)

// fresh returns an untrained model of a configuration, its loss and its test
// examples. The model is the caller's to close.
func fresh(t *testing.T, c configs.Config) (*models.Model, *models.Loss, *data.Examples) {
	t.Helper()
	torch.SetThreads(1)
	d, err := Prepare(t.Context(), c, source{}, func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(c.Model, labelsOf(c), d.Vectors, torch.CPU, 1)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := models.NewLoss(c.Loss, labelsOf(c))
	if err != nil {
		t.Fatal(err)
	}
	return m, loss, d.Test
}

// inOrder computes the loss of examples in file order, in batches of size.
func inOrder(t *testing.T, m *models.Model, loss *models.Loss, examples *data.Examples, size int) float64 {
	t.Helper()
	loader, err := data.NewLoader(examples, data.Options{BatchSize: size})
	if err != nil {
		t.Fatal(err)
	}
	s := torch.NewInferenceScope(torch.CPU)
	defer s.Close()
	var mean float64
	for batch, err := range loader.Epoch(0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		s.Reset()
		value := s.Item(loss.Forward(s, m.Forward(s, feed(s, batch)), loss.Targets(batch.Labels)))
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		mean += value * float64(batch.Size()) / float64(examples.Len())
	}
	return mean
}

// TestEvaluationOrder holds that a model that reads padding is evaluated in file
// order and in batches of the trained size, as its logits depend on both.
func TestEvaluationOrder(t *testing.T) {
	article := []string{"model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false", "loader.batch_size=9"}
	err := torch.Locked(func() error {
		c := small(t, article...)
		if !c.BatchDependent() {
			t.Fatal("the model is not batch-dependent")
		}
		m, loss, examples := fresh(t, c)
		defer m.Close()
		e, err := evaluate(t.Context(), c, m, loss, examples)
		if err != nil {
			return err
		}
		if want := inOrder(t, m, loss, examples, 9); e.loss != want {
			t.Errorf("loss %v, in file order by 9 it is %v", e.loss, want)
		}
		if other := inOrder(t, m, loss, examples, 16); e.loss == other {
			t.Error("batches of 16 give the same loss, so this test shows nothing")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEvaluationPlaces holds that predictions come back in the order of the
// examples, whatever order they were computed in.
func TestEvaluationPlaces(t *testing.T) {
	c := small(t, "loader.batch_size=9", "loss.reduction=pairs")
	err := torch.Locked(func() error {
		m, loss, examples := fresh(t, c)
		defer m.Close()
		e, err := evaluate(t.Context(), c, m, loss, examples)
		if err != nil {
			return err
		}
		aspects := len(c.Data.Aspects)
		s := torch.NewInferenceScope(torch.CPU)
		defer s.Close()
		loader, err := data.NewLoader(examples, data.Options{BatchSize: 1})
		if err != nil {
			return err
		}
		for batch, err := range loader.Epoch(0, 0) {
			if err != nil {
				return err
			}
			i := batch.Index[0]
			s.Reset()
			classes := s.Int64s(s.Argmax(m.Forward(s, feed(s, batch)).Logits, -1))
			for a := range aspects {
				if got, want := e.predicted[i*aspects+a], int(classes[a]); got != want {
					t.Errorf("sentence %s, aspect %d: predicted %d, alone %d", examples.ID(i), a, got, want)
				}
				if got, want := e.gold[i*aspects+a], int(examples.Labels(i)[a]); got != want {
					t.Errorf("sentence %s, aspect %d: gold %d, want %d", examples.ID(i), a, got, want)
				}
			}
		}
		return s.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAbsentPrediction holds that the class that stands for an aspect not
// mentioned counts as an answer, and as a wrong one.
func TestAbsentPrediction(t *testing.T) {
	e := evaluation{gold: []int{0, data.Absent, 2, 1}, predicted: []int{data.Absent, data.Absent, 2, 0}}
	if correct, pairs := e.accuracy(); correct != 1 || pairs != 3 {
		t.Errorf("%d of %d correct, want 1 of 3", correct, pairs)
	}
	if r := ratio(0, 0); !math.IsNaN(float64(r)) {
		t.Errorf("the share of nothing is %v, want NaN", r)
	}
}
