package vectors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Options of Open. The zero value is fine.
type Options struct {
	// CacheDir is the folder of cache files; empty means absa/vectors in the
	// user's cache folder.
	CacheDir string
	// Progress, if not nil, is told how many bytes of the source have been
	// parsed. It is not called when the cache serves.
	Progress func(done, total int64)
}

// Open opens a table of word vectors, a file or a folder of spaCy's, through its
// cache if that holds this very source, and otherwise by parsing it and writing
// the cache; of several processes that do so at once, one writes it and the
// others wait. Trouble with the cache is never an error: the table is then held
// in memory, at the size of its values, and Info().Note says why. It ends early,
// with the cause, when ctx is done.
func Open(ctx context.Context, path string, opts Options) (*Table, error) {
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer src.close()
	fingerprint, err := src.fingerprint()
	if err != nil {
		return nil, err
	}
	read := func(b *builder) (Format, error) { return src.read(ctx, b, opts.Progress) }
	file, err := cacheFile(opts.CacheDir, src.abs)
	if err == nil {
		var t *Table
		t, err = throughCache(ctx, path, file, fingerprint, read)
		var trouble *cacheError
		if err == nil || !errors.As(err, &trouble) {
			return t, interrupted(ctx, path, err)
		}
	}
	t, failed := fillMemory(ctx, fingerprint, read)
	if failed != nil {
		return nil, interrupted(ctx, path, failed)
	}
	return t.describe(Info{Path: path, Built: true, Note: fmt.Sprintf("no cache: %v", err)}), nil
}

// interrupted is what to say of an error once ctx is done: its cause, whatever
// reader came upon it.
func interrupted(ctx context.Context, path string, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("read %s: %w", path, context.Cause(ctx))
	}
	return err
}

// throughCache maps the cache, written first where there is none.
func throughCache(ctx context.Context, path, file string, fingerprint [32]byte, read func(*builder) (Format, error)) (*Table, error) {
	sweep(filepath.Dir(file))
	t, failed := openCache(ctx, file, fingerprint)
	if failed == nil {
		return t.describe(Info{Path: path, Cache: file}), nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := claim(ctx, file, func() bool { // another may have written it since
		var err error
		t, err = openCache(ctx, file, fingerprint)
		return err == nil
	})
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return t.describe(Info{Path: path, Cache: file}), nil
	}
	defer f.Close()
	if t, err = buildCache(ctx, f, file, fingerprint, read); err != nil {
		return nil, err
	}
	info := Info{Path: path, Cache: file, Built: true}
	if !errors.Is(failed, errStale) {
		info.Note = fmt.Sprintf("cache %s was rebuilt: %v", file, failed)
	}
	return t.describe(info), nil
}

// describe completes the table's Info from its image.
func (t *Table) describe(i Info) *Table {
	h := t.image.header
	i.Format, i.Words, i.Dimension = Format(h.format), t.image.count(), t.image.dimension
	i.Duplicates, i.Std = int(h.duplicates), h.std
	t.info = i
	return t
}

// cacheFile names the cache of a source: one per path, so that a source that
// changes replaces its cache and leaves no litter.
func cacheFile(dir, abs string) (string, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "absa", "vectors")
	}
	return filepath.Join(dir, cacheName(abs)), nil
}

// fillMemory parses the source into memory.
func fillMemory(ctx context.Context, fingerprint [32]byte, read func(*builder) (Format, error)) (*Table, error) {
	m := &memory{}
	t, err := fill(ctx, m, fingerprint, read)
	if err != nil {
		return nil, errors.Join(err, m.release())
	}
	return t, nil
}
