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

// frames measures a page in frames of several widths, where the page's policy
// keeps scripts out of it.
const frames = `<!DOCTYPE html><meta charset="utf-8"><body>
%s
<pre id="found"></pre>
<script>
function measure(frame) {
	const page = frame.contentDocument, found = []
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
	// WCAG 2.1, 1.4.3: contrast of text and what is under it, 4.5 at least.
	const view = frame.contentWindow
	const parse = c => {
		const n = c.match(/[\d.e-]+/g).map(Number), scale = c.startsWith("color(srgb") ? 1 : 255
		return [n[0] / scale, n[1] / scale, n[2] / scale, n.length > 3 ? n[3] : 1]
	}
	const over = (a, b) => a.map((v, i) => i < 3 ? v * a[3] + b[i] * (1 - a[3]) : 1)
	const under = e => {
		const own = parse(view.getComputedStyle(e).backgroundColor)
		return own[3] == 1 || !e.parentElement ? own : over(own, under(e.parentElement))
	}
	const luminance = c => {
		const [r, g, b] = c.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	let dark = luminance(under(page.body)) < 0.5
	if (dark != view.matchMedia("(prefers-color-scheme: dark)").matches) found.push("the page does not follow the colour scheme")
	let least = 21
	for (const e of page.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())) continue
		const style = view.getComputedStyle(e), paper = under(e)
		const ink = over(parse(e.closest("svg") ? style.fill : style.color), paper)
		const a = luminance(ink), b = luminance(paper)
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
		least = Math.min(least, contrast)
		if (contrast < 4.5) found.push("a contrast of " + contrast.toFixed(2) + ": " + e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))
	}
	for (const r of frame.contentWindow.performance.getEntriesByType("resource")) found.push("requests " + r.name)
	return {width, dark, least, found}
}
addEventListener("load", () => {
	document.getElementById("found").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(measure))
})
</script>`

// widths are those of a narrow phone, of most, and of a wide screen.
var widths = []int{320, 360, 1280}

var foundIn = regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`)

// TestInABrowser holds that the page fits narrow and wide screens, asks for
// nothing, is legible in light and dark, and gives the browser nothing to complain
// of.
func TestInABrowser(t *testing.T) {
	browser := os.Getenv("ABSA_TEST_BROWSER")
	if browser == "" {
		t.Skip("needs a headless Chromium: make browser, and ABSA_TEST_BROWSER names its program")
	}
	explained, err := Read(usual.make(t, "explained"))
	if err != nil {
		t.Fatal(err)
	}
	explain(explained.Answers.Mistakes)
	var shaded strings.Builder
	if err := Write(&shaded, []*Run{explained}); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{
		"several runs":    write(t, usual.make(t, "a-name-of-a-run-that-is-rather-long-20260102-030405"), fake{usual.aspects, usual.polarities, usual.text, 1, 60, 2}.make(t, "two"), usual.make(t, "three")),
		"explained":       shaded.String(),
		"ratings":         ratingsHTML(t, rated(t, 9, "Hotel", ratedUsual, usual.polarities, "The room was clean and ")),
		"hostile ratings": ratingsHTML(t, rated(t, 5, strings.Repeat("long", 30), ratedHostile, []string{script, strings.Repeat("long", 20)}, strings.Repeat("long", 50))),
		"study":           studyHTML(t, studied(20, "The article's claims ", usual.aspects, usual.polarities)),
		"hostile study":   studyHTML(t, studied(4, strings.Repeat("long", 30), ratedHostile, []string{script, strings.Repeat("long", 20)})),
		"hostile":         write(t, hostile.make(t, strings.Repeat("long", 20)), hostile.make(t, "b")),
	}
	for name, page := range pages {
		for _, dark := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, dark %v", name, dark), func(t *testing.T) { inABrowser(t, browser, page, dark) })
		}
	}
}

// inABrowser fails the test for all that a browser finds in a page.
func inABrowser(t *testing.T, browser, page string, dark bool) {
	dir := t.TempDir()
	path := filepath.Join(dir, "frames.html")
	var list strings.Builder
	for _, width := range widths {
		fmt.Fprintf(&list, `<iframe style="width:%dpx;height:900px;border:0" srcdoc="%s"></iframe>`, width, html.EscapeString(page))
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, frames, list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	scheme := 1 // light, in Chromium's numbers
	if dark {
		scheme = 0
	}
	c := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
		fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme),
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
	var got []struct {
		Width int
		Dark  bool
		Least float64 // contrast
		Found []string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &got); err != nil {
		t.Fatal(err)
	}
	for i, width := range widths {
		if got[i].Width < width-20 || got[i].Width > width {
			t.Errorf("measured at a width of %d, want %d", got[i].Width, width)
		}
		if got[i].Dark != dark || got[i].Least > 20 {
			t.Errorf("measured with dark %v, and a contrast of %v at least", got[i].Dark, got[i].Least)
		}
		for _, problem := range got[i].Found {
			t.Errorf("%d pixels wide: %s", width, problem)
		}
	}
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Error(line)
		}
	}
}
