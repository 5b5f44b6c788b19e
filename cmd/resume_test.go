package cmd

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestResumeAuto holds that one command line is right for the first start and
// for every restart: without --out it finds the run of its configuration.
func TestResumeAuto(t *testing.T) {
	dir := t.TempDir()
	args := func(more ...string) []string {
		return append([]string{
			"train", "--resume", "auto", "--device", "cpu", "--set", "train.threads=1", "--set", "model.hidden=8", "--set", "vectors.dimension=8",
		}, more...)
	}
	run := func(more ...string) *process {
		c := command(t, args(more...)...)
		c.Dir = dir
		return start(t, c)
	}
	long := []string{"--set", "train.epochs=100000"}

	first := run(long...)
	first.stderr.waitFor(t, "epoch 2/")
	first.signal(t, syscall.SIGTERM)
	first.end(t).wantError(t, 143, "--resume checkpoints")
	runs := files(t, filepath.Join(dir, "checkpoints"))
	if len(runs) != 1 {
		t.Fatalf("runs %q, want one", runs)
	}

	// Another configuration is another run.
	other := run("--set", "train.seed=7", "--set", "train.epochs=1")
	got := other.end(t)
	got.wantStatus(t, 0)
	if strings.Contains(got.stderr, "resuming") {
		t.Errorf("a run of another seed was resumed:\n%s", got.stderr)
	}

	// Killed, it begins where it was saved; asked for no more epochs, it ends.
	second := run(long...)
	second.stderr.waitFor(t, "resuming from "+filepath.Join("checkpoints", runs[0]))
	second.stderr.waitFor(t, "epoch 3/")
	second.signal(t, syscall.SIGKILL)
	<-second.ended
	third := run("--set", "train.epochs=3")
	got = third.end(t)
	got.wantStatus(t, 0)
	if !strings.Contains(got.stderr, "resuming from "+filepath.Join("checkpoints", runs[0])) || !strings.Contains(got.stdout, filepath.Join("checkpoints", runs[0])) {
		t.Errorf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
	}

	// What has ended is left alone, and named it reports its result.
	ended := command(t, "train", "--resume", filepath.Join("checkpoints", runs[0]))
	ended.Dir = dir
	again := finish(t, ended)
	again.wantStatus(t, 0)
	if !strings.Contains(again.stderr, "has ended, after") || again.stdout != got.stdout {
		t.Errorf("a run that ended reports\nstdout:\n%s\nstderr:\n%s\nwhen it ended, it printed\n%s", again.stdout, again.stderr, got.stdout)
	}
}
