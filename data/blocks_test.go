package data

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// endless is a file of one character.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// blocksOf cuts a file and tells the bytes that were searched for it.
func blocksOf(t *testing.T, r io.Reader, cut cutting, size int) (blocks []*block, searched int) {
	t.Helper()
	work, ordered := make(chan *block), make(chan *block)
	go readBlocks(t.Context(), r, func(text []byte) int {
		searched += len(text)
		return cut(text)
	}, size, nil, work, ordered)
	for b := range work {
		blocks = append(blocks, <-ordered)
		if b != blocks[len(blocks)-1] {
			t.Fatal("the order is another than that of the work")
		}
	}
	return blocks, searched
}

// Every block but the first begins with a sentence, wherever the pieces that
// are read end, and nothing is lost.
func TestBlocksBeginWithSentences(t *testing.T) {
	file := "<sentences>\n" + strings.Repeat("<sentence><sentencex/></sentence>\n<sentence id='1'>long long long long long long long</sentence>", 20)
	for size := 1; size < 150; size++ {
		blocks, _ := blocksOf(t, strings.NewReader(file), cutXML, size)
		var all []byte
		for i, b := range blocks {
			if i > 0 && !bytes.HasPrefix(b.text, []byte("<sentence>")) && !bytes.HasPrefix(b.text, []byte("<sentence ")) {
				t.Fatalf("blocks of %d: one begins with %.20q", size, b.text)
			}
			all = append(all, b.text...)
		}
		if string(all) != file || size < 30 && len(blocks) < 20 {
			t.Fatalf("blocks of %d: %d blocks, %d bytes of %d", size, len(blocks), len(all), len(file))
		}
	}
}

// A file without an end of a sentence is refused in bounded memory, and each
// byte is looked at about once.
func TestBlocksWithoutACut(t *testing.T) {
	for name, cut := range map[string]cutting{"XML": cutXML, "lines": cutLines} {
		t.Run(name, func(t *testing.T) {
			blocks, searched := blocksOf(t, endless('x'), cut, 1<<16)
			if len(blocks) != 1 || blocks[0].err != errUncut || len(blocks[0].text) > 2*longestBlock {
				t.Fatalf("%d blocks of an endless file, the first with %d bytes and error %v", len(blocks), len(blocks[0].text), blocks[0].err)
			}
			if most := len(blocks[0].text) + 1000; searched > most {
				t.Errorf("%d bytes searched, want at most %d", searched, most)
			}
		})
	}
	for _, test := range []struct{ name, begins, want string }{
		{"f.xml", "<sentences>", "f.xml:1: a piece of XML that is longer than 1048576 bytes"},
		{"f.jsonl", `{"text": "`, "f.jsonl:1: read corpus: " + errUncut.Error()},
	} {
		_, err := OpenReader(t.Context(), test.name, io.MultiReader(strings.NewReader(test.begins), endless(' ')), cleaned(twoByTwo()))
		if err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
