package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
)

// TestDocsAreCurrent holds that the references in docs/ say what the program
// does now.
func TestDocsAreCurrent(t *testing.T) {
	for name, args := range map[string][]string{
		"config.md":   {"docs", "config"},
		"commands.md": {"docs", "commands"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := Main(args, &stdout, &stderr); got != 0 {
				t.Fatalf("exit status %d: %s", got, stderr.String())
			}
			written, err := os.ReadFile(filepath.Join("..", "docs", name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(written), stdout.String()); diff != "" {
				t.Errorf("docs/%s is out of date, run make docs (-written +program):\n%s", name, diff)
			}
		})
	}
}

func TestConfigReferenceHasEveryKey(t *testing.T) {
	var text strings.Builder
	if err := writeConfigReference(&text); err != nil {
		t.Fatal(err)
	}
	for _, k := range configs.Keys() {
		if !strings.Contains(text.String(), "| `"+k.Path+"` |") {
			t.Errorf("no line for %s", k.Path)
		}
	}
}

func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	for range 2 { // the second time over the first
		var stdout, stderr bytes.Buffer
		if got := Main([]string{"docs", "man", dir}, &stdout, &stderr); got != 0 {
			t.Fatalf("exit status %d: %s", got, stderr.String())
		}
	}
	for page, want := range map[string]string{
		"absa.1":                  "absa-train(1)",
		"absa-train.1":            `\fB--resume\fP`,
		"absa-checkpoints-list.1": "absa-checkpoints(1)",
	} {
		text, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q", page, want)
		}
		if strings.Contains(string(text), "checkpoints/-") {
			t.Errorf("%s: a placeholder in angle brackets is taken for HTML; write it in capitals", page)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "absa-completion.1")); err == nil {
		t.Error("there is a page for cobra's own command")
	}
}

func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"preset", []string{"__complete", "train", "--config", ""}, "restaurants\t"},
		{"key", []string{"__complete", "train", "--set", "train.s"}, "train.seed=\t"},
		{"shown preset", []string{"__complete", "config", "show", ""}, "article\t"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := Main(test.args, &stdout, &stderr); got != 0 || !strings.Contains(stdout.String(), test.want) {
				t.Errorf("exit status %d, want %q in:\n%s%s", got, test.want, stdout.String(), stderr.String())
			}
		})
	}
}
