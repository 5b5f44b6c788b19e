package data

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"absa/configs"
)

// conversion is what makes an image of a corpus.
type conversion struct {
	name   string // of the corpus, for errors
	data   configs.Data
	text   configs.Text
	key    [32]byte
	size   int64            // of the corpus in bytes; 0 if it is not known
	block  int              // bytes that a worker gets at a time; 0 means 1 MiB
	report func(done int64) // bytes read, from the calling goroutine; may be nil

	root  string          // element of an XML file
	seeds [2]maphash.Seed // of textKey
	spare chan *part      // that were joined
	texts chan []byte     // the buffers of their blocks
	read  atomic.Int64
	told  int64
}

// write writes an image whose header is still blank to w and returns the header.
// Workers turn blocks of the file into parts, which are joined in the order of
// the file: the image depends on nothing but the file and the settings.
func (c *conversion) write(ctx context.Context, r io.Reader, w io.Writer) (head []byte, err error) {
	schema, err := newSchema(c.data.Aspects, c.data.Polarities)
	if err != nil {
		return nil, err
	}
	workers := make([]*worker, runtime.GOMAXPROCS(0))
	c.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	c.spare = make(chan *part, 4*len(workers))
	c.texts = make(chan []byte, 4*len(workers))
	for i := range workers {
		if workers[i], err = newWorker(c.data, c.text, c.seeds); err != nil {
			return nil, err
		}
		workers[i].spare = c.spare
	}
	b, err := newBuilder(c.name, w)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(r, io.MultiWriter(sum, (*counter)(&c.read))), 1<<16)
	format := corpusFormat(c.name, in)
	c.root = rootElement(in)
	lines := format == JSONL
	cut := cutXML
	if lines {
		skipBOM(in)
		cut = cutLines
	}

	if format == CSV {
		if err := c.csv(ctx, in, b, workers[0]); err != nil {
			return nil, err
		}
		return b.finish(c.key, sum.Sum(nil), schema)
	}

	ctx, stop := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop(nil)
	work := make(chan *block, len(workers))
	ordered := make(chan *block, 2*len(workers))
	running.Go(func() { readBlocks(ctx, in, cut, cmp.Or(c.block, 1<<20), c.texts, work, ordered) })
	for _, w := range workers {
		running.Go(func() {
			for b := range work {
				if lines {
					b.part <- w.scanJSONL(b.text)
				} else {
					b.part <- w.scanXML(c.root, b.text, b.first, b.last)
				}
			}
		})
	}
	if err := c.join(ctx, b, ordered, lines); err != nil {
		return nil, err
	}
	running.Wait() // until the sum is that of the whole file
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if b.count() == 0 && lines {
		return nil, fmt.Errorf("%s: no sentence in it", c.name)
	}
	return b.finish(c.key, sum.Sum(nil), schema)
}

// join adds the parts of the blocks to b.
func (c *conversion) join(ctx context.Context, b *builder, ordered <-chan *block, lines bool) error {
	before, read, expected := 0, 0, 0
	for block := range ordered {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := <-block.part
		c.tell()
		if !lines && (p.odd || block.err != nil) {
			return c.decode(ctx, b, before, block, ordered)
		}
		if block.err != nil {
			return &LineError{c.name, before + 1 + p.newline, fmt.Errorf("read corpus: %w", block.err)}
		}
		if err := b.add(p, before); err != nil {
			return err
		}
		if p.wrong != nil {
			return &LineError{c.name, before + p.wrongLine, named(p.wrong, b.count())}
		}
		before += p.newline
		// Room for twice as much at most: the rest may be of another kind.
		if read += len(block.text); read >= expected && !block.last {
			b.expect(min(2, float64(c.size)/float64(read)))
			expected = 2 * read
		}
		c.reuse(p)
		select {
		case c.texts <- block.buffer:
		default:
		}
	}
	return nil
}

// reuse lets a worker have a part that was joined.
func (c *conversion) reuse(p *part) {
	select {
	case c.spare <- p:
	default:
	}
}

// decode adds what a decoder reads from a block on, which follows so many lines.
func (c *conversion) decode(ctx context.Context, b *builder, before int, from *block, rest <-chan *block) error {
	var r io.Reader = &blockReader{now: from, text: from.text, rest: rest}
	if !from.first { // the decoder is to see one document
		open := "<sentences>"
		if c.root == reviewsRoot {
			open = "<Reviews><Review><sentences>"
		}
		r = io.MultiReader(strings.NewReader(open), r)
	}
	d := newDecoder(c.name, r)
	d.before, d.number = before, b.count()
	w, err := newWorker(c.data, c.text, c.seeds)
	if err != nil {
		return err
	}
	w.spare = c.spare
	return d.decode(func(r Record) error { return c.add(ctx, b, w, r) })
}

// csv adds what is in a CSV file.
func (c *conversion) csv(ctx context.Context, r io.Reader, b *builder, w *worker) error {
	for record, err := range Records(c.name, r, RecordOptions{Format: CSV, Aspects: c.data.Aspects, Categories: c.data.Categories}) {
		if err := cmp.Or(err, record.Err); err != nil {
			return err
		}
		if err := c.add(ctx, b, w, record); err != nil {
			return err
		}
	}
	if b.count() == 0 {
		return fmt.Errorf("%s: no sentence in it", c.name)
	}
	return nil
}

// add passes a record on to a builder.
func (c *conversion) add(ctx context.Context, b *builder, w *worker, r Record) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.tell()
	err := w.labels.resolve(r, r.name(), w.drop, func(line int, err error) error { return &LineError{c.name, line, err} })
	if err != nil {
		return err
	}
	p := w.begin()
	defer c.reuse(p)
	w.add(p, []byte(r.ID), []byte(r.Text), r.Line)
	return b.add(p, 0)
}

// corpusFormat tells the format of a corpus: CSV by the ending of its name, JSON
// lines and XML by how it begins. It passes over a byte order mark.
func corpusFormat(name string, r *bufio.Reader) Format {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return CSV
	}
	blank := "\ufeff \t\r\n"
	head := peek(r, func(head []byte) bool { return strings.IndexByte(blank, head[len(head)-1]) >= 0 })
	if len(head) > 0 && head[len(head)-1] == '{' {
		return JSONL
	}
	return SemEval // what is wrong with it is found by reading it
}

// tell reports how far the reading is.
func (c *conversion) tell() {
	if done := c.read.Load(); c.report != nil && done != c.told {
		c.told = done
		c.report(done)
	}
}

// counter counts the bytes that are written to it.
type counter atomic.Int64

func (c *counter) Write(p []byte) (int, error) {
	(*atomic.Int64)(c).Add(int64(len(p)))
	return len(p), nil
}
