package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"absa/internal/checkpoint"
	"absa/trainer"
)

func newCheckpointsCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "checkpoints",
		Short: "List, check, compare, remove and average what runs saved",
		Long: `A run folder holds its checkpoints as checkpoints/step-00001234 and so on. Each has
a manifest with the size and the SHA-256 of every file in it.

RUN is a run folder, STEP the folder of one checkpoint. A run that has ended has a
manifest of its own, over its tested weights. Nothing but prune removes anything, and
nothing writes over anything.`,
		Example: `  absa checkpoints list checkpoints/mine
  absa checkpoints verify checkpoints/*
  absa checkpoints average checkpoints/mine --last 3 --out checkpoints/mine-average`,
		Args: arguments(subcommand),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newCheckpointsListCmd(), newCheckpointsShowCmd(), newCheckpointsVerifyCmd(),
		newCheckpointsDiffCmd(), newCheckpointsPruneCmd(), newCheckpointsAverageCmd())
	return c
}

// checkpointsOf lists the checkpoints of a run, and refuses a folder that is
// none.
func checkpointsOf(run string) ([]checkpoint.Entry, error) {
	if checkpoint.IsStep(run) {
		return nil, usageError{fmt.Errorf("%s is a checkpoint: name the folder of its run", run)}
	}
	entries, err := checkpoint.List(run)
	if err != nil || len(entries) > 0 {
		return entries, err
	}
	if _, err := os.Stat(filepath.Join(run, trainer.ConfigFile)); err != nil {
		return nil, fmt.Errorf("%s holds neither checkpoints nor a %s: is it the folder of a run?", run, trainer.ConfigFile)
	}
	return nil, nil
}

// locate opens what a folder stands for: a checkpoint, a run that has ended or an
// average is that itself, any other run its newest complete checkpoint, which is
// said on notes.
func locate(dir string, notes io.Writer) (*checkpoint.Checkpoint, error) {
	if checkpoint.IsStep(dir) || sealed(dir) {
		return checkpoint.Open(dir)
	}
	if _, err := checkpointsOf(dir); err != nil {
		return nil, err
	}
	c, skipped, err := checkpoint.Newest(dir)
	for _, damage := range skipped {
		fmt.Fprintf(notes, "passed over a damaged checkpoint: %v\n", damage)
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(notes, "the run in %s has not ended: this is its newest checkpoint, %s\n", dir, c.Dir)
	return c, nil
}

// sealed says whether a run folder has a manifest of its own, whole or not.
func sealed(run string) bool {
	_, err := os.Lstat(filepath.Join(run, checkpoint.ManifestFile))
	return err == nil
}

// partsSize is the bytes of the parts that a manifest names.
func partsSize(m checkpoint.Manifest) int64 {
	var n int64
	for _, p := range m.Parts {
		n += p.Size
	}
	return n
}

// folderSize is the bytes of the files in a folder, whatever it is. What goes
// away meanwhile is not counted.
func folderSize(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				n += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return n, err
}

// inBytes is a size for people.
func inBytes(n int64) string {
	switch v := float64(n); {
	case n < 1e3:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", v/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", v/1e6)
	default:
		return fmt.Sprintf("%.1f GB", v/1e9)
	}
}

func inTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// plural counts things by a word that takes an s.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
