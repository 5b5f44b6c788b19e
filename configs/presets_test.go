package configs

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestPresets(t *testing.T) {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
		t.Run(p.Name, func(t *testing.T) {
			if p.Summary == "" || strings.HasPrefix(p.Summary, "version") {
				t.Errorf("summary %q; begin the file with a comment that says what it is", p.Summary)
			}
			r, err := Load(Source{Config: p.Name})
			if err != nil {
				t.Fatal(err)
			}
			if r.Name != p.Name {
				t.Errorf("its name is %q", r.Name)
			}
		})
	}
	if diff := cmp.Diff([]string{"article", "restaurants", "sample"}, names); diff != "" {
		t.Errorf("presets (-want +got):\n%s", diff)
	}
}

// A preset that repeats a default hides what makes it what it is.
func TestPresetsStateWhatDiffers(t *testing.T) {
	for _, p := range Presets() {
		t.Run(p.Name, func(t *testing.T) {
			r, err := Load(Source{Config: p.Name})
			if err != nil {
				t.Fatal(err)
			}
			defaults := Default()
			values := leaves(&r.Config)
			for i, f := range leaves(&defaults) {
				if f.path == versionKey || r.Origin(f.path) == "default" {
					continue
				}
				if flow(f.value) == flow(values[i].value) {
					t.Errorf("%s.yaml states %s: %s, which is the default; take it out", p.Name, f.path, flow(f.value))
				}
			}
		})
	}
}

// The article's recipe stays what it is when defaults change.
func TestArticleGolden(t *testing.T) {
	r, err := Load(Source{Config: "article"})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteYAML(&got, r.Config); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "article_resolved.yaml")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("resolved (-want +got; -update accepts it):\n%s", diff)
	}
	if !r.BatchDependent() {
		t.Error("the article's model must be batch-dependent")
	}
}

func TestDefaultPresetExists(t *testing.T) {
	got, err := Load(Source{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(Source{Config: DefaultPreset})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
