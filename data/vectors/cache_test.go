package vectors

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChangedSourceIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	path := write(t, "v.txt", []byte("the 1 2\n"))
	open(t, path, dir)
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("the 3 4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, stat.ModTime()); err != nil { // same size, same time
		t.Fatal(err)
	}
	table := open(t, path, dir)
	if v, _ := table.Lookup("the"); !cmp.Equal(v, []float32{3, 4}) {
		t.Errorf("the = %v", v)
	}
	if i := table.Info(); !i.Built || i.Note != "" {
		t.Errorf("info %+v", i)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("cache folder holds %v, want one file", files)
	}
}

func TestDamagedCacheIsRebuilt(t *testing.T) {
	tests := []struct {
		name   string
		damage func([]byte) []byte
		note   string
	}{
		{"empty", func(b []byte) []byte { return nil }, "read header"},
		{"no header", func(b []byte) []byte { return b[:100] }, "read header"},
		{"cut off", func(b []byte) []byte { return b[:len(b)-1] }, "the header announces"},
		{"longer", func(b []byte) []byte { return append(b, 0) }, "the header announces"},
		{"another program's", func(b []byte) []byte { b[0] = 'x'; return b }, "not a cache"},
		{"byte order", func(b []byte) []byte { b[8], b[11] = b[11], b[8]; return b }, "byte order"},
		{"other version", func(b []byte) []byte { b[12]++; return b }, "format version"},
		{"bit of the header", func(b []byte) []byte { b[50] ^= 4; return b }, "checksum of the header"},
		{"bit of a row", func(b []byte) []byte { b[headerSize+5] ^= 1; return b }, "checksum of the content"},
		{"last bit", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, "checksum of the content"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, dir := write(t, "v.txt", []byte(plainText)), t.TempDir()
			want := open(t, path, dir)
			file := want.Info().Cache
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(file); err != nil { // the open table keeps its mapping
				t.Fatal(err)
			}
			if err := os.WriteFile(file, test.damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			got := open(t, path, dir)
			if i := got.Info(); !i.Built || i.Cache != file || !strings.Contains(i.Note, test.note) {
				t.Errorf("info %+v, want a note with %q", i, test.note)
			}
			if diff := cmp.Diff(contents(want), contents(got)); diff != "" {
				t.Error(diff)
			}
			if i := open(t, path, dir).Info(); i.Built || i.Note != "" {
				t.Errorf("next load: %+v", i)
			}
		})
	}
}

func TestCacheTroubleIsNoError(t *testing.T) {
	blocked := write(t, "file", nil)
	readOnly := t.TempDir()
	if err := os.Chmod(readOnly, 0o555); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dir, note string }{
		{"a file in its place", filepath.Join(blocked, "cache"), "not a directory"},
		{"read-only folder", readOnly, "permission denied"},
		{"kernel's file system", "/proc/absa", "/proc/absa"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.dir == readOnly && os.Geteuid() == 0 {
				t.Skip("root writes to read-only folders; run as an ordinary user")
			}
			table := open(t, write(t, "v.txt", []byte(plainText)), test.dir)
			if i := table.Info(); i.Cache != "" || !i.Built || !strings.Contains(i.Note, test.note) {
				t.Errorf("info %+v, want a note with %q", i, test.note)
			}
			if v, ok := table.Lookup("food"); !ok || !cmp.Equal(v, []float32{4, 5, 6}) {
				t.Errorf("food = %v, %v", v, ok)
			}
		})
	}
}

// TestCacheDiskFull limits the size of files that this process may write, as a
// full disk would: the write fails in the middle of the rows.
func TestCacheDiskFull(t *testing.T) {
	var text strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&text, "w%d 1 2 3 4\n", i)
	}
	path, dir := write(t, "v.txt", []byte(text.String())), t.TempDir()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = 2 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	table, err := Open(t.Context(), path, Options{CacheDir: dir})
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); restore != nil {
		t.Fatal(restore)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if i := table.Info(); i.Cache != "" || !strings.Contains(i.Note, "file too large") {
		t.Errorf("info %+v", i)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in the cache folder: %v", left)
	}
	for i := range table.Len() { // the index grew on the way
		word := fmt.Sprint("w", i)
		if v, ok := table.Lookup(word); !ok || &v[0] != &table.image.rows[4*i] {
			t.Fatalf("%s: found %v, not its own row", word, ok)
		}
	}
	if table.Len() != 200_000 {
		t.Errorf("%d words", table.Len())
	}
}

func TestConcurrentOpen(t *testing.T) {
	path, dir := write(t, "v.txt", []byte(plainText)), t.TempDir()
	var group sync.WaitGroup
	var built atomic.Int32
	for range 16 {
		group.Go(func() {
			table, err := Open(t.Context(), path, Options{CacheDir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			defer table.Close()
			if table.Info().Built {
				built.Add(1)
			}
			if v, _ := table.Lookup("food"); !cmp.Equal(v, []float32{4, 5, 6}) || table.Info().Note != "" {
				t.Errorf("food = %v, info %+v", v, table.Info())
			}
		})
	}
	group.Wait()
	if built.Load() != 1 {
		t.Errorf("%d wrote the cache, want one", built.Load())
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("cache folder holds %v, want one file", files)
	}
}

// TestLeftoversAreRemoved holds that what a killed process has left goes when
// any cache of the folder is opened, and that what another process writes stays.
func TestLeftoversAreRemoved(t *testing.T) {
	path, dir := write(t, "v.txt", []byte(plainText)), t.TempDir()
	file := open(t, path, dir).Info().Cache
	left := []string{file + tempMark, file + tempMark + "-1", filepath.Join(dir, "other.txt-0.cache") + tempMark}
	written := filepath.Join(dir, "another.txt-0.cache") + tempMark
	for _, name := range append(left, written) {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(written)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lock(f); err != nil {
		t.Skipf("a file system without locks: %v", err)
	}
	if open(t, path, dir).Info().Built {
		t.Error("the cache was built again")
	}
	for _, name := range left {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("leftover %s: %v", name, err)
		}
	}
	if _, err := os.Stat(written); err != nil {
		t.Errorf("the one in use: %v", err)
	}
}

// TestInterrupted holds that a context ends the reading of the source, of the
// cache, and the wait for another process, and that nothing is left.
func TestInterrupted(t *testing.T) {
	stop := errors.New("enough")
	path := write(t, "v.txt", []byte(strings.Repeat(plainText, 100_000))) // more than a buffer
	for _, name := range []string{"reading", "reading into memory", "the cache", "waiting"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			opts := Options{CacheDir: dir, Progress: func(done, total int64) {
				cancel(stop)
				if done == total {
					t.Error("all of it was read")
				}
			}}
			kept := 0
			switch name {
			case "reading into memory":
				opts.CacheDir = filepath.Join(path, "none")
			case "the cache":
				open(t, path, dir)
				cancel(stop)
				kept = 1
			case "waiting":
				src, err := openSource(path)
				if err != nil {
					t.Fatal(err)
				}
				defer src.close()
				file, err := cacheFile(dir, src.abs)
				if err != nil {
					t.Fatal(err)
				}
				f, err := claim(ctx, file, func() bool { return false })
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				go cancel(stop)
				kept = 1
			}
			if _, err := Open(ctx, path, opts); !errors.Is(err, stop) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
			if files, _ := os.ReadDir(dir); len(files) != kept {
				t.Errorf("left in the cache folder: %v", files)
			}
		})
	}
}
