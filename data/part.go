package data

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"absa/configs"
)

// part is what a worker makes of a piece of a file: sentences as numbers, whose
// words are those of the worker's lexicon and whose ids nobody has compared yet.
type part struct {
	lexicon *lexicon
	known   []string // its words so far
	newline int      // line feeds in the piece

	lines           []uint32 // where sentences begin, counted from the piece's beginning
	ids             []byte
	idEnds          []uint32
	words           []uint32
	ends            []uint32
	labels          []int8
	texts           []textKey
	folded          []uint64 // hashes of the texts
	content         []byte   // JSON of text and labels, for the fingerprint
	contentEnds     []uint32
	merged, dropped []uint32 // positions of sentences in the piece

	wrong     error // what is wrong with the piece after these sentences
	wrongLine int
	odd       bool // these sentences are not all of it: it is for the decoder
}

// textKey stands for a text: those of equal texts are equal, and no others in
// the lifetime of a universe.
type textKey struct{ first, second uint64 }

// worker makes parts.
type worker struct {
	schema  Schema
	drop    bool
	lexicon *lexicon
	seeds   [2]maphash.Seed
	labels  *labels // of the sentence at hand
	folded  []byte
	spare   chan *part // that nobody reads any more; may be nil
}

func newWorker(d configs.Data, text configs.Text, seeds [2]maphash.Seed) (w *worker, err error) {
	w = &worker{seeds: seeds}
	if w.schema, err = newSchema(d.Aspects, d.Polarities); err != nil {
		return nil, err
	}
	if w.drop, err = dropContradictions(d.Contradictions); err != nil {
		return nil, err
	}
	if w.lexicon, err = newLexicon(text); err != nil {
		return nil, err
	}
	w.labels = newLabels(w.schema, d.Categories)
	return w, nil
}

// begin returns an empty part, one that was used before where there is one.
func (w *worker) begin() *part {
	p := &part{}
	select {
	case p = <-w.spare:
	default:
	}
	*p = part{
		lexicon: w.lexicon,
		lines:   p.lines[:0], ids: p.ids[:0], idEnds: p.idEnds[:0], words: p.words[:0], ends: p.ends[:0], labels: p.labels[:0],
		texts: p.texts[:0], folded: p.folded[:0], content: p.content[:0], contentEnds: p.contentEnds[:0], merged: p.merged[:0], dropped: p.dropped[:0],
	}
	return p
}

// add appends a sentence with the labels at hand. An empty id stands for none.
func (w *worker) add(p *part, id, text []byte, line int) {
	at := uint32(len(p.lines))
	for range w.labels.merged {
		p.merged = append(p.merged, at)
	}
	for range w.labels.dropped {
		p.dropped = append(p.dropped, at)
	}
	p.lines = append(p.lines, uint32(line))
	p.ids = append(p.ids, id...)
	p.idEnds = append(p.idEnds, uint32(len(p.ids)))
	p.words = w.lexicon.append(p.words, text)
	p.ends = append(p.ends, uint32(len(p.words)))
	p.texts = append(p.texts, w.key(text))
	var hash uint64
	hash, w.folded = foldedHash(w.folded, text)
	p.folded = append(p.folded, hash)
	p.content = append(appendJSON(append(p.content, ','), text), ",["...)
	for a, label := range w.labels.polarity {
		if a > 0 {
			p.content = append(p.content, ',')
		}
		p.content = strconv.AppendInt(p.content, int64(label), 10)
		p.labels = append(p.labels, int8(label))
	}
	p.content = append(p.content, "]]\n"...)
	p.contentEnds = append(p.contentEnds, uint32(len(p.content)))
	p.known = w.lexicon.words
}

// key folds a text, letter case and white space aside.
func (w *worker) key(text []byte) textKey {
	w.folded = slices.Grow(w.folded[:0], len(text))
	folded, n, last := w.folded[:len(text)], 0, uint8(1)
	for _, c := range text {
		if c >= utf8.RuneSelf {
			w.folded = append(w.folded[:0], strings.Join(strings.Fields(strings.ToLower(string(text))), " ")...)
			return w.hash()
		}
		f := folding[c]
		folded[n] = f.to // the next one takes its place if it is white space after such
		n += int(1 - f.space&last)
		last = f.space
	}
	if n > 0 {
		n -= int(last)
	}
	w.folded = folded[:n]
	return w.hash()
}

// folding has the lower case of letters of ASCII and a space for its white space,
// and says that it is one: a sum is faster than a branch that nobody can foresee.
var folding = func() (as [utf8.RuneSelf]struct{ to, space uint8 }) {
	for c := range as {
		as[c].to = byte(unicode.ToLower(rune(c)))
		if isSpace(byte(c)) {
			as[c].to, as[c].space = ' ', 1
		}
	}
	return as
}()

func (w *worker) hash() textKey {
	return textKey{maphash.Bytes(w.seeds[0], w.folded), maphash.Bytes(w.seeds[1], w.folded)}
}

// appendJSON appends a string as encoding/json writes it.
func appendJSON(to, s []byte) []byte {
	for _, c := range s {
		if escaped[c] {
			text, err := json.Marshal(string(s))
			if err != nil { // a string has no reason to fail
				text = nil
			}
			return append(to, text...)
		}
	}
	return append(append(append(to, '"'), s...), '"')
}

// escaped has the bytes of a string that encoding/json does not write as they are,
// or may not.
var escaped = func() (in [256]bool) {
	for c := range in {
		in[c] = c < ' ' || c >= 0x7f || strings.IndexByte(`"\<>&`, byte(c)) >= 0
	}
	return in
}()

// blank says whether a text has nothing but white space.
func blank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }
