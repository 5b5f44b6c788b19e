package trainer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkProfile is `absa train --profile` on SemEval-2014 and GloVe: the parts
// of a step in ms, the mean over the second epoch, among them how long the step
// waits for the loader.
func BenchmarkProfile(b *testing.B) {
	for _, preset := range []string{"article", "restaurants"} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", preset, threads), func(b *testing.B) {
				for range b.N {
					profileEpoch(b, preset, fmt.Sprint("train.threads=", threads))
				}
			})
		}
	}
}

func profileEpoch(b *testing.B, preset string, set ...string) {
	c := realData(b, preset, append(set, "train.epochs=2", "data.valid_fraction=0", "train.select=last")...)
	dir := filepath.Join(b.TempDir(), "run")
	if _, err := Train(b.Context(), Options{Config: c, Out: dir, Profile: true}); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, ProfileFile))
	if err != nil {
		b.Fatal(err)
	}
	var epochs []Profile
	if err := json.Unmarshal(text, &epochs); err != nil {
		b.Fatal(err)
	}
	e := epochs[len(epochs)-1]
	b.ReportMetric(0, "ns/op") // says nothing
	for _, part := range []struct {
		name string
		ms   float64
	}{{"wait", e.Wait}, {"feed", e.Feed}, {"forward", e.Forward}, {"backward", e.Backward}, {"optimizer", e.Optimizer}, {"rest", e.Rest}} {
		b.ReportMetric(part.ms, part.name+"-ms")
	}
}
