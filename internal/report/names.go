package report

import (
	"fmt"
	"path/filepath"
	"strings"
)

// distinguish names runs by as much of the end of their paths as tells them
// apart, and a folder that is listed again by its place in the list too.
func distinguish(list []*Run) {
	for i, r := range list {
		again := false
		for depth, clash := 1, true; clash; depth++ {
			r.Name, clash = end(r.Folder, depth), false
			for k, other := range list {
				again = again || k < i && other.Folder == r.Folder
				clash = clash || other.Folder != r.Folder && end(other.Folder, depth) == r.Name
			}
		}
		if again {
			r.Name += fmt.Sprintf(" (%d)", i+1)
		}
	}
}

// end is the last folders of a path, so many of them.
func end(path string, depth int) string {
	parts := strings.Split(filepath.ToSlash(path), "/")
	return strings.Join(parts[max(0, len(parts)-depth):], "/")
}
