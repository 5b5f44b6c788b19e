package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
	mine := filepath.Join("checkpoints", runs[0])
	last := newestOf(t, filepath.Join(dir, mine)).Manifest.Epoch + 1
	named := func() outcome {
		c := command(t, "train", "--resume", mine, "--set", fmt.Sprint("train.epochs=", last))
		c.Dir = dir
		return start(t, c).end(t)
	}
	got = named()
	got.wantStatus(t, 0)
	if !strings.Contains(got.stderr, "resuming from "+mine) || !strings.Contains(got.stdout, mine) {
		t.Errorf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
	}

	// What has ended is left alone, and named it reports its result.
	again := named()
	again.wantStatus(t, 0)
	if !strings.Contains(again.stderr, "has ended, after") || again.stdout != got.stdout {
		t.Errorf("a run that ended reports\nstdout:\n%s\nstderr:\n%s\nwhen it ended, it printed\n%s", again.stdout, again.stderr, got.stdout)
	}
}

// TestResumeUsage holds that an empty variable is not taken for a wish.
func TestResumeUsage(t *testing.T) {
	for _, flag := range []string{"--resume", "--out", "--init-from", "--config", "--device"} {
		got := absa(t, "train", flag, "")
		got.wantError(t, 2, flag, "is empty")
	}
	absa(t, "train", "--resume", "here", "--init-from", "there").wantError(t, 2, "--init-from", "--resume")
}

// TestReaderIsGone holds that a training whose output nobody reads any more goes
// on, and that Ctrl-C then saves it: `absa train | tee log` sends it to both.
func TestReaderIsGone(t *testing.T) {
	c := command(t, little("--set", "train.max_steps=0", "--set", "train.epochs=100000", "--set", "checkpoint.every_epochs=0")...)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = writer, writer
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() { _ = c.Process.Kill(); <-ended })
	text := make([]byte, 1)
	if _, err := reader.Read(text); err != nil {
		t.Fatal(err)
	}
	reader.Close()
	run := filepath.Join(c.Dir, "run")
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) { // epochs are written into the void
		if text, err := os.ReadFile(filepath.Join(run, "metrics.jsonl")); err == nil && strings.Count(string(text), "\n") >= 2 {
			break
		}
		if time.Since(begun) > patience {
			t.Fatal("no second epoch")
		}
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("it goes on")
	}
	if got := c.ProcessState.ExitCode(); got != 130 {
		t.Errorf("exit status %v, want 130", c.ProcessState)
	}
	newestOf(t, run)
}

// TestUnsavedStatus holds that a run which is interrupted and cannot be saved
// does not end as one that was.
func TestUnsavedStatus(t *testing.T) {
	p := start(t, command(t, little("--set", "train.max_steps=0", "--set", "train.epochs=100000", "--set", "checkpoint.every_epochs=0", "--set", "checkpoint.every_minutes=0")...))
	p.stderr.waitFor(t, "epoch 1/")
	if err := os.WriteFile(filepath.Join(p.Dir, "run", "checkpoints"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGTERM)
	p.end(t).wantError(t, 1, "interrupted", "the run is not saved", "not a directory")
}
