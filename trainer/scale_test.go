package trainer

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"absa/data"
	"absa/internal/atomicfile"
	"absa/internal/host"
)

// TestScale holds on a made-up corpus of 200,000 sentences that memory does not
// grow with the corpus or with the steps.
func TestScale(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while: -short is set")
	}
	trainAtScale(t, 200_000, 300)
}

// TestSoakScale does so on five million sentences.
func TestSoakScale(t *testing.T) {
	if os.Getenv("ABSA_SOAK") == "" {
		t.Skip("takes many minutes and 2 GB of disk: ABSA_SOAK is not set")
	}
	trainAtScale(t, 5_000_000, 5000)
}

// trainAtScale trains on a corpus that it makes up, converts and, for training,
// maps again.
func trainAtScale(t *testing.T, sentences, steps int) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	c := small(t, "data.train="+filepath.Join(dir, "made.xml"), "data.test=", "data.valid_fraction=0.01", "loader.buckets=8", "loader.batch_size=32", "train.threads=1")
	c.Train.MaxSteps = steps
	made := data.Synthetic{Sentences: sentences, Seed: 1, Data: c.Data}
	if err := atomicfile.Write(c.Data.Train, func(w io.Writer) error { return made.Write(t.Context(), w, nil) }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.Data.Train)
	if err != nil {
		t.Fatal(err)
	}
	before := anonymous(t)
	for _, start := range []string{"first", "second"} {
		cpu, begun := host.ProcessTime(), time.Now()
		s, err := data.OpenTrain(t.Context(), c, data.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(begun)
		t.Logf("%s start: %v, %.0f MB/s, %v of processor time", start, took.Round(time.Millisecond), float64(info.Size())/1e6/took.Seconds(), host.ProcessTime()-cpu)
		if converted := s.Built() != ""; s.Len() != sentences || converted != (start == "first") {
			t.Errorf("%s start: %d sentences, converted: %v", start, s.Len(), converted)
		}
		s.Close()
	}

	warm := min(100, steps/3)
	var early, begun time.Time
	var first, last int64
	r := try(t, t.Context(), c, func(e Event) {
		step, ok := e.(StepDone)
		if !ok {
			return
		}
		switch now := time.Now(); step.Step {
		case 1:
			begun = now
		case warm:
			early, first = now, anonymous(t)
			t.Logf("step %d: RssAnon %d MB, %.1f ms for a step", warm, first>>20, early.Sub(begun).Seconds()*1e3/float64(warm-1))
		case steps - warm:
			begun = now
		case steps:
			last = anonymous(t)
			t.Logf("step %d: RssAnon %d MB, %.1f ms for a step", steps, last>>20, now.Sub(begun).Seconds()*1e3/float64(warm))
		}
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	// What a run holds for itself, and 40 bytes for a sentence: its place in the
	// split, in the order of an epoch, and what the split took for a while.
	if most := int64(150<<20 + 40*sentences); first-before > most || last-before > most {
		t.Errorf("anonymous memory grew by %d and then %d MB, want at most %d", (first-before)>>20, (last-before)>>20, most>>20)
	}
	if last > 1<<30 {
		t.Errorf("%d MB of anonymous memory, want at most 1024", last>>20)
	}
	if growth := last - first; growth > 50<<20 {
		t.Errorf("anonymous memory grew by %d MB in %d steps", growth>>20, steps-warm)
	}
	if e := r.result.Epochs[0]; *e.ValidAccuracy < 0.5 {
		t.Errorf("accuracy %v on what was held out: nothing was learned", *e.ValidAccuracy)
	}
}

func anonymous(t *testing.T) int64 {
	t.Helper()
	n, err := host.AnonymousMemory()
	if err != nil {
		t.Fatal(err)
	}
	return n
}
