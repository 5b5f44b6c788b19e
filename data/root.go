package data

import (
	"bufio"
	"bytes"
)

// The root elements of SemEval XML: that of 2014, and that of 2015 and 2016.
const (
	sentencesRoot = "sentences"
	reviewsRoot   = "Reviews"
)

// rootElement looks ahead for the name of the element that an XML file is, "" if
// there is none among its first characters.
func rootElement(r *bufio.Reader) string {
	const ahead = 4096
	head, _ := r.Peek(ahead) // an error comes again when it is read
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		var end string
		switch {
		case bytes.HasPrefix(head, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(head, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(head, []byte("<!")):
			end = ">"
		case bytes.HasPrefix(head, []byte("<")):
			name := head[1:]
			if n := bytes.IndexAny(name, " \t\r\n/>"); n >= 0 {
				return string(name[:n])
			}
			return ""
		default:
			return ""
		}
		n := bytes.Index(head, []byte(end))
		if n < 0 {
			return ""
		}
		head = head[n+len(end):]
	}
}
