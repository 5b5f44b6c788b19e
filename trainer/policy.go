package trainer

import (
	"cmp"
	"path/filepath"
	"slices"

	"absa/configs"
	"absa/internal/checkpoint"
)

// PolicyOf returns which checkpoints a run keeps, by the config.yaml in its
// folder.
func PolicyOf(run string) (checkpoint.Policy, error) {
	loaded, err := configs.Load(configs.Source{Config: filepath.Join(run, ConfigFile)})
	if err != nil {
		return checkpoint.Policy{}, err
	}
	c := loaded.Config
	return checkpoint.Policy{KeepLast: c.Checkpoint.KeepLast, KeepBest: c.Checkpoint.KeepBest, Lower: lowerIsBetter(c.Train)}, nil
}

// Ranked returns the complete checkpoints that have a value on validation, the
// best one first. Of equal values the earlier step is the better one.
func Ranked(entries []checkpoint.Entry) []checkpoint.Entry {
	ranked := slices.DeleteFunc(slices.Clone(entries), func(e checkpoint.Entry) bool {
		return e.Err != nil || e.Checkpoint.Manifest.Value == nil
	})
	slices.SortStableFunc(ranked, func(a, b checkpoint.Entry) int {
		of := configs.Train{Metric: a.Checkpoint.Manifest.Metric}
		switch v, w := *a.Checkpoint.Manifest.Value, *b.Checkpoint.Manifest.Value; {
		case better(of, v, w):
			return -1
		case better(of, w, v):
			return 1
		}
		return cmp.Compare(a.Step, b.Step)
	})
	return ranked
}
