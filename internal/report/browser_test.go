package report

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// frame measures a page in a frame of its own width, where the page's policy
// keeps scripts out of it.
const frame = `<!DOCTYPE html><meta charset="utf-8"><body>
<iframe style="width:%dpx;height:900px;border:0" srcdoc="%s"></iframe>
<pre id="found"></pre>
<script>
addEventListener("load", () => {
	const frame = document.querySelector("iframe"), page = frame.contentDocument, found = []
	for (const d of page.querySelectorAll("details")) d.open = true
	const width = page.documentElement.clientWidth
	if (page.documentElement.scrollWidth > width) found.push("the page is " + page.documentElement.scrollWidth + " pixels wide")
	for (const e of page.querySelectorAll("body *")) {
		const box = e.getBoundingClientRect()
		if (e.closest("svg") === e && (box.width < 150 || box.height < 80)) found.push("a chart of " + box.width + " by " + box.height)
		if (!e.closest(".scroll") && box.right > width + 1) found.push(e.tagName + "." + e.className + " ends at " + box.right)
	}
	for (const t of page.querySelectorAll("svg text")) {
		const box = t.getBoundingClientRect(), chart = t.closest("figure").getBoundingClientRect()
		if (box.height < 9) found.push("letters of " + box.height + " pixels: " + t.textContent)
		if (box.left < chart.left - 1 || box.right > chart.right + 1 || box.bottom > chart.bottom + 1) found.push("cut off in its chart: " + t.textContent)
	}
	for (const r of frame.contentWindow.performance.getEntriesByType("resource")) found.push("requests " + r.name)
	document.getElementById("found").textContent = JSON.stringify({width, found})
})
</script>`

var foundIn = regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`)

// TestInABrowser holds that the page fits narrow and wide screens, asks for
// nothing, and gives the browser nothing to complain of.
func TestInABrowser(t *testing.T) {
	browser := os.Getenv("ABSA_TEST_BROWSER")
	if browser == "" {
		t.Skip("needs a headless Chromium: make browser, and ABSA_TEST_BROWSER names its program")
	}
	pages := map[string]string{
		"one run":      write(t, usual.make(t, "mine")),
		"several runs": write(t, usual.make(t, "a-name-of-a-run-that-is-rather-long-20260102-030405"), fake{usual.aspects, usual.polarities, usual.text, 1, 60, 2}.make(t, "two"), usual.make(t, "three")),
		"hostile":      write(t, hostile.make(t, strings.Repeat("long", 20)), hostile.make(t, "b")),
	}
	for name, page := range pages {
		for _, width := range []int{320, 390, 1400} {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "frame.html")
				if err := os.WriteFile(path, fmt.Appendf(nil, frame, width, html.EscapeString(page)), 0o644); err != nil {
					t.Fatal(err)
				}
				c := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
					"--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--log-level=0", "--dump-dom", "file://"+path)
				var stderr strings.Builder
				c.Stderr = &stderr
				dom, err := c.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, stderr.String())
				}
				m := foundIn.FindSubmatch(dom)
				if m == nil {
					t.Fatalf("the page was not measured\n%s", stderr.String())
				}
				var got struct {
					Width int
					Found []string
				}
				if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &got); err != nil {
					t.Fatal(err)
				}
				if got.Width < width-20 || got.Width > width {
					t.Errorf("measured at a width of %d", got.Width)
				}
				for _, problem := range got.Found {
					t.Error(problem)
				}
				for line := range strings.Lines(stderr.String()) {
					if strings.Contains(line, "CONSOLE") {
						t.Error(line)
					}
				}
			})
		}
	}
}
