package trainer

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"absa/internal/checkpoint"
)

// TestNotFinite holds what is said and kept when training runs into infinity.
func TestNotFinite(t *testing.T) {
	tests := []struct {
		name string
		set  []string
		kept bool // otherwise an update overflowed whose loss was fine
	}{
		{"learning rate 1e30", []string{"train.learning_rate=1e30"}, true},
		{"with an average", []string{"train.learning_rate=1e30", "train.ema=0.9"}, true},
		{"learning rate 1e39", []string{"train.learning_rate=1e39"}, false},
		{"decay that explodes", []string{"train.optimizer=adamw", "train.learning_rate=1", "train.weight_decay=1e20"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := try(t, t.Context(), small(t, append(test.set, "train.epochs=20")...), nil)
			if !errors.Is(r.err, ErrNotFinite) {
				t.Fatalf("got %v, want it to wrap ErrNotFinite", r.err)
			}
			t.Log(r.err)
			wantError(t, r.err, "loss ", "largest gradient ", "train.learning_rate")
			if !regexp.MustCompile(`^step [1-9]\d*: `).MatchString(r.err.Error()) {
				t.Errorf("%q does not begin with the step", r.err)
			}
			if _, err := r.sentences(t); err != nil {
				t.Error(err)
			}
			if !test.kept {
				wantError(t, r.err, "save weights", " holds ", "so none are saved")
				if diff := cmp.Diff(begun(), files(t, r.dir)); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(begun(checkpoint.Folder), files(t, r.dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			var bad int
			if _, err := fmt.Sscanf(r.err.Error(), "step %d:", &bad); err != nil {
				t.Fatal(err)
			}
			good := bad - 1
			if diff := cmp.Diff(stepNames(good), r.saved(t)); diff != "" {
				t.Fatalf("checkpoints (-want +got):\n%s", diff)
			}
			wantError(t, r.err, "saved in "+r.step(good))
			for _, file := range []string{WeightsFile, OptimizerFile} {
				for name, values := range r.weights(t, inStep(good, file)) {
					for _, v := range values {
						if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
							t.Fatalf("%s: %s holds %v", file, name, v)
						}
					}
				}
			}
		})
	}
}

// TestConsistency holds that without dropout, where two answers for a batch are the
// same, training by both is training by one: losses, counts and gradients.
func TestConsistency(t *testing.T) {
	for _, reads := range []string{"all pairs", "labelled pairs"} {
		t.Run(reads, func(t *testing.T) {
			epoch := func(set ...string) Epoch {
				set = append([]string{"train.epochs=1", "model.embedding_dropout=0", "model.layer_dropout=0", "model.output_dropout=0", "model.head.dropout=0", fmt.Sprint("model.head.presence=", reads == "all pairs")}, set...)
				return train(t, small(t, set...)).result.Epochs[0]
			}
			one, two := epoch(), epoch("loss.consistency=1")
			one.Seconds, two.Seconds = 0, 0
			if diff := cmp.Diff(one, two, cmpopts.EquateApprox(1e-4, 0)); diff != "" {
				t.Errorf("epoch (-by one answer +by two):\n%s", diff)
			}
			// The first step of both has the same weights and masks.
			first := func(weight string) float64 {
				return epoch("train.max_steps=1", "model.output_dropout=0.5", "loss.consistency="+weight).TrainLoss
			}
			if apart, barely := first("1"), first("1e-9"); apart <= barely {
				t.Errorf("with dropout, a loss of %v for answers that differ, want more than %v", apart, barely)
			}
		})
	}
}

// sentences returns the ids that the error names, which must be those of a
// batch of the training side.
func (r training) sentences(t *testing.T) ([]string, error) {
	t.Helper()
	_, list, ok := strings.Cut(r.err.Error(), "sentences ")
	if !ok {
		return nil, errors.New("the error names no sentences")
	}
	list, _, _ = strings.Cut(list, ";")
	ids := strings.Fields(list)
	if len(ids) != 64 {
		return nil, errors.New("the error does not name the 64 sentences of the batch: " + list)
	}
	side := r.read(t, SplitFile)
	train, _, _ := strings.Cut(side, `"valid"`)
	for _, id := range ids {
		if !strings.Contains(train, `"`+id+`"`) {
			return nil, errors.New(id + " is not a sentence of the training side")
		}
	}
	return ids, nil
}

// TestNotFiniteInEvaluation holds that weights which overflow between the last
// step of an epoch and its validation are an error too, not a table.
func TestNotFiniteInEvaluation(t *testing.T) {
	tests := []struct {
		name string
		set  []string
	}{
		{"validation", nil},
		{"test", []string{"data.valid_fraction=0", "train.select=last"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := try(t, t.Context(), small(t, append(test.set, "train.learning_rate=1e39", "train.max_steps=1")...), nil)
			if !errors.Is(r.err, ErrNotFinite) {
				t.Fatalf("got %v, want it to wrap ErrNotFinite", r.err)
			}
			wantError(t, r.err, "evaluation after step 1")
			for _, name := range files(t, r.dir) {
				if name == ResultFile || name == WeightsFile || name == checkpoint.ManifestFile || name == checkpoint.Folder {
					t.Errorf("there is %s", name)
				}
			}
		})
	}
}
