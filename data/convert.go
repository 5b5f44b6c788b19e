package data

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"io"
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
	block  int              // bytes that a worker gets at a time; 0 means 1 MiB
	report func(done int64) // bytes read, from the calling goroutine; may be nil

	seeds [2]maphash.Seed // of textKey
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
	for i := range workers {
		if workers[i], err = newWorker(c.data, c.text, c.seeds); err != nil {
			return nil, err
		}
	}
	b, err := newBuilder(c.name, w)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	in := bufio.NewReader(io.TeeReader(r, io.MultiWriter(sum, (*counter)(&c.read))))
	lines := looksLikeJSON(in)
	cut := cutXML
	if lines {
		cut = cutLines
	}

	ctx, stop := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop(nil)
	work := make(chan *block, len(workers))
	ordered := make(chan *block, 2*len(workers))
	running.Go(func() { readBlocks(ctx, in, cut, cmp.Or(c.block, 1<<20), work, ordered) })
	for _, w := range workers {
		running.Go(func() {
			for b := range work {
				if lines {
					b.part <- w.scanJSONL(b.text)
				} else {
					b.part <- w.scanXML(b.text, b.first, b.last)
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
	before := 0
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
			return fmt.Errorf("%s:%d: read corpus: %w", c.name, before+1+p.newline, block.err)
		}
		if err := b.add(p, before); err != nil {
			return err
		}
		if p.wrong != nil {
			return fmt.Errorf("%s:%d: %w", c.name, before+p.wrongLine, p.wrong)
		}
		before += p.newline
	}
	return nil
}

// decode adds what a decoder reads from a block on, which follows so many lines.
func (c *conversion) decode(ctx context.Context, b *builder, before int, from *block, rest <-chan *block) error {
	var r io.Reader = &blockReader{now: from, text: from.text, rest: rest}
	if !from.first { // the decoder is to see one document
		r = io.MultiReader(strings.NewReader("<sentences>"), r)
	}
	d := newDecoder(c.name, r)
	d.before = before
	if err := d.configure(c.data); err != nil {
		return err
	}
	w, err := newWorker(c.data, c.text, c.seeds)
	if err != nil {
		return err
	}
	return d.decode(&decoded{ctx: ctx, conversion: c, builder: b, worker: w})
}

// decoded is the sink that passes what a decoder reads to a builder.
type decoded struct {
	ctx        context.Context
	conversion *conversion
	*builder
	worker *worker
}

func (d *decoded) add(r Review, line, merged, dropped int) error {
	if d.ctx.Err() != nil {
		return context.Cause(d.ctx)
	}
	d.conversion.tell()
	l := d.worker.labels
	l.polarity, l.merged, l.dropped = r.Labels, merged, dropped
	p := d.worker.begin()
	d.worker.add(p, []byte(r.ID), []byte(r.Text), line)
	return d.builder.add(p, 0)
}

// looksLikeJSON tells a file of JSON from XML by its beginning.
func looksLikeJSON(r *bufio.Reader) bool {
	head, _ := r.Peek(512) // what is wrong is found by reading on
	head = bytes.TrimLeft(head, " \t\r\n")
	return len(head) > 0 && head[0] == '{'
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
