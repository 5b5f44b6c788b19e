package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/data/sample"
)

// OpenOptions of Open. The zero value is fine.
type OpenOptions struct {
	// CacheDir is the folder of converted corpora; empty means absa/corpora in
	// the user's cache folder.
	CacheDir string
	// CacheFrom is the size in bytes from which a file is converted; smaller ones
	// are read into memory each time. 0 means 16 MiB.
	CacheFrom int64
	// Progress, if not nil, is told how many bytes of the file have been read, if
	// the file is one that is converted.
	Progress func(done, total int64)
}

// OpenTrain opens the training corpus that c names. configs.Sample stands for
// the embedded one.
func OpenTrain(ctx context.Context, c configs.Config, o OpenOptions) (*Set, error) {
	s, err := open(ctx, c.Data.Train, "train.xml", sample.Train, c, o)
	if err != nil {
		return nil, fmt.Errorf("data.train: %w", err)
	}
	return s, nil
}

// OpenTest opens the test corpus that c names. A configuration without one
// (data.test empty) is an error here: ask before calling.
func OpenTest(ctx context.Context, c configs.Config, o OpenOptions) (*Set, error) {
	s, err := open(ctx, c.Data.Test, "test.xml", sample.Test, c, o)
	if err != nil {
		return nil, fmt.Errorf("data.test: %w", err)
	}
	return s, nil
}

// open opens path, or the embedded file where path is configs.Sample.
func open(ctx context.Context, path, file string, embedded func() []byte, c configs.Config, o OpenOptions) (*Set, error) {
	switch path {
	case "":
		return nil, errors.New("no corpus is named; give a file of SemEval XML, JSON lines or CSV, or " + configs.Sample)
	case configs.Sample:
		s, err := OpenReader(ctx, configs.Sample+"/"+file, bytes.NewReader(embedded()), c)
		if err != nil {
			return nil, err
		}
		s.Path = configs.Sample
		return s, nil
	}
	return Open(ctx, path, c, o)
}

// Open opens the corpus at path: SemEval XML, a sentence as JSON in each line, or
// CSV where the name ends in .csv. The aspects and polarities of c.Data are the
// labels that it may hold, under the names that c.Data.Categories give them too,
// c.Text says how its sentences are cut into words. Errors in the content begin
// with path:line.
//
// A large file is converted once into a file of the cache folder, which is
// mapped into memory then and whenever the file is opened again with the same
// settings. That file has its name only when it is whole; one that is damaged or
// cannot be read, or is of a corpus that has changed since, is replaced. Nothing
// else removes it: after a corpus has moved, or with other settings, it stays
// until someone empties the folder, which is safe at any time.
func Open(ctx context.Context, path string, c configs.Config, o OpenOptions) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if o.CacheFrom == 0 {
		o.CacheFrom = 16 << 20
	}
	if !stat.Mode().IsRegular() || stat.Size() < o.CacheFrom {
		return OpenReader(ctx, path, f, c)
	}
	x := &cached{source: f, stat: stat, conversion: conversion{name: path, size: stat.Size(), data: c.Data, text: c.Text}}
	if o.Progress != nil {
		x.conversion.report = func(done int64) { o.Progress(done, stat.Size()) }
	}
	if err := x.place(o.CacheDir); err != nil {
		return nil, err
	}
	s, err := x.open(ctx)
	if err != nil {
		return nil, err
	}
	return s.describe(path, c), nil
}

// OpenReader reads a corpus from r to its end into ordinary memory, about 100
// bytes for a sentence. The name stands for the file in errors and becomes Path.
func OpenReader(ctx context.Context, name string, r io.Reader, c configs.Config) (*Set, error) {
	x := conversion{name: name, data: c.Data, text: c.Text}
	var b bytes.Buffer
	head, err := x.write(ctx, r, &b)
	if err != nil {
		return nil, err
	}
	copy(b.Bytes(), head)
	m, err := parseImage(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &Set{image: m}
	return s.describe(name, c), nil
}

func (s *Set) describe(path string, c configs.Config) *Set {
	s.Path, s.Schema = path, Schema{Aspects: c.Data.Aspects, Polarities: c.Data.Polarities}
	return s
}

// place names the file that the corpus is converted into. There is one for each
// path and way of reading it.
func (x *cached) place(dir string) error {
	abs, err := filepath.Abs(x.conversion.name)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return fmt.Errorf("read corpus: %w", err)
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("convert %s: there is no folder for it: %w (set XDG_CACHE_HOME)", x.conversion.name, err)
		}
		dir = filepath.Join(user, "absa", "corpora")
	}
	cuts, err := probed(x.conversion.text)
	if err != nil {
		return err
	}
	d := x.conversion.data
	l := newLabels(Schema{Aspects: d.Aspects, Polarities: d.Polarities}, d.Categories)
	folded, _ := foldedHash(nil, []byte(probe))
	how := fmt.Sprintf("%d %q %q %q %s %+v %q %q %d %x", imageVersion, d.Aspects, d.Polarities, d.Categories, d.Contradictions, x.conversion.text, cuts,
		l.mapping.known, l.joined, folded)
	name := sha256.Sum256([]byte(abs + "\x00" + how))
	x.file = filepath.Join(dir, fmt.Sprintf("%.64s-%x.corpus", filepath.Base(abs), name[:8]))
	x.conversion.key, err = fingerprint(x.source, x.stat, abs+"\x00"+how)
	if err != nil {
		return fmt.Errorf("%s: read corpus: %w", x.conversion.name, err)
	}
	return nil
}

// probe has tokens of every kind, so that its cuts change with a tokenizer's.
const probe = `The well-kept café, "isn't" cheap ($4.50 at 7:30pm, 1,000 or 1/2)... wouldn't've
	cannot 'em o'clock U.S. p.m. www.example.com http://a.example/b?c=1&d=2. a.b@c-d.org c-d.com!
	“Best” ` + "``so'' naïve cafe\u0301 \u5bff\u53f8 soft\u00adly \u2014 \u2026 \U0001f60b\U0001f60b \U0001f44d\U0001f3fd <unk> #1 good!!!!! \xff \x00 x\u00a0y " + `
	a.b.c.d.e 20% R&B and/or he'll we're y'all's it’s @me 2nd snake_case
	Straße ﬁsh x²٣ a` + "\x1c" + `b id its ‘s £5 1€ naïve—or––not so…… ★★ 寿—司 gonna`

// probed is how the probe is cut: two versions of the program that cut alike
// share converted corpora.
func probed(cfg configs.Text) ([]string, error) {
	cfg.MaxTokens = len(probe) // all of it
	tokenize, err := NewTokenizer(cfg)
	if err != nil {
		return nil, err
	}
	return tokenize(probe), nil
}

// fingerprint tells versions of a file apart without reading all of it: size,
// time of change, and three samples of the content.
func fingerprint(f *os.File, stat fs.FileInfo, what string) ([32]byte, error) {
	const sample = 64 << 10
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%d\x00%d\x00", what, stat.Size(), stat.ModTime().UnixNano())
	for _, at := range []int64{0, stat.Size() / 2, max(0, stat.Size()-sample)} {
		n, err := io.Copy(h, io.NewSectionReader(f, at, sample))
		if err != nil {
			return [32]byte{}, err
		}
		binary.Write(h, binary.LittleEndian, n) // a hash does not fail
	}
	return [32]byte(h.Sum(nil)), nil
}
