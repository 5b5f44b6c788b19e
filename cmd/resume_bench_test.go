package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"absa/internal/checkpoint"
)

// BenchmarkResume measures, on SemEval-2014 and GloVe whose cache is warm, how
// long it takes from the start of the process to the end of its first step: of a
// run that begins, and of one that is resumed in the middle of an epoch. A save
// follows each step, and the hidden folder that it makes first tells of the step.
func BenchmarkResume(b *testing.B) {
	corpora := os.Getenv("ABSA_TEST_DATA")
	if corpora == "" {
		b.Skip("ABSA_TEST_DATA is not set: name the folder that holds semeval2014")
	}
	vectors := os.Getenv("ABSA_TEST_VECTORS")
	if vectors == "" {
		vectors = "../data/raw/glove-100d.json"
	}
	if _, err := os.Stat(vectors); errors.Is(err, fs.ErrNotExist) {
		b.Skipf("no %s: absa fetch glove-100d downloads it, or ABSA_TEST_VECTORS names it", vectors)
	}
	vectors, err := filepath.Abs(vectors)
	if err != nil {
		b.Fatal(err)
	}
	for _, preset := range []string{"article", "restaurants"} {
		args := []string{"train", "--config", preset, "--quiet", "--device", "cpu", "--out", "run", "--resume", "auto",
			"--set", "data.train=" + filepath.Join(corpora, "semeval2014", "Restaurants_Train_v2.xml"),
			"--set", "data.test=" + filepath.Join(corpora, "semeval2014", "Restaurants_Test_Gold.xml"),
			"--set", "vectors.path=" + vectors, "--set", "checkpoint.every_steps=1", "--set", "checkpoint.keep_last=1"}
		work := b.TempDir()
		// A run of its own fills the cache of the vectors.
		toStep(b, work, filepath.Join(b.TempDir(), "warm"), args, 1)
		b.Run(preset+"/begin", func(b *testing.B) {
			for range b.N {
				toStep(b, work, filepath.Join(b.TempDir(), "dir"), args, 1)
			}
		})
		b.Run(preset+"/resume", func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "dir")
			toStep(b, work, dir, args, 1)
			b.ResetTimer()
			for range b.N {
				newest, _, err := checkpoint.Newest(filepath.Join(dir, "run"))
				if err != nil {
					b.Fatal(err)
				}
				toStep(b, work, dir, args, newest.Manifest.Step+1)
			}
		})
	}
}

// toStep starts the program and waits for a step; then it is stopped, which is
// not measured, but saves.
func toStep(b *testing.B, cache, dir string, args []string, step int) {
	b.Helper()
	c := command(b, args...)
	c.Dir = dir
	c.Env = append(c.Env, "XDG_CACHE_HOME="+cache)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	b.StartTimer()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	pattern := filepath.Join(dir, "run", checkpoint.Folder, fmt.Sprintf("*step-%08d*", step))
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if found, err := filepath.Glob(pattern); err != nil || len(found) > 0 {
			break
		}
		if time.Since(begun) > patience {
			_ = c.Process.Kill()
			b.Fatalf("no %s:\n%s", pattern, stderr.String())
		}
	}
	b.StopTimer()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	_ = c.Wait() // 143
	if status := c.ProcessState.ExitCode(); status != 143 {
		b.Fatalf("status %d, want 143:\n%s", status, stderr.String())
	}
}
