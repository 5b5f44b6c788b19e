package trainer

import (
	"path/filepath"
	"slices"
	"testing"

	"absa/internal/runs"
	"absa/models"
)

// TestPredictions holds that what a run keeps of its answers is what it scored:
// on the test corpus as result.json says, on the validation corpus as the epoch
// whose weights were tested.
func TestPredictions(t *testing.T) {
	for _, model := range []string{"restaurants", "article"} {
		t.Run(model, func(t *testing.T) {
			c := everything(t, model)
			r := train(t, c)
			classes := labelsOf(c).Classes()
			correct, pairs, sentences := map[string]int{}, map[string]int{}, map[string]int{}
			for p, err := range runs.ReadPredictions(filepath.Join(r.dir, PredictionsFile)) {
				if err != nil {
					t.Fatal(err)
				}
				sentences[p.Corpus]++
				if p.ID == "" || len(p.Words) == 0 || slices.Contains(p.Words, "") {
					t.Errorf("sentence %+v", p)
				}
				for _, aspect := range c.Data.Aspects {
					a := p.Aspects[aspect]
					if best := slices.Index(a.Logits, slices.Max(a.Logits)); classes[best] != a.Predicted || len(a.Logits) != len(classes) {
						t.Errorf("%s, %s: %q of logits %v", p.ID, aspect, a.Predicted, a.Logits)
					}
					if (a.Presence != nil) != c.Model.Head.Presence || a.Presence != nil && !(*a.Presence > 0 && *a.Presence < 1) {
						t.Errorf("%s, %s: presence %v", p.ID, aspect, a.Presence)
					}
					if a.Gold == models.Absent {
						t.Errorf("%s, %s: gold is absent in words", p.ID, aspect)
					}
					if a.Gold != "" {
						pairs[p.Corpus]++
						if a.Gold == a.Predicted {
							correct[p.Corpus]++
						}
					}
				}
			}
			if got := ratio(correct[runs.Test], pairs[runs.Test]); got != r.result.Accuracy {
				t.Errorf("test accuracy %v of predictions, %v of the result", got, r.result.Accuracy)
			}
			epoch := r.result.Epochs[r.result.TestedEpoch-1]
			if got := ratio(correct[runs.Validation], pairs[runs.Validation]); got != *epoch.ValidAccuracy {
				t.Errorf("validation accuracy %v of predictions, %v in epoch %d", got, *epoch.ValidAccuracy, epoch.Epoch)
			}
			if sentences[runs.Test] != 203 || sentences[runs.Validation] == 0 {
				t.Errorf("sentences %v", sentences)
			}
		})
	}
}
