package configs

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// WriteYAML writes every key of c, as a file that Load reads back to the same
// Config. Text that is not UTF-8 cannot be written so; Validate refuses it.
func WriteYAML(w io.Writer, c Config) error {
	return write(w, &c, func(leaf) (above, behind string) { return "", "" })
}

// WriteCommentedYAML is WriteYAML with what each key means above it.
func WriteCommentedYAML(w io.Writer, c Config) error {
	return write(w, &c, func(f leaf) (above, behind string) { return f.tag.Get("doc"), "" })
}

// Show writes the configuration as YAML, with the origin of each value in a
// comment behind it, all in one column. Load can read it.
func (r *Resolved) Show(w io.Writer) error {
	c := r.Config
	return write(w, &c, func(f leaf) (above, behind string) { return "", r.Origin(f.path) })
}

// line is one line of YAML and the comment behind it.
type line struct{ text, comment string }

// maxColumn bounds how far right the comments stand; behind a longer line they
// follow at once.
const maxColumn = 60

// write puts every key on a line of its own, lists in flow form. The YAML
// encoder can neither align comments nor keep a list on its line.
func write(w io.Writer, c *Config, comments func(leaf) (above, behind string)) error {
	var lines []line
	section := ""
	for _, f := range leaves(c) {
		lines = append(lines, opening(section, parent(f.path))...)
		section = parent(f.path)
		indent := indentation(section)
		above, behind := comments(f)
		if above != "" {
			lines = append(lines, line{text: indent + "# " + above})
		}
		lines = append(lines, line{indent + last(f.path) + ": " + flow(f.value), behind})
	}
	column := 0
	for _, l := range lines {
		if n := utf8.RuneCountInString(l.text); l.comment != "" && n <= maxColumn {
			column = max(column, n)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		if l.comment == "" {
			fmt.Fprintln(&b, l.text)
			continue
		}
		fmt.Fprintf(&b, "%-*s  # %s\n", column, l.text, l.comment)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// opening returns the lines that lead from one section into another.
func opening(from, to string) []line {
	if from == to || to == "" {
		return nil
	}
	var lines []line
	path := ""
	for _, name := range strings.Split(to, ".") {
		indent := indentation(path)
		path = join(path, name)
		if from == path || strings.HasPrefix(from, path+".") {
			continue // open already
		}
		if indent == "" {
			lines = append(lines, line{}) // air between the sections of the top
		}
		lines = append(lines, line{text: indent + name + ":"})
	}
	return lines
}

// indentation is two spaces for each name of a section's path.
func indentation(section string) string {
	if section == "" {
		return ""
	}
	return strings.Repeat("  ", strings.Count(section, ".")+1)
}

// flow is a value as YAML on one line.
func flow(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = flow(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Struct:
		items := make([]string, v.NumField())
		for i := range items {
			items[i] = keyOf(v.Type().Field(i)) + ": " + flow(v.Field(i))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return ""
}

// plainText is text that no YAML reads as anything but text, but for words like
// true and null, which quote asks the parser about.
var plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)

// quote is text as a YAML scalar that may stand anywhere: plain or, since the
// escapes of Go are among those of YAML, as Go quotes it.
func quote(s string) string {
	var n yaml.Node
	if plainText.MatchString(s) && yaml.Unmarshal([]byte(s), &n) == nil && n.Content[0].ShortTag() == "!!str" {
		return s
	}
	return strconv.Quote(s)
}
