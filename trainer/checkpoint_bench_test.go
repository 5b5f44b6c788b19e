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
// epochs that begin with a save alternate with epochs that do not. An epoch has
// 96 steps or fewer, so this is a save per 96 steps.
func BenchmarkCheckpoint(b *testing.B) {
	for _, preset := range []string{"article", "restaurants"} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", preset, threads), func(b *testing.B) {
				for range b.N {
					saveCost(b, realData(b, preset, fmt.Sprint("train.threads=", threads)))
				}
			})
		}
	}
}

func saveCost(b *testing.B, c configs.Config) {
	c.Data.ValidFraction, c.Train.Select = 0, "last" // an epoch is training alone
	c.Data.Test = ""
	c.Train.Epochs = 22
	c.Checkpoint = configs.Checkpoint{EveryEpochs: 2, KeepLast: 2}
	dir := filepath.Join(b.TempDir(), "run")
	var with, without []float64
	var last time.Time
	var written time.Duration
	var first time.Time
	saved := 0
	options := Options{Config: c, Out: dir}
	options.Report = func(e Event) {
		done, ok := e.(EpochDone)
		if !ok {
			return
		}
		now := time.Now()
		// The save after an even epoch falls into the epoch after it.
		switch n := done.Epoch.Epoch; {
		case n <= 2: // caches and allocators warm up
		case n%2 == 1:
			with = append(with, now.Sub(last).Seconds())
		default:
			without = append(without, now.Sub(last).Seconds())
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
	var costs []float64
	for i := range min(len(with), len(without)) {
		costs = append(costs, 100*(with[i]/without[i]-1))
	}
	b.ReportMetric(0, "ns/op") // says nothing
	b.ReportMetric(median(costs), "%cost")
	b.ReportMetric(slices.Min(costs), "%cost-min")
	b.ReportMetric(slices.Max(costs), "%cost-max")
	b.ReportMetric(1000*median(without), "ms/epoch")
	b.ReportMetric(float64(size)/1e6, "MB/checkpoint")
	b.ReportMetric(float64(written.Milliseconds())/float64(saved), "ms/written")
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
