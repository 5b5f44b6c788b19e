package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDataGenerate holds that what is made up is a corpus, and that no file is
// overwritten.
func TestDataGenerate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"made.xml", "made.jsonl"} {
		path := filepath.Join(dir, name)
		absa(t, "data", "generate", "--sentences", "300", path).wantStatus(t, 0)
		got := absa(t, "data", "stats", path)
		got.wantStatus(t, 0)
		if !strings.Contains(got.stdout, path+": 300 sentences") {
			t.Errorf("%s: counted %q", name, got.stdout)
		}
		before := content(t, path)
		absa(t, "data", "generate", "--sentences", "2", path).wantError(t, 1, path, "already exists")
		if content(t, path) != before {
			t.Errorf("%s: it was overwritten", name)
		}
	}
	absa(t, "data", "generate", filepath.Join(dir, "made.csv")).wantError(t, 2, "neither .xml nor .jsonl")
	absa(t, "data", "generate", "--sentences", "0", filepath.Join(dir, "none.xml")).wantError(t, 2, "at least 1")
	absa(t, "data", "generate", filepath.Join(dir, "no", "folder.xml")).wantError(t, 1, "no such file")
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("the folder holds %q", left)
	}
}
