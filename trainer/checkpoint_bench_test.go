package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"absa/configs"
	"absa/internal/checkpoint"
)

// realData resolves a preset on SemEval-2014 and GloVe, or skips.
func realData(b *testing.B, preset string, set ...string) configs.Config {
	b.Helper()
	path := os.Getenv("ABSA_TEST_VECTORS")
	if path == "" {
		path = "../data/raw/glove-100d.json"
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		b.Skipf("no %s: absa fetch glove-100d downloads it, or ABSA_TEST_VECTORS names it", path)
	}
	r, err := configs.Load(configs.Source{Config: preset, Set: slices.Concat(semeval(b), []string{"vectors.path=" + path, "train.device=cpu"}, set)})
	if err != nil {
		b.Fatal(err)
	}
	return r.Config
}

// BenchmarkCheckpoint measures what a save costs training: in one process,
// epochs that begin with a save alternate with epochs that do not, over the same
// batches in the same order. The median time of each step with a save before it
// is compared with that of the same step without, so that what else the machine
// does falls out. The first 16 steps count: the save is written within a few of
// them, and what differs later is noise. An epoch has 95 or 96 steps: this is a
// save in so many.
func BenchmarkCheckpoint(b *testing.B) {
	for _, preset := range []string{"article", "restaurants"} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", preset, threads), func(b *testing.B) {
				for range b.N {
					saveCost(b, realData(b, preset, fmt.Sprint("train.threads=", threads), "loader.order=file"))
				}
			})
		}
	}
}

func saveCost(b *testing.B, c configs.Config) {
	c.Data.ValidFraction, c.Train.Select = 0, "last" // an epoch is training alone
	c.Data.Test = ""
	c.Train.Epochs = 14
	c.Checkpoint = configs.Checkpoint{EveryEpochs: 2, KeepLast: 2}
	dir := filepath.Join(b.TempDir(), "run")
	with, without := map[int][]float64{}, map[int][]float64{} // seconds by step of the epoch
	var last, first time.Time
	var written time.Duration
	saved := 0
	options := Options{Config: c, Out: dir}
	options.Report = func(e Event) {
		now := time.Now()
		// The save after an even epoch is begun before the first step of the next.
		if s, ok := e.(StepDone); ok && s.Epoch > 2 { // caches and allocators are warm
			times := without
			if s.Epoch%2 == 1 {
				times = with
			}
			times[s.Batch] = append(times[s.Batch], now.Sub(last).Seconds())
		}
		last = now
	}
	options.reached = func(p checkpoint.Point) {
		switch p {
		case checkpoint.PartWritten:
			if first.IsZero() {
				first = time.Now()
			}
		case checkpoint.AfterPrune:
			written += time.Since(first)
			saved++
			first = time.Time{}
		}
	}
	if _, err := Train(b.Context(), options); err != nil {
		b.Fatal(err)
	}
	list, err := checkpoint.List(dir)
	if err != nil {
		b.Fatal(err)
	}
	var size int64
	for _, p := range list[0].Checkpoint.Manifest.Parts {
		size += p.Size
	}
	var cost, epoch float64
	for batch := range with {
		if batch <= 16 {
			cost += median(with[batch]) - median(without[batch])
		}
		epoch += median(without[batch])
	}
	b.ReportMetric(0, "ns/op") // says nothing
	b.ReportMetric(100*cost/epoch, "%cost")
	b.ReportMetric(1000*(median(with[1])-median(without[1])), "ms-first-step")
	b.ReportMetric(1000*epoch, "ms/epoch")
	b.ReportMetric(float64(size)/1e6, "MB/checkpoint")
	b.ReportMetric(float64(written.Milliseconds())/float64(saved), "ms/written")
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
