package checkpoint

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"absa/internal/atomicfile"
)

// Content is a file that Save is to write.
type Content struct {
	Name  string
	Write func(io.Writer) error
}

// Point is a moment of a save.
type Point string

// The points of a save, in their order.
const (
	PartWritten Point = "part written" // after each part, in the hidden folder
	BeforeName  Point = "before name"  // the hidden folder is whole
	SetAside    Point = "set aside"    // what was there of this step has been moved away; only where something was
	BeforePrune Point = "before prune" // the checkpoint has its name
	AfterPrune  Point = "after prune"
)

// Saver saves the checkpoints of a run and removes those that the policy does
// not keep. Its caller holds the run's lock and saves one at a time.
type Saver struct {
	Run     string
	Policy  Policy
	Reached func(Point) // if set, called at every point of a save
}

// Saved is what a save did.
type Saved struct {
	Dir     string   // of the checkpoint
	Removed []string // folders of others that the policy does not keep
}

// Save writes a checkpoint of m.Step and then prunes. On an error before the
// checkpoint has its name nothing has changed; an error after that comes with
// Dir. A complete checkpoint of the same step is replaced; a damaged one is kept
// under a name that ends in .damaged.
func (s Saver) Save(m Manifest, contents []Content) (Saved, error) {
	dir, err := s.save(m, contents)
	if err != nil {
		return Saved{Dir: dir}, err
	}
	s.at(BeforePrune)
	removed, err := prune(s.Run, s.Policy, dir)
	if err == nil {
		s.at(AfterPrune)
	}
	return Saved{Dir: dir, Removed: removed}, err
}

// Save writes a checkpoint and prunes nothing.
func Save(run string, m Manifest, contents []Content) (dir string, err error) {
	saved, err := Saver{Run: run}.Save(m, contents)
	return saved.Dir, err
}

func (s Saver) at(p Point) {
	if s.Reached != nil {
		s.Reached(p)
	}
}

func (s Saver) save(m Manifest, contents []Content) (dir string, err error) {
	parent := filepath.Join(s.Run, Folder)
	final := StepDir(s.Run, m.Step)
	if m.Step < 0 {
		return "", fmt.Errorf("save a checkpoint in %s: step %d cannot be", s.Run, m.Step)
	}
	made, err := makeFolder(s.Run, parent)
	defer func() {
		if err != nil && made {
			os.Remove(parent) // fails where it is not empty
		}
	}()
	if err != nil {
		return "", fmt.Errorf("save %s: %w", final, atomicfile.Reason(err))
	}
	hidden := hiddenName(parent, m.Step, "tmp")
	if err := os.Mkdir(hidden, 0o777); err != nil {
		return "", fmt.Errorf("save %s: %w", final, atomicfile.Reason(err))
	}
	defer os.RemoveAll(hidden) // gone when it got its name

	m.Kind, m.Parts = KindCheckpoint, nil
	for _, c := range contents {
		if err := checkName(c.Name); err != nil {
			return "", fmt.Errorf("save %s: %w", final, err)
		}
		p, err := writePart(filepath.Join(hidden, c.Name), c)
		if err != nil {
			return "", fmt.Errorf("save %s: %w", filepath.Join(final, c.Name), err)
		}
		m.Parts = append(m.Parts, p)
		s.at(PartWritten)
	}
	text, err := m.encode()
	if err != nil {
		return "", fmt.Errorf("save %s: %w", filepath.Join(final, ManifestFile), err)
	}
	manifest := Content{ManifestFile, func(w io.Writer) error { _, err := w.Write(text); return err }}
	if _, err := writePart(filepath.Join(hidden, ManifestFile), manifest); err != nil {
		return "", fmt.Errorf("save %s: %w", filepath.Join(final, ManifestFile), err)
	}
	if err := atomicfile.SyncDir(hidden); err != nil {
		return "", fmt.Errorf("save %s: %w", final, atomicfile.Reason(err))
	}
	s.at(BeforeName)
	if err := s.publish(hidden, final, m.Step); err != nil {
		return "", fmt.Errorf("save %s: %w", final, atomicfile.Reason(err))
	}
	if err := atomicfile.SyncDir(parent); err != nil {
		return final, fmt.Errorf("save %s: %w", final, atomicfile.Reason(err))
	}
	return final, nil
}

// publish gives the hidden folder its name. What is there goes out of the way
// first, since a folder cannot be renamed over one that holds files.
func (s Saver) publish(hidden, final string, step int) error {
	if _, err := os.Lstat(final); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(hidden, final)
	}
	aside := hiddenName(filepath.Dir(final), step, "old")
	_, damaged := Open(final)
	if damaged != nil {
		aside = damagedName(final)
	}
	if err := os.Rename(final, aside); err != nil {
		return err
	}
	s.at(SetAside)
	if err := os.Rename(hidden, final); err != nil {
		os.Rename(aside, final) // or, where that fails too, Sweep puts it back
		return err
	}
	if damaged != nil {
		return nil
	}
	// The new one's name must be durable before the old one goes.
	if err := atomicfile.SyncDir(filepath.Dir(final)); err != nil {
		return nil // save syncs again and says so; Sweep removes the old one
	}
	os.RemoveAll(aside) // or, where it cannot be removed, Sweep does
	return nil
}

// makeFolder makes the folder of the checkpoints durable where it is not there.
func makeFolder(run, dir string) (made bool, err error) {
	if err := os.Mkdir(dir, 0o777); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, atomicfile.SyncDir(run)
}

// hiddenName returns a free name beside a step's folder, which Sweep knows.
func hiddenName(dir string, step int, ending string) string {
	return filepath.Join(dir, "."+stepName(step)+"."+strings.ToLower(rand.Text()[:10])+"."+ending)
}

// damagedName returns the first free name for a damaged step folder.
func damagedName(dir string) string {
	name := dir + ".damaged"
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s.damaged-%d", dir, n)
	}
}
