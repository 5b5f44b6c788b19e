package vectors

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
)

// readWord2vec reads the binary file of the original word2vec and of gensim's
// save_word2vec_format: the line "words dimension", then for each word its
// text, a space and the values. Before a word stands a newline if the original
// tool wrote the file. Words must be UTF-8, as gensim wants them.
func readWord2vec(r *binaryReader, b *builder) error {
	line, err := r.until('\n', "the first line")
	if err != nil {
		return err
	}
	words, dimension, ok := headerLine(splitFields(nil, bytes.TrimRight(line, " \t\r")))
	switch {
	case !ok:
		return r.fault(0, "%.40q, want two numbers, of words and of dimensions: %w", line, ErrFormat)
	case dimension < minDimension || dimension > maxDimension:
		return r.fault(0, "dimension %d, want %d to %d: %w", dimension, minDimension, maxDimension, ErrFormat)
	}
	var word []byte
	for i := range words {
		from := r.at
		text, err := r.until(' ', fmt.Sprintf("word %d of %d", i+1, words))
		if err != nil {
			return err
		}
		word = append(word[:0], bytes.TrimLeft(text, "\n")...)
		if !utf8.Valid(word) {
			return r.fault(from, "word %d, %.40q, is not UTF-8 (in gensim, load_word2vec_format with unicode_errors=\"ignore\", then save_word2vec_format, writes a file without such bytes)", i+1, word)
		}
		row, err := r.vector(int(dimension))
		if err != nil {
			return err
		}
		if err := b.add(word, row); err != nil {
			return r.fault(from, "word %d, %.40q: %w", i+1, word, err)
		}
	}
	if tail, err := r.in.Peek(1); err == nil && tail[0] == '\n' { // as the original tool ends
		if _, err := r.bytes(1, "the last newline"); err != nil {
			return err
		}
	}
	return r.end()
}

// looksWord2vec tells word2vec's binary form from its text, which has the same
// first line.
func looksWord2vec(head []byte) bool {
	line, rest, found := bytes.Cut(head, []byte("\n"))
	if _, _, ok := headerLine(splitFields(nil, bytes.TrimRight(line, " \t\r"))); !ok || !found {
		return false
	}
	control := func(c byte) bool { return c < '\t' || c > '\r' && c < ' ' || c == 0x7f }
	if slices.ContainsFunc(rest, control) {
		return true
	}
	if at := bytes.LastIndexByte(rest, '\n'); at >= 0 && len(head) == headSize { // a character may be cut in two
		rest = rest[:at]
	}
	if utf8.Valid(rest) {
		return false
	}
	// A few bytes of values may have no such character in them. A line of text, in
	// whatever encoding and with spaces in its word, ends in numbers, the last of
	// which may be cut.
	line, _, _ = bytes.Cut(rest, []byte("\n"))
	fields := splitFields(nil, bytes.TrimRight(line, " \t\r"))
	return len(fields) < 2 || !slices.ContainsFunc(fields[max(1, len(fields)-2):], isNumber)
}
