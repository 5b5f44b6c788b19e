package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCalibrate holds what a user sees of a temperature: none, then one that was
// fitted out of fold, and in each case what predict and evaluate say of it.
func TestCalibrate(t *testing.T) {
	run := trained(t, "--set", "data.valid_fraction=0", "--set", "train.select=last", "--set", "train.max_steps=20")
	got := finish(t, predicting(t, run, "good food\n", "--output", "jsonl", "--all"))
	got.wantStatus(t, 0)
	if !strings.Contains(got.stdout, `"calibrated":false`) || !strings.Contains(got.stderr, "probabilities are not calibrated: "+run) {
		t.Errorf("without a temperature predict prints %s and says %s", got.stdout, got.stderr)
	}
	labelled := func(calibrated bool) {
		t.Helper()
		got := finish(t, predicting(t, run, "good food\n", "--output", "csv", "--all", "--quiet"))
		got.wantStatus(t, 0)
		if n := strings.Count(got.stdout, fmt.Sprintf(",%v\n", calibrated)); n != 5 {
			t.Errorf("%d of 5 records say %v:\n%s", n, calibrated, got.stdout)
		}
		got = finish(t, predicting(t, run, "good food\n", "--quiet"))
		got.wantStatus(t, 0)
		if strings.HasSuffix(got.stdout, "\nprobabilities are not calibrated (see absa calibrate)\n") == calibrated {
			t.Errorf("the table ends\n%s", got.stdout)
		}
		rate := func(output string) outcome {
			got := rating(t, run, `{"shop":"A","text":"Good food."}`, "--group-by", "shop", "--threshold", "0", "--output", output)
			got.wantStatus(t, 0)
			return got
		}
		got = rate("jsonl")
		if strings.Contains(got.stderr, "probabilities are not calibrated: "+run) == calibrated {
			t.Errorf("rate says %s", got.stderr)
		}
		for _, line := range ratingLines(t, got.stdout) {
			if line.Calibrated != calibrated {
				t.Errorf("rate: %+v", line)
			}
		}
		if strings.Contains(rate("html").stdout, "Confidences are not calibrated") == calibrated {
			t.Error("the page of ratings does not say whether confidences are calibrated")
		}
	}
	labelled(false)
	got = absa(t, "evaluate", "--checkpoint", run, "--data", "sample")
	got.wantStatus(t, 0)
	if !strings.Contains(got.stdout, "\nnot calibrated: "+run+" has no temperature") {
		t.Errorf("evaluate prints\n%s", got.stdout)
	}

	got = absa(t, "calibrate", run, "--folds", "2", "--threads", "1")
	got.wantStatus(t, 0)
	for _, want := range []string{"fitted on 2 folds: ", "\nof the model  ", "stored in " + filepath.Join(run, "calibration.json")} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	if !strings.Contains(got.stderr, "fold 2 of 2\n") {
		t.Errorf("calibrate says %s", got.stderr)
	}
	absa(t, "checkpoints", "verify", run).wantStatus(t, 0)
	got = finish(t, predicting(t, run, "good food\n", "--output", "jsonl", "--all"))
	got.wantStatus(t, 0)
	if !strings.Contains(got.stdout, `"calibrated":true`) || strings.Contains(got.stderr, "not calibrated") {
		t.Errorf("with a temperature predict prints %s and says %s", got.stdout, got.stderr)
	}
	labelled(true)
	again := absa(t, "calibrate", run, "--folds", "2", "--threads", "1", "--json", "-q")
	again.wantStatus(t, 0)
	if o := object(t, again.stdout); o["fitted_on"] != "folds" || again.stderr != "" {
		t.Errorf("--json prints %s, says %s", again.stdout, again.stderr)
	}

	absa(t, "calibrate").wantError(t, 2, "calibrate --help")
	absa(t, "calibrate", run, "--folds", "1").wantError(t, 2, "--folds 1")
	if err := os.WriteFile(filepath.Join(run, "calibration.json"), []byte(`{"format":1,"temperature":-1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	finish(t, predicting(t, run, "good food\n")).wantError(t, 1, "calibration.json")
}
