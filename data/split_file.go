package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/internal/atomicfile"
)

// Shares of a corpus file, the rest of which is to be trained on.
type Shares struct {
	Validation, Test float64 // 0 for no such side
	Seed             int64
}

// Side is a file that SplitFile has written.
type Side struct {
	Path       string
	Statistics Statistics
}

// SplitFile divides the corpus at path into the files train, valid and test of a
// folder, which is new and has its name only when they are whole. Each has the
// ending, the head and the very bytes of the sentences of path. The shares are
// those of Set.Split: stratified as data.split_order of c says, with the sentences of one
// text on one side.
func SplitFile(ctx context.Context, path string, c configs.Config, s Shares, dir string) (sides []Side, err error) {
	if !(s.Validation >= 0 && s.Test >= 0 && s.Validation+s.Test > 0 && s.Validation+s.Test < 1) {
		return nil, fmt.Errorf("shares of %v for validation and %v for test: want them from 0 on, above 0 and below 1 together", s.Validation, s.Test)
	}
	if left, err := os.ReadDir(dir); err == nil && len(left) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; name a folder that is new or empty", dir, fs.ErrExist)
	}
	set, err := Open(ctx, path, c, OpenOptions{})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	by := Stratification{Order: c.Data.SplitOrder, Seed: s.Seed}
	rest, test := set.Split(set.All(), s.Test, by)
	train, valid := set.Split(rest, s.Validation/(1-s.Test), by)
	p := &pieces{path: path, of: make([]uint8, set.Len())}
	for _, side := range []struct {
		name  string
		at    []uint32
		share float64
	}{{"train", train, 1}, {"valid", valid, s.Validation}, {"test", test, s.Test}} {
		if side.share == 0 {
			continue
		}
		if len(side.at) == 0 {
			return nil, fmt.Errorf("%s: none of its %d sentences for %s; a larger share or a larger corpus is needed", path, set.Len(), side.name)
		}
		for _, i := range side.at {
			p.of[i] = uint8(len(sides))
		}
		sides = append(sides, Side{filepath.Join(dir, side.name+filepath.Ext(path)), set.Statistics(side.at)})
	}
	temp, err := atomicfile.MkdirTemp(filepath.Join(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+"."))
	if err != nil {
		return nil, fmt.Errorf("split %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	for i, side := range sides {
		err := atomicfile.Write(filepath.Join(temp, filepath.Base(side.Path)), func(w io.Writer) error { return p.write(ctx, w, uint8(i)) })
		if err != nil {
			return nil, fmt.Errorf("split %s: %w", path, err)
		}
	}
	if err := os.Rename(temp, dir); err != nil {
		return nil, fmt.Errorf("split %s: %w", path, err)
	}
	return sides, atomicfile.SyncDir(filepath.Dir(filepath.Clean(dir)))
}

// pieces are the bytes of the sentences of a file.
type pieces struct {
	path string
	of   []uint8 // the side of each sentence
}

// write writes a side: the head of the file, its sentences, and the tail.
func (p *pieces) write(ctx context.Context, w io.Writer, side uint8) error {
	f, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer f.Close()
	format := corpusFormat(p.path, bufio.NewReader(f))
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out := &lineEnds{w: w, last: '\n'}
	number, end := 0, int64(0)
	for r, err := range Records(p.path, f, RecordOptions{Format: format}) {
		if err == nil {
			err = r.Err
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil && r.From > end { // the head, or what is between two lists: each side has all of them
			err = out.copy(f, end, r.From)
		}
		if err == nil && number < len(p.of) && p.of[number] == side {
			if format != SemEval { // a sentence has lines of its own
				err = out.end()
			}
			err = errors.Join(err, out.copy(f, r.From, r.To))
		}
		if err != nil {
			return err
		}
		number, end = number+1, r.To
	}
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	if number != len(p.of) {
		return fmt.Errorf("%s has %d sentences now and had %d; it must not change meanwhile", p.path, number, len(p.of))
	}
	return out.copy(f, end, stat.Size())
}

// lineEnds knows whether what was written ended with a line.
type lineEnds struct {
	w    io.Writer
	last byte
}

// copy writes the bytes [from,to) of f.
func (l *lineEnds) copy(f io.ReaderAt, from, to int64) error {
	_, err := io.Copy(l, io.NewSectionReader(f, from, to-from))
	return err
}

func (l *lineEnds) Write(b []byte) (int, error) {
	if len(b) > 0 {
		l.last = b[len(b)-1]
	}
	return l.w.Write(b)
}

// end ends the line, as the last one of a file may have none.
func (l *lineEnds) end() error {
	if l.last == '\n' {
		return nil
	}
	_, err := l.Write([]byte("\n"))
	return err
}
