package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"absa/internal/checkpoint"
	"absa/trainer"
)

// pruned is a checkpoint that goes.
type pruned struct {
	Dir     string `json:"dir"`
	Size    int64  `json:"size"`    // bytes
	Removed bool   `json:"removed"` // false with --dry-run
}

func newCheckpointsPruneCmd() *cobra.Command {
	var (
		last, best     int
		dryRun, asJSON bool
	)
	c := &cobra.Command{
		Use:   "prune RUN",
		Short: "Remove the checkpoints that are not worth their space",
		Long: `Prune removes the checkpoints of a run but the newest and the best ones, as
checkpoint.keep_last and checkpoint.keep_best of its configuration say, or the flags.
The newest complete one always stays, and so do damaged ones and the tested weights of
a run that has ended. It takes the run's lock: a run that is being trained is left alone.`,
		Example: `  absa checkpoints prune checkpoints/mine --keep-last 1 --keep-best 1 --dry-run
  absa checkpoints prune checkpoints/mine --keep-last 1 --keep-best 0`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			run := args[0]
			if _, err := checkpointsOf(run); err != nil {
				return err
			}
			policy, err := prunePolicy(c, run, last, best)
			if err != nil {
				return err
			}
			if !dryRun {
				lock, err := checkpoint.Lock(run)
				if errors.Is(err, checkpoint.ErrNoLocks) {
					fmt.Fprintln(c.ErrOrStderr(), err)
				} else if err != nil {
					return err
				} else {
					defer lock.Unlock()
				}
			}
			list, err := prune(run, policy, dryRun)
			return errors.Join(err, printPruned(c, list, policy, asJSON))
		},
	}
	f := c.Flags()
	f.IntVar(&last, "keep-last", 0, "keep so many of the newest; 0 keeps all (default: checkpoint.keep_last of the run)")
	f.IntVar(&best, "keep-best", 0, "keep so many of the best on validation besides (default: checkpoint.keep_best of the run)")
	f.BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	f.BoolVar(&asJSON, "json", false, "print a JSON object for each")
	return c
}

// prunePolicy is the run's own where the flags do not say otherwise.
func prunePolicy(c *cobra.Command, run string, last, best int) (checkpoint.Policy, error) {
	if last < 0 || best < 0 {
		return checkpoint.Policy{}, usageError{errors.New("--keep-last and --keep-best are numbers of checkpoints, 0 or more")}
	}
	p, err := trainer.PolicyOf(run)
	if err != nil {
		return p, err
	}
	if c.Flags().Changed("keep-last") {
		p.KeepLast = last
	}
	if c.Flags().Changed("keep-best") {
		p.KeepBest = best
	}
	return p, nil
}

// prune removes, or says what it would. What was removed is returned with an
// error too.
func prune(run string, policy checkpoint.Policy, dryRun bool) ([]pruned, error) {
	remove, err := checkpoint.Removable(run, policy)
	if err != nil {
		return nil, err
	}
	var list []pruned
	for _, e := range remove {
		size, err := folderSize(e.Dir)
		if err != nil {
			return nil, err
		}
		list = append(list, pruned{Dir: e.Dir, Size: size})
	}
	if dryRun {
		return list, nil
	}
	removed, err := checkpoint.Prune(run, policy)
	list = slices.DeleteFunc(list, func(p pruned) bool { return !slices.Contains(removed, p.Dir) })
	for i := range list {
		list[i].Removed = true
	}
	return list, err
}

func printPruned(c *cobra.Command, list []pruned, policy checkpoint.Policy, asJSON bool) error {
	out := c.OutOrStdout()
	var freed int64
	verb, end := "removed", "freed"
	for _, p := range list {
		freed += p.Size
		if asJSON {
			if err := writeJSON(out, p); err != nil {
				return err
			}
			continue
		}
		if !p.Removed {
			verb, end = "would remove", "would be freed"
		}
		if _, err := fmt.Fprintf(out, "%s %s (%s)\n", verb, filepath.Clean(p.Dir), inBytes(p.Size)); err != nil {
			return err
		}
	}
	if asJSON {
		return nil
	}
	text := fmt.Sprintf("%s, %s %s", plural(len(list), "checkpoint"), inBytes(freed), end)
	if len(list) == 0 {
		text = fmt.Sprintf("nothing to remove: keeping the newest %d and the best %d", policy.KeepLast, policy.KeepBest)
		if policy.KeepLast == 0 {
			text = "nothing to remove: the run keeps all (checkpoint.keep_last=0); --keep-last says how many should stay"
		}
	}
	_, err := fmt.Fprintln(out, text)
	return err
}
