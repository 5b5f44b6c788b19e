package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// block is a piece of a file, cut between two sentences.
type block struct {
	text        []byte
	first, last bool
	err         error // of reading on after the text, other than the end
	part        chan *part

	buffer []byte // that the text is in, and the beginning of the next one
}

// cutting says where a file of some format may be cut: the last place in the
// text at which a sentence may begin, 0 or less if there is none.
type cutting func(text []byte) int

func cutXML(text []byte) int {
	for end := len(text); ; {
		at := bytes.LastIndex(text[:end], []byte("<sentence"))
		if at < 0 {
			return 0
		}
		if after := at + len("<sentence"); after < len(text) && (text[after] == '>' || isSpace(text[after])) {
			return at
		}
		end = at
	}
}

func cutLines(text []byte) int { return bytes.LastIndexByte(text, '\n') + 1 }

// longestBlock is the number of bytes within which a sentence must begin. What
// has none for longer is no corpus, and is not to fill the memory.
const longestBlock = 16 << 20

var errUncut = fmt.Errorf("no sentence begins within %d MiB; is it a corpus?", longestBlock>>20)

// readBlocks cuts a file into blocks. It gives each to work and then to
// ordered, and closes both at the end. A block has about size bytes; it doubles
// while there is no place to cut, up to longestBlock. spare has buffers of blocks
// that nobody uses any more.
func readBlocks(ctx context.Context, r io.Reader, cut cutting, size int, spare <-chan []byte, work, ordered chan<- *block) {
	defer close(work)
	defer close(ordered)
	var rest []byte
	for first := true; ; first = false {
		b := &block{first: first, part: make(chan *part, 1)}
		b.text = rest
		for cutAt := 0; cutAt == 0 && !b.last; {
			from := len(b.text)
			to := from + max(size, from)
			b.buffer = bufferOf(to, spare)
			copy(b.buffer, b.text)
			b.text = b.buffer
			n, err := io.ReadFull(r, b.text[from:])
			b.text = b.text[:from+n]
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				b.last = true
			} else if err != nil {
				b.last, b.err = true, err
			}
			if b.last {
				break
			}
			// A tag may begin in what was searched and end in what is new.
			searched := max(0, from-len("<sentence"))
			if at := cut(b.text[searched:]); at > 0 {
				cutAt = searched + at
				b.text, rest = b.text[:cutAt:cutAt], b.text[cutAt:]
			} else if len(b.text) >= longestBlock {
				b.last, b.err = true, errUncut
			}
		}
		for _, to := range []chan<- *block{work, ordered} {
			select {
			case to <- b:
			case <-ctx.Done():
				return
			}
		}
		if b.last {
			return
		}
	}
}

// bufferOf returns a buffer of so many bytes, one that was used before if there is.
func bufferOf(size int, spare <-chan []byte) []byte {
	select {
	case b := <-spare:
		if cap(b) >= size {
			return b[:size]
		}
	default:
	}
	return make([]byte, size)
}

// blockReader reads the text of blocks.
type blockReader struct {
	now  *block
	text []byte // of now that is left
	rest <-chan *block
}

func (r *blockReader) Read(p []byte) (int, error) {
	for len(r.text) == 0 {
		if r.now.err != nil {
			return 0, r.now.err
		}
		next, ok := <-r.rest
		if !ok {
			return 0, io.EOF
		}
		r.now, r.text = next, next.text
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}
