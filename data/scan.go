package data

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// scanner reads sentences of SemEval XML as they are usually written. It accepts less
// than XML allows and never says what is wrong: where it does not succeed the
// decoder reads on, which knows all of XML and words the errors. What it accepts it
// reads as the decoder does.
type scanner struct {
	*worker
	b       []byte
	reviews bool // the file is of 2015 or 2016
	at      int
	line    int // of b[counted]
	passed  int // bytes whose lines are counted
	terms   []scannedTerm
	closed  bool // the tag read last closed itself
}

type scannedTerm struct {
	text     []byte
	from, to int
}

// scanXML makes a part of a piece of a file with some root element, cut before a
// sentence. The first piece has what comes before all, the last one what comes
// after.
func (w *worker) scanXML(root string, b []byte, first, last bool) *part {
	s := &scanner{worker: w, b: b, reviews: root == reviewsRoot, line: 1}
	p := w.begin()
	p.newline = bytes.Count(b, []byte("\n"))
	p.odd = !(!first || s.prologue()) || !s.sentences(p) || !(!last || s.epilogue()) || s.at < len(b)
	return p
}

// prologue passes what comes before the first sentence.
func (s *scanner) prologue() bool {
	s.skip("\ufeff")
	if s.skip("<?xml") {
		end := bytes.Index(s.b[s.at:], []byte("?>"))
		if end < 0 {
			return false
		}
		switch string(bytes.ReplaceAll(bytes.TrimSpace(s.b[s.at:s.at+end]), []byte("'"), []byte(`"`))) {
		case `version="1.0"`, `version="1.0" encoding="UTF-8"`, `version="1.0" encoding="utf-8"`, `version="1.0" encoding="UTF-8" standalone="yes"`:
		default:
			return false
		}
		s.at += end + 2
	}
	if s.reviews {
		return s.between() && s.skip("<Reviews>") && s.between() && s.review()
	}
	return s.between() && s.skip("<sentences>")
}

// review passes what comes before the sentences of a review.
func (s *scanner) review() bool {
	if !s.skip("<Review") {
		return false
	}
	for {
		name, _, ok := s.attribute()
		if !ok {
			return false
		}
		if len(name) == 0 {
			return !s.closed && s.between() && s.skip("<sentences>")
		}
	}
}

// epilogue passes what comes after the last sentence.
func (s *scanner) epilogue() bool {
	return s.skip("</sentences>") && (!s.reviews || s.endReview() && s.skip("</Reviews>")) && s.between()
}

// endReview passes what comes after the sentences of a review.
func (s *scanner) endReview() bool { return s.between() && s.skip("</Review>") && s.between() }

// sentences reads to the end of the piece or of the list, of the last one where
// there are several.
func (s *scanner) sentences(p *part) bool {
	for {
		if !s.between() {
			return false
		}
		end := s.at
		switch {
		case s.at == len(s.b):
			return true
		case s.reviews && s.skip("</sentences>"):
			if !s.endReview() {
				return false
			}
			if s.has("</Reviews>") {
				s.at = end
				return true
			}
			if !s.review() {
				return false
			}
		case s.has("</sentences>"):
			return true
		case !s.skip("<sentence") || !s.sentence(p):
			return false
		}
	}
}

// sentence reads one after the name of its tag.
func (s *scanner) sentence(p *part) bool {
	var id, text []byte
	from := s.at
	for {
		name, value, ok := s.attribute()
		if !ok || string(name) == "id" && (id != nil || blank(value)) {
			return false
		}
		if len(name) == 0 {
			break
		}
		if string(name) == "id" {
			id = value
		}
	}
	if s.closed {
		return false
	}
	s.line += bytes.Count(s.b[s.passed:s.at], []byte("\n"))
	s.passed = s.at
	s.labels.reset()
	s.terms = s.terms[:0]
	var hasTerms, hasLabels bool
	for {
		switch {
		case !s.between():
			return false
		case s.skip("<text>"):
			var ok bool
			if text != nil {
				return false
			}
			if text, ok = s.text(); !ok || blank(text) {
				return false
			}
		case s.reviews && s.skip("<Opinions"):
			if hasLabels || !s.list("<Opinion", "</Opinion>", "</Opinions>", s.label) {
				return false
			}
			hasLabels = true
		case !s.reviews && s.skip("<aspectTerms"):
			if hasTerms || !s.list("<aspectTerm", "</aspectTerm>", "</aspectTerms>", s.term) {
				return false
			}
			hasTerms = true
		case !s.reviews && s.skip("<aspectCategories"):
			if hasLabels || !s.list("<aspectCategory", "</aspectCategory>", "</aspectCategories>", s.label) {
				return false
			}
			hasLabels = true
		case s.skip("</sentence>"):
			if text == nil || s.at-from > longestSentence || !s.fit(text) || len(s.labels.finish(s.drop)) > 0 {
				return false
			}
			s.add(p, id, text, s.line)
			return true
		default:
			return false
		}
	}
}

// list reads the items of a list after the name of its tag.
func (s *scanner) list(item, endItem, end string, read func() bool) bool {
	if name, _, ok := s.attribute(); !ok || len(name) > 0 {
		return false
	}
	if s.closed {
		return true
	}
	for {
		switch {
		case !s.between():
			return false
		case s.skip(end):
			return true
		case !s.skip(item) || !read():
			return false
		case !s.closed && !(s.between() && s.skip(endItem)):
			return false
		}
	}
}

// label reads the attributes of an aspectCategory or an Opinion.
func (s *scanner) label() bool {
	aspect, polarity := unmapped, -1
	var led bool
	for {
		name, value, ok := s.attribute()
		switch {
		case !ok:
			return false
		case len(name) == 0:
			if aspect == unmapped || polarity < 0 {
				return false
			}
			return aspect == passedOver || s.labels.set(aspect, polarity, s.line, s.reviews || led, s.drop)
		case string(name) == "category":
			ok = aspect == unmapped && len(value) > 0
			aspect, led = s.labels.mapping.find(value)
			ok = ok && aspect != unmapped
		case string(name) == "polarity":
			ok = polarity < 0
			polarity = position(s.schema.Polarities, value)
			ok = ok && polarity >= 0
		}
		if !ok {
			return false
		}
	}
}

// position is slices.Index for bytes.
func position(names []string, name []byte) int {
	for i, n := range names {
		if n == string(name) {
			return i
		}
	}
	return -1
}

// term reads the attributes of an aspectTerm.
func (s *scanner) term() bool {
	t := scannedTerm{from: -1, to: -1}
	var polarity []byte
	for {
		name, value, ok := s.attribute()
		if !ok {
			return false
		}
		switch string(name) {
		case "":
			s.terms = append(s.terms, t)
			return len(t.text) > 0 && t.from >= 0 && t.to >= t.from && (len(polarity) == 0 || position(s.schema.Polarities, polarity) >= 0)
		case "term":
			ok = t.text == nil
			t.text = value
		case "polarity":
			ok = polarity == nil
			polarity = value
		case "from":
			ok = t.from < 0
			t.from = digits(value)
			ok = ok && t.from >= 0
		case "to":
			ok = t.to < 0
			t.to = digits(value)
			ok = ok && t.to >= 0
		}
		if !ok {
			return false
		}
	}
}

// digits reads a whole number of few digits, -1 if it is none.
func digits(b []byte) int {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// fit holds the terms against their text, whose characters they count.
func (s *scanner) fit(text []byte) bool {
	if len(s.terms) == 0 {
		return true
	}
	ascii := isASCII(text)
	for _, t := range s.terms {
		from, to := t.from, t.to
		if !ascii {
			var ok bool
			if from, ok = offset(text, from); !ok {
				return false
			}
			if to, ok = offset(text, to); !ok {
				return false
			}
		}
		if to > len(text) || !bytes.Equal(text[from:to], t.text) {
			return false
		}
	}
	return true
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// offset is where character n of a text begins.
func offset(text []byte, n int) (at int, ok bool) {
	for ; n > 0; n-- {
		if at == len(text) {
			return 0, false
		}
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at, true
}

// text reads characters up to </text>. An empty text is not nil.
func (s *scanner) text() (text []byte, ok bool) {
	whole := true // what was read is a piece of b
	for {
		n := bytes.IndexByte(s.b[s.at:], '<')
		if n < 0 {
			return nil, false
		}
		chars, ok := characters(s.b[s.at:s.at+n], true, true)
		if !ok {
			return nil, false
		}
		if len(text)+n > longest { // the decoder words it
			return nil, false
		}
		s.at += n
		if text == nil {
			text = chars
		} else {
			if whole {
				text, whole = bytes.Clone(text), false
			}
			text = append(text, chars...)
		}
		switch {
		case s.skip("</text>"):
			return text, true
		case s.skip("<![CDATA["):
			n := bytes.Index(s.b[s.at:], []byte("]]>"))
			if n < 0 {
				return nil, false
			}
			if chars, ok = characters(s.b[s.at:s.at+n], false, false); !ok {
				return nil, false
			}
			text, whole = append(bytes.Clone(text), chars...), false
			s.at += n + 3
		case s.has("<!--"):
			if !s.comment() {
				return nil, false
			}
		default:
			return nil, false
		}
	}
}

// attribute reads the next attribute of a tag. At the end of the tag the name is
// empty, and closed says whether the tag closes itself.
func (s *scanner) attribute() (name, value []byte, ok bool) {
	from := s.at
	s.space()
	switch {
	case s.skip(">"):
		s.closed = false
		return nil, nil, true
	case s.skip("/>"):
		s.closed = true
		return nil, nil, true
	case s.at == from:
		return nil, nil, false
	}
	from = s.at
	for s.at < len(s.b) && ('a' <= s.b[s.at]|0x20 && s.b[s.at]|0x20 <= 'z' || s.b[s.at] == '_') {
		s.at++
	}
	name = s.b[from:s.at]
	if len(name) == 0 || string(name) == "xmlns" || !s.skip("=") || s.at == len(s.b) {
		return nil, nil, false
	}
	quote := s.b[s.at]
	if quote != '"' && quote != '\'' {
		return nil, nil, false
	}
	s.at++
	n := bytes.IndexByte(s.b[s.at:], quote)
	if n < 0 {
		return nil, nil, false
	}
	value = s.b[s.at : s.at+n : s.at+n]
	s.at += n + 1
	if bytes.IndexByte(value, '<') >= 0 {
		return nil, nil, false
	}
	value, ok = characters(value, true, false)
	return name, value, ok
}

// between passes white space and comments between elements.
func (s *scanner) between() bool {
	for {
		s.space()
		if !s.has("<!--") {
			return true
		}
		if !s.comment() {
			return false
		}
	}
}

func (s *scanner) comment() bool {
	s.at += len("<!--")
	n := bytes.Index(s.b[s.at:], []byte("--"))
	if n < 0 {
		return false
	}
	s.at += n
	return s.skip("-->")
}

// space passes white space of XML.
func (s *scanner) space() {
	for s.at < len(s.b) {
		switch s.b[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// has says whether the text comes next, and skip passes it if so.
func (s *scanner) has(text string) bool {
	return len(s.b)-s.at >= len(text) && string(s.b[s.at:s.at+len(text)]) == text
}

func (s *scanner) skip(text string) bool {
	if !s.has(text) {
		return false
	}
	s.at += len(text)
	return true
}

// characters returns what the characters of XML between two marks stand for. It
// refuses what is no character, and with elements the end of a CDATA section.
func characters(raw []byte, entities, elements bool) (chars []byte, ok bool) {
	var seen charClass
	for _, c := range raw {
		seen |= charClasses[c]
	}
	switch {
	case seen&controlChar != 0:
		return nil, false
	case seen&highChar != 0 && (!utf8.Valid(raw) || bytes.Contains(raw, []byte("\uFFFE")) || bytes.Contains(raw, []byte("\uFFFF"))):
		return nil, false
	case seen&bracketChar != 0 && elements && bytes.Contains(raw, []byte("]]>")):
		return nil, false
	}
	if seen&specialChar == 0 {
		return raw[:len(raw):len(raw)], true
	}
	if bytes.IndexByte(raw, '\r') >= 0 { // which XML reads as \n
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	if !entities {
		return raw, true
	}
	return unescape(raw)
}

// charClass says what characters are to be looked at.
type charClass uint8

const (
	highChar    charClass = 1 << iota // beyond ASCII
	specialChar                       // stands for others
	bracketChar
	controlChar // not in XML
)

var charClasses = func() (of [256]charClass) {
	for c := range of {
		switch {
		case c >= utf8.RuneSelf:
			of[c] = highChar
		case c == '&' || c == '\r':
			of[c] = specialChar
		case c == ']':
			of[c] = bracketChar
		case c < ' ' && c != '\t' && c != '\n':
			of[c] = controlChar
		}
	}
	return of
}()

// unescape replaces entities by what they stand for.
func unescape(raw []byte) (chars []byte, ok bool) {
	chars = make([]byte, 0, len(raw))
	for {
		n := bytes.IndexByte(raw, '&')
		if n < 0 {
			return append(chars, raw...), true
		}
		chars = append(chars, raw[:n]...)
		raw = raw[n+1:]
		end := bytes.IndexByte(raw, ';')
		if end < 0 {
			return nil, false
		}
		switch name := string(raw[:end]); name {
		case "lt":
			chars = append(chars, '<')
		case "gt":
			chars = append(chars, '>')
		case "amp":
			chars = append(chars, '&')
		case "apos":
			chars = append(chars, '\'')
		case "quot":
			chars = append(chars, '"')
		default:
			r, ok := charReference(name)
			if !ok {
				return nil, false
			}
			chars = utf8.AppendRune(chars, r)
		}
		raw = raw[end+1:]
	}
}

// charReference reads a numeric reference to a character of XML.
func charReference(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' || len(name) > 9 {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n)
	ok := err == nil && (r == '\t' || r == '\n' || r == '\r' ||
		' ' <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r && r <= utf8.MaxRune)
	return r, ok
}
