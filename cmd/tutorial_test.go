package cmd

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step is a fenced block of the tutorial: commands, or what they print.
type step struct {
	line       int
	kind, text string
}

// steps are the blocks of a page that are fenced as sh or text.
func steps(t testing.TB, page string) (all []step) {
	t.Helper()
	var now *step
	number := 0
	for line := range strings.Lines(content(t, page)) {
		number++
		fence, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case ok && now != nil:
			if now.kind == "sh" || now.kind == "text" {
				all = append(all, *now)
			}
			now = nil
		case ok:
			now = &step{line: number, kind: fence}
		case now != nil:
			now.text += line
		}
	}
	return all
}

// TestTutorial is a new user's way: it runs each command of the tutorial in a
// copy of the example, holds what they print against the page, numbers with a
// decimal point aside, and wants the files that the page speaks of.
func TestTutorial(t *testing.T) {
	page := filepath.Join("..", "docs", "tutorial.md")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples", "hotel"), os.DirFS(filepath.Join("..", "examples", "hotel"))); err != nil {
		t.Fatal(err)
	}
	env := command(t).Env
	env = append(env, "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"), "ABSA_TRAIN_DEVICE=cpu")
	rates := strings.Contains(absa(t, "rate", "--help").stdout, "absa rate")

	printed, ran := "", 0
	for _, s := range steps(t, page) {
		if s.kind == "text" {
			for line := range strings.Lines(s.text) {
				if !strings.Contains(withoutDecimals(printed), withoutDecimals(line)) {
					t.Errorf("%s:%d: no line %q is printed, but\n%s", page, s.line, line, printed)
				}
			}
			continue
		}
		printed = ""
		for line := range strings.Lines(s.text) {
			if folder, ok := strings.CutPrefix(strings.TrimSpace(line), "cd "); ok {
				dir = filepath.Join(dir, folder)
				continue
			}
			if strings.HasPrefix(line, "absa rate ") && !rates {
				t.Log("there is no absa rate yet")
				continue
			}
			c := exec.Command("bash", "-euo", "pipefail", "-c", line)
			c.Dir, c.Env = dir, env
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%s:%d: %s: %v\n%s", page, s.line, line, err, out)
			}
			printed += string(out)
			ran++
		}
	}
	if ran < 9 {
		t.Errorf("%s has %d commands; are they fenced as sh?", page, ran)
	}
	for _, name := range []string{"parts/train.csv", "parts/test.csv", "run/model.safetensors", "run/result.json", "labelled.jsonl", "rating.html", "run/report.html"} {
		if !strings.Contains(content(t, page), name) {
			t.Errorf("%s does not speak of %s", page, name)
		}
		if info, err := fs.Stat(os.DirFS(dir), name); (err != nil || info.Size() == 0) && (rates || name != "rating.html") {
			t.Errorf("the commands leave no %s: %v", name, err)
		}
	}
}

var fraction = regexp.MustCompile(`[0-9]+\.[0-9]+`)

// withoutDecimals is what does not depend on the processor.
func withoutDecimals(text string) string { return fraction.ReplaceAllString(text, "#") }
