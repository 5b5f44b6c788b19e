package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"absa/internal/runs"
	"absa/trainer"
)

// TestReport makes pages of runs that were trained: reading them compares their
// predictions with their results.
func TestReport(t *testing.T) {
	c := command(t, little("--set", "data.aspects=[food, service, price, ambience, anecdotes/miscellaneous, Bed & breakfast]")...)
	finish(t, c).wantStatus(t, 0)
	call := func(args ...string) outcome {
		again := command(t, args...)
		again.Dir = c.Dir
		return finish(t, again)
	}
	got := call("report", "run")
	got.wantStatus(t, 0)
	if want := filepath.Join("run", runs.ReportFile) + "\n"; got.stdout != want {
		t.Errorf("stdout %q, want %q", got.stdout, want)
	}
	page, err := os.ReadFile(filepath.Join(c.Dir, "run", runs.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Confusion", "Worst mistakes", "Bed &amp; breakfast", "<dt>attention</dt>", "<dt>gradient</dt>", `<mark class="shade for level-4"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %q in the page", want)
		}
	}
	// The page is no part of the run.
	call("checkpoints", "verify", "run").wantStatus(t, 0)

	got = call("report", "run", "run", "--out", "two.html")
	got.wantStatus(t, 0)
	if page, err := os.ReadFile(filepath.Join(c.Dir, "two.html")); err != nil || !strings.Contains(string(page), "Side by side") {
		t.Errorf("two runs: %v, or nothing side by side", err)
	}

	// A run's own page is made anew, another file stays.
	call("report", "run").wantStatus(t, 0)
	call("report", "run", "--out", "two.html").wantError(t, 1, "two.html: it is there already")
	call("report", "run", "run").wantStatus(t, 0)
	call("report", "run", "run").wantError(t, 1, "report.html: it is there already")

	// Without the weights there is a page that says so.
	weights := filepath.Join(c.Dir, "run", trainer.WeightsFile)
	if err := os.Rename(weights, weights+".away"); err != nil {
		t.Fatal(err)
	}
	call("report", "run", "--out", "unshaded.html").wantStatus(t, 0)
	if page, err := os.ReadFile(filepath.Join(c.Dir, "unshaded.html")); err != nil || !strings.Contains(string(page), "the model cannot be used") || strings.Contains(string(page), "<mark") {
		t.Errorf("a page without weights: %v, or it does not say so", err)
	}

	call("report").wantError(t, 2, "report --help")
	call("report", "nowhere").wantError(t, 1, "nowhere is no run folder")
	if err := os.Truncate(filepath.Join(c.Dir, "run", trainer.PredictionsFile), 100); err != nil {
		t.Fatal(err)
	}
	call("report", "run").wantError(t, 1, trainer.PredictionsFile+":1")
}
