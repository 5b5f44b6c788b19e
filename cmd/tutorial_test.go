package cmd

import (
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
// copy of the example but those fenced as bash, which install and download. It
// holds what they print against the page, and wants the files that the page
// speaks of.
func TestTutorial(t *testing.T) {
	page := filepath.Join("..", "docs", "tutorial.md")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples", "hotel"), os.DirFS(filepath.Join("..", "examples", "hotel"))); err != nil {
		t.Fatal(err)
	}
	env := command(t).Env
	env = append(env, "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"), "ABSA_TRAIN_DEVICE=cpu")

	printed, ran := "", 0
	for _, s := range steps(t, page) {
		if s.kind == "text" {
			for line := range strings.Lines(s.text) {
				if !hasLine(printed, line) {
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
	if ran < 11 {
		t.Errorf("%s has %d commands; are they fenced as sh?", page, ran)
	}
	for _, name := range []string{"parts/train.csv", "parts/test.csv", "run/model.safetensors", "run/result.json", "labelled.jsonl", "rating.html", "run/report.html"} {
		if !strings.Contains(content(t, page), name) {
			t.Errorf("%s does not speak of %s", page, name)
		}
		if info, err := fs.Stat(os.DirFS(dir), name); err != nil || info.Size() == 0 {
			t.Errorf("the commands leave no %s: %v", name, err)
		}
	}
}

var fraction = regexp.MustCompile(`[0-9]+\.[0-9]+`)

// hasLine says whether a line is among those that are printed, numbers with a
// decimal point aside: another processor gives others. Those over all sentences
// may differ by .05.
func hasLine(printed, want string) bool {
	const most = 0.05
	for line := range strings.Lines(printed) {
		if !strings.Contains(fraction.ReplaceAllString(line, "#"), fraction.ReplaceAllString(want, "#")) {
			continue
		}
		near := true
		if strings.HasPrefix(want, "overall ") {
			got := fraction.FindAllString(line, -1)
			for i, w := range fraction.FindAllString(want, -1) {
				a, _ := strconv.ParseFloat(w, 64) // it is a number
				b, _ := strconv.ParseFloat(got[i], 64)
				near = near && math.Abs(a-b) <= most
			}
		}
		if near {
			return true
		}
	}
	return false
}
