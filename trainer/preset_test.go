package trainer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"absa/internal/checkpoint"
)

// TestSample holds that the default of the program learns: it clearly beats the
// majority class on sentences that it has not seen.
func TestSample(t *testing.T) {
	r := train(t, load(t, "sample")).result
	t.Logf("accuracy %v, majority %v, macro-F1 %v, %d epochs", r.Accuracy, r.Majority, r.MacroF1, len(r.Epochs))
	if r.Accuracy < r.Majority+0.05 {
		t.Errorf("accuracy %v, majority %v: want at least 0.05 between them", r.Accuracy, r.Majority)
	}
	if r.MacroF1 < 0.3 {
		t.Errorf("macro-F1 %v, want at least 0.3: the majority class has 0.18", r.MacroF1)
	}
}

// TestRealData trains the presets for real data a little, on SemEval-2014 and
// GloVe, and holds that the saved runs score the same.
func TestRealData(t *testing.T) {
	if testing.Short() {
		t.Skip("parses 300 MB of vectors and trains on them; run without -short")
	}
	corpora := semeval(t)
	path := os.Getenv("ABSA_TEST_VECTORS")
	if path == "" {
		path = "../data/raw/glove-100d.json"
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no %s: absa fetch glove-100d downloads it, or ABSA_TEST_VECTORS names it", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		preset, epochs string
		gain           float64 // over the majority class, at least
	}{
		{"article", "1", -1}, // needs all its epochs to come near it
		{"restaurants", "3", 0.05},
	}
	for _, test := range tests {
		t.Run(test.preset, func(t *testing.T) {
			r := train(t, load(t, test.preset, append(corpora, "vectors.path="+path, "train.epochs="+test.epochs)...))
			got, majority := float64(r.result.Accuracy), float64(r.result.Majority)
			t.Logf("accuracy %.4f, majority %.4f, %.0f sentences/s", got, majority, r.result.SentencesPerSecond)
			if got < majority+test.gain {
				t.Errorf("accuracy %.4f, majority %.4f: want at least %v between them", got, majority, test.gain)
			}
			wantSameScore(t, r, EvaluateOptions{Data: strings.TrimPrefix(corpora[1], "data.test=")})

			// Interrupted within an epoch and resumed, it ends with the same bits.
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			c := load(t, test.preset, append(corpora, "vectors.path="+path, "train.epochs="+test.epochs)...)
			again := try(t, ctx, c, func(e Event) {
				if s, ok := e.(StepDone); ok && s.Step == 50 {
					cancel(errStop)
				}
			})
			if !errors.Is(again.err, ErrInterrupted) {
				t.Fatal(again.err)
			}
			resumed := resume(t, c, again.dir)
			if err := os.RemoveAll(checkpoint.StepDir(again.dir, 50)); err != nil { // which only the interruption saved
				t.Fatal(err)
			}
			wantSameEnd(t, resumed, r)
		})
	}
}
