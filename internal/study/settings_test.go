package study

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
)

// TestSettings holds that a file counts by what is in it, and that what does not
// decide a training does not count.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, same, other := file("a.xml", "one"), file("same.xml", "one"), file("other.xml", "two")
	settings := func(change func(*configs.Config)) Settings {
		c := configs.Default()
		c.Data.Train, c.Train.Auxiliary = a, []configs.Auxiliary{{Path: a}}
		change(&c)
		s, err := Files{}.Settings(c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	was := settings(func(*configs.Config) {})
	for _, tt := range []struct {
		name   string
		change func(*configs.Config)
		want   int
	}{
		{"moved", func(c *configs.Config) { c.Data.Train, c.Train.Auxiliary[0].Path = same, same }, 0},
		{"where and how often", func(c *configs.Config) {
			c.Name, c.Train.Threads, c.Train.TensorBoard, c.Checkpoint.KeepLast, c.Train.Device = "x", 3, 7, 9, "cuda"
		}, 0},
		{"another corpus", func(c *configs.Config) { c.Data.Train = other }, 1},
		{"none", func(c *configs.Config) { c.Data.Train = filepath.Join(dir, "none") }, 1},
		{"another auxiliary corpus", func(c *configs.Config) { c.Train.Auxiliary[0].Path = other }, 1},
		{"vectors", func(c *configs.Config) { c.Vectors.Path = other }, 1},
		{"settings", func(c *configs.Config) { c.Train.Epochs++; c.Model.Hidden++ }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := settings(tt.change).differences(was); len(got) != tt.want {
				t.Errorf("got %q, want %d", got, tt.want)
			}
		})
	}
	// A record of a program that did not have the key.
	old := maps.Clone(was)
	delete(old, "model.ngrams.words")
	if got := was.differences(old); got != nil {
		t.Errorf("a key that is new, as it was without it: %q", got)
	}
	if got := settings(func(c *configs.Config) { c.Model.NGrams.Words = 2 }).differences(old); len(got) != 1 {
		t.Errorf("a key that is new, and set: %q", got)
	}
	now := settings(func(c *configs.Config) { c.Train.Epochs = 3 })
	if diff := cmp.Diff([]string{"train.epochs: 3, it was " + was["train.epochs"]}, now.differences(was)); diff != "" {
		t.Error(diff)
	}
}
