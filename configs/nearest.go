package configs

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// suggest ends the message about an unknown key: the nearest known one, or,
// where none is near, those that may stand in its place.
func suggest(path string) string {
	if near := nearest(path, paths()); near != "" {
		return "did you mean " + near + "?"
	}
	section := parent(path)
	names := namesIn(section)
	for len(names) == 0 {
		section = parent(section)
		names = namesIn(section)
	}
	where := section
	if section == "" {
		where = "the top level"
	}
	return where + " has " + strings.Join(names, ", ")
}

// paths lists every key and section in the order of the schema.
func paths() []string {
	var list []string
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			path := join(prefix, keyOf(f))
			list = append(list, path)
			if f.Type.Kind() == reflect.Struct {
				walk(path, f.Type)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	return list
}

// namesIn lists what stands right under a section, nothing if it is none.
func namesIn(section string) []string {
	var names []string
	for _, path := range paths() {
		if path != "" && parent(path) == section {
			names = append(names, last(path))
		}
	}
	return names
}

// longest bounds what is compared: a path beyond it is no misspelling.
const longest = 80

// nearest returns the known path that path was most likely meant to be, or ""
// when none is near. Either the path is misspelt or its last name stands under
// the wrong section; the fewest edits win, then the longest way shared from the
// top, then the fewest edits of the whole path, then the order of known.
func nearest(path string, known []string) string {
	if len(path) > longest {
		return ""
	}
	type rank struct{ edits, apart, whole int }
	name := last(path)
	limit := max(1, min(3, len(name)/2))
	best, found := rank{}, ""
	for _, candidate := range known {
		whole := distance(path, candidate)
		r := rank{
			edits: min(whole, distance(name, last(candidate))+1),
			apart: -shared(path, candidate),
			whole: whole,
		}
		if r.edits > limit {
			continue
		}
		order := cmp.Or(cmp.Compare(r.edits, best.edits), cmp.Compare(r.apart, best.apart), cmp.Compare(r.whole, best.whole))
		if found == "" || order < 0 {
			best, found = r, candidate
		}
	}
	return found
}

// NearestName returns the one of the names that a misspelt one was most likely
// meant to be, letter case aside, or "" when none is near.
func NearestName(name string, names []string) string {
	if len(name) > longest {
		return ""
	}
	name = strings.ToLower(name)
	best, found := max(1, min(3, len(name)/3))+1, ""
	for _, candidate := range names {
		if d := distance(name, strings.ToLower(candidate)); d < best {
			best, found = d, candidate
		}
	}
	return found
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// parent is the section of a path, "" at the top.
func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '.'))] }

// shared counts the sections that two paths have in common from the top.
func shared(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	n := 0
	for n < min(len(as), len(bs)) && as[n] == bs[n] {
		n++
	}
	return n
}

// distance is the fewest insertions, deletions, substitutions and swaps of
// neighbouring bytes that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, previous, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, previous, row = previous, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := previous[j-1]
			if a[i-1] != b[j-1] {
				substitute++
			}
			row[j] = min(previous[j]+1, row[j-1]+1, substitute)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// printable is a key as a message shows it: whatever a file holds, on one line
// and not too long.
func printable(key string) string {
	if len(key) > longest {
		return strconv.Quote(key[:longest]) + "..."
	}
	for _, r := range key {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./[]", r) {
			return strconv.Quote(key)
		}
	}
	return key
}
