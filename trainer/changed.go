package trainer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/torch"
)

// ErrChanged refuses to resume a run whose configuration or data is another.
var ErrChanged = errors.New("it is not the run that was interrupted")

// checkData refuses data that is not what the run was trained on.
func (s *start) checkData(c configs.Config, now Fingerprint) error {
	was := s.state.Data
	for _, x := range []struct{ key, value, was, now string }{
		{"data.train", c.Data.Train, was.Train, now.Train},
		{"data.test", c.Data.Test, was.Test, now.Test},
		{"data.split_seed", fmt.Sprint(c.Data.SplitSeed), was.Split, now.Split},
		{"train.auxiliary", auxiliaryPaths(c), was.Auxiliary, now.Auxiliary},
	} {
		if x.was != x.now {
			return fmt.Errorf("resume %s: %w: %s=%s has other sentences than then (fingerprint %s, it was %s): put the old ones back, or begin a new run with --init-from %s", s.from.Dir, ErrChanged, x.key, x.value, x.now, x.was, s.from.Dir)
		}
	}
	return nil
}

// sayChanges tells what resuming elsewhere does to the last digits.
func (s *start) sayChanges(device, kernels string, threads int, note func(string, ...any)) {
	if was, now := s.from.Manifest.LibTorch, torch.Version(); was != now {
		note("the run was begun with LibTorch %s and goes on with %s: its numbers may no longer be those, bit by bit, of a run that was never interrupted", was, now)
	}
	if was := s.state.Device; was != device {
		note("the run was on %s and goes on on %s: its numbers are no longer those, bit by bit, of a run that was never interrupted", was, device)
	} else if was := s.state.Threads; was != threads {
		note("the run had %d threads and goes on with %d: its numbers are no longer those, bit by bit, of a run that was never interrupted (--set train.threads=%d keeps them)", was, threads, was)
	} else if was := s.state.Kernels; was != "" && was != kernels { // "" is from before it was kept
		note("the run was computed by %s and goes on by %s: its numbers are no longer those, bit by bit, of a run that was never interrupted", was, kernels)
	}
}

// sameRun refuses to go on with settings that would make another run of it.
func sameRun(where string, was, now configs.Config) error {
	if len(was.Train.Auxiliary) == len(now.Train.Auxiliary) { // whose paths may change too
		was.Train.Auxiliary = slices.Clone(was.Train.Auxiliary)
		for i, a := range now.Train.Auxiliary {
			was.Train.Auxiliary[i].Path = a.Path
		}
	}
	var lines []string
	for _, d := range configs.Differences(was, now) {
		if !mayChange(d.Key, now) {
			lines = append(lines, fmt.Sprintf("  %s: %s, it was %s", d.Key, d.B, d.A))
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("resume %s: %w: these settings are others:\n%s\nleave them as they were, or begin a new run with --init-from", where, ErrChanged, strings.Join(lines, "\n"))
}

func auxiliaryPaths(c configs.Config) string {
	var list []string
	for _, a := range c.Train.Auxiliary {
		list = append(list, a.Path)
	}
	return strings.Join(list, ", ")
}

// mayChange says whether a run can go on with another value of a key. Paths may
// change, as what lies there is compared itself, and what a run began with has
// had its effect.
func mayChange(key string, c configs.Config) bool {
	if key == "train.epochs" {
		return !newSchedule(c.Train, 0).ends()
	}
	return strings.HasPrefix(key, "checkpoint.") ||
		slices.Contains([]string{"name", "data.train", "data.test", "vectors.path", "train.device", "train.threads", "train.init_from", "train.tensorboard", "model.kernels", "model.products"}, key)
}
