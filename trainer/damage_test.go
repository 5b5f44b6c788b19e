package trainer

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"absa/configs"
	"absa/internal/checkpoint"
)

// TestDamageAnywhere changes the newest checkpoint of a run in every file at
// sampled places. Naming the run is an error that names the file, auto goes back
// to the checkpoint before it, and no change is loaded.
func TestDamageAnywhere(t *testing.T) { damageAnywhere(t, 6) }

// TestSoakDamageAnywhere is the same at more than 500 places.
func TestSoakDamageAnywhere(t *testing.T) {
	if os.Getenv("ABSA_SOAK") == "" {
		t.Skip("takes minutes: ABSA_SOAK is not set")
	}
	damageAnywhere(t, 40)
}

func damageAnywhere(t *testing.T, places int) {
	c := everything(t, "restaurants", "checkpoint.every_steps=0", "checkpoint.keep_last=0")
	run := interrupted(t, c).dir // the epoch's checkpoint, and one in the middle with the best weights besides
	newest, _, err := checkpoint.Newest(run)
	if err != nil {
		t.Fatal(err)
	}
	if !newest.Has(BestFile) {
		t.Fatalf("%s has no %s", newest.Dir, BestFile)
	}
	names := []string{checkpoint.ManifestFile}
	for _, p := range newest.Manifest.Parts {
		names = append(names, p.Name)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	cases := 0
	for _, name := range names {
		path := newest.Path(name)
		whole := []byte(content(t, path))
		changes := map[string]func() error{
			"removed":   func() error { return os.Remove(path) },
			"empty":     func() error { return os.WriteFile(path, nil, 0o644) },
			"a folder":  func() error { return replaceBy(path, func() error { return os.Mkdir(path, 0o755) }) },
			"dangling":  func() error { return replaceBy(path, func() error { return os.Symlink("nowhere", path) }) },
			"a circle":  func() error { return replaceBy(path, func() error { return os.Symlink(filepath.Base(path), path) }) },
			"too long":  func() error { return os.WriteFile(path, append(whole[:len(whole):len(whole)], 0), 0o644) },
			"all zeros": func() error { return os.WriteFile(path, make([]byte, len(whole)), 0o644) },
		}
		for i := range places {
			// One in each region, so that all of the file is covered.
			at := len(whole)*i/places + rng.IntN(len(whole)/places+1)
			at = min(at, len(whole)-1)
			bit := byte(1) << rng.IntN(8)
			changes[fmt.Sprintf("bit %d of byte %d", bit, at)] = func() error {
				changed := append([]byte(nil), whole...)
				changed[at] ^= bit
				return os.WriteFile(path, changed, 0o644)
			}
			changes[fmt.Sprintf("cut at %d", at)] = func() error { return os.WriteFile(path, whole[:at], 0o644) }
		}
		for what, change := range changes {
			cases++
			if err := change(); err != nil {
				t.Fatal(err)
			}
			wantFallback(t, c, run, path, fmt.Sprintf("%s %s", name, what))
			if err := replaceBy(path, func() error { return os.WriteFile(path, whole, 0o644) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d cases", cases)
	if resume(t, c, run).result == nil { // all is as it was
		t.Error("no result")
	}
}

// replaceBy removes what is at path and makes something else.
func replaceBy(path string, make func() error) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return make()
}

func wantFallback(t *testing.T, c configs.Config, run, path, what string) {
	t.Helper()
	s, err := newStart(Options{Config: c, Out: run, Resume: run}, silent)
	if err == nil {
		s.close()
		t.Fatalf("%s: the run is resumed from %s", what, s.from.Dir)
	}
	for _, want := range []string{path, "goes back to step 8"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %q, want in it %q", what, err, want)
		}
	}
	var said strings.Builder
	s, err = newStart(Options{Config: c, Out: run, Resume: ResumeAuto}, func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) })
	if err != nil {
		t.Fatalf("%s: auto: %v", what, err)
	}
	defer s.close()
	if s.from == nil || s.from.Manifest.Step != 8 || !strings.Contains(said.String(), path) {
		t.Errorf("%s: auto begins with %+v and says %q, want step 8 and %s", what, s.from, said.String(), path)
	}
}
