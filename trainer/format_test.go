package trainer

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"absa/internal/checkpoint"
)

var update = flag.Bool("update", false, "write the checkpoint of a new format into testdata; one that is there stays")

// formatDir holds a run that was interrupted, as a format was first written.
func formatDir(format int) string { return fmt.Sprintf("testdata/format-%d", format) }

// expected is what format.json beside a run promises of it.
type expected struct {
	Step    int   `json:"step"`
	Correct []int `json:"correct"` // of each aspect's labels on the sample's test side, by the checkpoint's weights
	// Losses are those of the epochs when the run has been resumed to its end.
	Losses []float64 `json:"losses"`
}

// TestFormats holds that a checkpoint of every format there ever was can be
// evaluated and resumed.
func TestFormats(t *testing.T) {
	if *update {
		writeFormat(t)
	}
	for format := 1; format <= checkpoint.Format; format++ {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(formatDir(format), "run"))); err != nil {
				t.Fatalf("%v: go test ./trainer -run TestFormats -update writes it, once", err)
			}
			var want expected
			if err := json.Unmarshal([]byte(content(t, filepath.Join(formatDir(format), "format.json"))), &want); err != nil {
				t.Fatal(err)
			}
			got := measure(t, dir)
			if got.Step != want.Step || !slices.Equal(got.Correct, want.Correct) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			// Another processor may round otherwise.
			for i, loss := range want.Losses {
				if i >= len(got.Losses) || math.Abs(got.Losses[i]-loss) > 1e-4*loss {
					t.Errorf("losses %v, want %v", got.Losses, want.Losses)
					break
				}
			}
		})
	}
}

// measure evaluates the checkpoint of a run that was interrupted, then resumes it.
func measure(t *testing.T, run string) expected {
	t.Helper()
	newest, _, err := checkpoint.Newest(run)
	if err != nil {
		t.Fatal(err)
	}
	got := expected{Step: newest.Manifest.Step}
	scores, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{newest.Dir}, Data: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range scores.Labels.Aspects {
		got.Correct = append(got.Correct, scores.Aspects[a].Confusion.Correct())
	}
	saved, err := open(newest.Dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range resume(t, saved.config, run).result.Epochs {
		got.Losses = append(got.Losses, e.TrainLoss)
	}
	return got
}

// writeFormat writes the run of the present format, unless it is there.
func writeFormat(t *testing.T) {
	t.Helper()
	dir := formatDir(checkpoint.Format)
	if _, err := os.Stat(dir); err == nil {
		t.Fatalf("%s is there: what has been written stays as it is", dir)
	}
	c := everything(t, "restaurants", "train.schedule=cosine", "model.hidden=4", "vectors.dimension=4", "vectors.min_count=2", "train.learning_rate=0.03",
		"checkpoint.every_steps=0", "checkpoint.every_epochs=0")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	run := filepath.Join(dir, "run")
	_, err := Train(ctx, Options{Config: c, Out: run, Report: func(e Event) {
		if s, ok := e.(StepDone); ok && s.Epoch == 2 && s.Batch == 5 {
			cancel(errStop)
		}
	}})
	wantError(t, err, "interrupted")
	again := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(again, os.DirFS(run)); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(measure(t, again), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "format.json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
