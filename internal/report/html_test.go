package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// element is one of a page that was parsed; its zero value stands for none.
type element struct{ *html.Node }

func parse(t *testing.T, page string) element {
	t.Helper()
	n, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return element{n}
}

// all returns the elements below of a name, "" for any, in order.
func (e element) all(name string) (list []element) {
	if e.Node == nil {
		return nil
	}
	for n := range e.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			list = append(list, element{n})
		}
	}
	return list
}

func (e element) attribute(key string) string {
	for _, a := range e.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (e element) class(name string) bool {
	return slices.Contains(strings.Fields(e.attribute("class")), name)
}

// find returns the first element of a class.
func (e element) find(class string) element {
	for _, x := range e.all("") {
		if x.class(class) {
			return x
		}
	}
	return element{}
}

func (e element) text() string {
	if e.Node == nil {
		return ""
	}
	var b strings.Builder
	for n := range e.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// figures are the values of the data elements below. What is shown of each must
// be the same number.
func (e element) figures(t *testing.T) (list []float64) {
	t.Helper()
	for _, d := range e.all("data") {
		value, err := strconv.ParseFloat(d.attribute("value"), 64)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := strconv.ParseFloat(d.text(), 64)
		if err != nil || shown-value > 0.00005 || value-shown > 0.00005 {
			t.Errorf("%v is shown as %q", value, d.text())
		}
		list = append(list, value)
	}
	return list
}

// outline lists headings, tables and charts.
func (e element) outline() string {
	var b strings.Builder
	for _, x := range e.all("") {
		switch x.Data {
		case "h1", "h2", "h3", "summary":
			fmt.Fprintf(&b, "%s %s\n", x.Data, x.text())
		case "table":
			caption := ""
			if c := x.all("caption"); len(c) > 0 {
				caption = " " + c[0].text()
			}
			rows := x.all("tr")
			fmt.Fprintf(&b, "  table%s: %d rows of %d\n", caption, len(rows), len(rows[0].all("th"))+len(rows[0].all("td")))
		case "figure":
			fmt.Fprintf(&b, "  chart %s\n", x.attribute("aria-label"))
		case "ol":
			fmt.Fprintf(&b, "  list of %d\n", len(x.all("li")))
		}
	}
	return b.String()
}
