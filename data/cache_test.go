package data

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"absa/configs"
)

// madeFile writes a made-up corpus and says how to convert it.
func madeFile(t testing.TB, sentences int) (path string, o OpenOptions) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "made.xml")
	if err := os.WriteFile(path, synthetic(t, sentences, false), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, OpenOptions{CacheDir: filepath.Join(dir, "cache"), CacheFrom: 1}
}

func mustOpen(t testing.TB, path string, c configs.Config, o OpenOptions) *Set {
	t.Helper()
	s, err := Open(t.Context(), path, c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func cacheFiles(t testing.TB, o OpenOptions) []string {
	t.Helper()
	entries, err := os.ReadDir(o.CacheDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What is mapped is what is read into memory, and is converted once for each way
// of reading it.
func TestConvertedOnce(t *testing.T) {
	path, o := madeFile(t, 3000)
	c := configs.Default()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := OpenReader(t.Context(), path, bytes.NewReader(text), c)
	if err != nil {
		t.Fatal(err)
	}
	var read int64
	o.Progress = func(done, total int64) {
		if done < read || total != int64(len(text)) {
			t.Errorf("%d of %d bytes after %d", done, total, read)
		}
		read = done
	}
	first := mustOpen(t, path, c, o)
	if read != int64(len(text)) || first.Built() == "" || first.Note() != "" {
		t.Errorf("%d bytes read, built %q, note %q", read, first.Built(), first.Note())
	}
	o.Progress = func(int64, int64) { t.Error("it is read again") }
	second := mustOpen(t, path, c, o)
	if second.Built() != "" || second.Note() != "" {
		t.Errorf("built %q, note %q the second time", second.Built(), second.Note())
	}
	o.Progress = nil
	for _, s := range []*Set{first, second} {
		m, want := s.image, inMemory.image
		if !slices.Equal(m.words, want.words) || !slices.Equal(m.labels, want.labels) || !bytes.Equal(m.ids, want.ids) || !slices.Equal(m.groups, want.groups) || s.SHA256() != inMemory.SHA256() || s.Fingerprint() != inMemory.Fingerprint() {
			t.Error("what is mapped is not what is read")
		}
	}
	other := c
	other.Text.Cleaning = "article"
	if mustOpen(t, path, other, o).Built() == "" || mustOpen(t, path, c, o).Built() != "" {
		t.Error("another cleaning takes the place of the first")
	}
	if n := len(cacheFiles(t, o)); n != 2 {
		t.Errorf("%d files for two ways of reading", n)
	}
}

func TestConvertedAgain(t *testing.T) {
	path, o := madeFile(t, 500)
	c := configs.Default()
	file := mustOpen(t, path, c, o).Built()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 4
		return b
	}
	tests := []struct {
		name, note string
		content    []byte
	}{
		{"empty", "0 bytes", nil},
		{"cut short", "the header announces", whole[:len(whole)/2]},
		{"cut within the header", "cannot be mapped", whole[:headerSize/2]},
		{"longer", "the header announces", append(bytes.Clone(whole), 0)},
		{"another file", "not a converted corpus", bytes.Repeat([]byte("x"), 1000)},
		{"damaged header", "checksum of the header", flip(120)},
		{"damaged words", "checksum of the content", flip(headerSize + 9)},
		{"damaged end", "checksum of the content", flip(len(whole) - 9)},
		{"another version", "format version", flip(12)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(file, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			s := mustOpen(t, path, c, o)
			if s.Built() != file || !strings.Contains(s.Note(), test.note) || !strings.Contains(s.Note(), file) {
				t.Errorf("built %q, note %q, want %q in it", s.Built(), s.Note(), test.note)
			}
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, whole) {
				t.Errorf("it is not what it was: %v", err)
			}
		})
	}
	t.Run("cannot be opened", func(t *testing.T) {
		if err := errors.Join(os.Remove(file), os.Symlink(file, file)); err != nil {
			t.Fatal(err)
		}
		if s := mustOpen(t, path, c, o); s.Built() != file || !strings.Contains(s.Note(), syscall.ELOOP.Error()) {
			t.Errorf("built %q, note %q", s.Built(), s.Note())
		}
		if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, whole) {
			t.Errorf("it is not what it was: %v", err)
		}
	})
	t.Run("another corpus", func(t *testing.T) {
		now := time.Now().Add(time.Minute)
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
		if s := mustOpen(t, path, c, o); s.Built() != file || s.Note() != "" {
			t.Errorf("built %q, note %q", s.Built(), s.Note())
		}
	})
}

// A conversion that does not come to its end leaves nothing.
func TestConversionLeavesNothing(t *testing.T) {
	path, o := madeFile(t, 20000)
	c := configs.Default()
	t.Run("interrupted", func(t *testing.T) {
		over := errors.New("over")
		ctx, stop := context.WithCancelCause(t.Context())
		o := o
		o.Progress = func(int64, int64) { stop(over) }
		if _, err := Open(ctx, path, c, o); !errors.Is(err, over) {
			t.Errorf("got %v, want %v", err, over)
		}
		if left := cacheFiles(t, o); left != nil {
			t.Errorf("left: %q", left)
		}
	})
	t.Run("wrong in the middle", func(t *testing.T) {
		bad := filepath.Join(t.TempDir(), "bad.xml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		half := bytes.Index(text[len(text)/2:], []byte("<text>")) + len(text)/2
		if err := os.WriteFile(bad, append(text[:half:half], "<b/>"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), bad, c, o); err == nil || !strings.HasPrefix(err.Error(), bad+":") {
			t.Errorf("got %v, want an error of %s", err, bad)
		}
		if left := cacheFiles(t, o); left != nil {
			t.Errorf("left: %q", left)
		}
	})
	t.Run("no room", func(t *testing.T) {
		var old syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), path, c, o)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), o.CacheDir) || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
			t.Errorf("got %v, want an error that names the folder and another way", err)
		}
		if left := cacheFiles(t, o); left != nil {
			t.Errorf("left: %q", left)
		}
	})
	t.Run("killed", func(t *testing.T) {
		converted := mustOpen(t, path, c, o).Built()
		long := time.Now().Add(-time.Hour)
		for name, at := range map[string]time.Time{"made.xml-1.corpus.tmp-1": long, "made.xml-1.corpus.tmp-2": time.Now(), "made.xml-1.corpus": long, "held.corpus.tmp-3": long} {
			file := filepath.Join(o.CacheDir, name)
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
		}
		held, err := os.Open(filepath.Join(o.CacheDir, "held.corpus.tmp-3"))
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		// To open what is converted already sweeps too.
		file := filepath.Base(converted)
		if s := mustOpen(t, path, c, o); s.Built() != "" {
			t.Errorf("%s is converted again", s.Built())
		}
		want := []string{"held.corpus.tmp-3", "made.xml-1.corpus", "made.xml-1.corpus.tmp-2", file}
		slices.Sort(want)
		if left := cacheFiles(t, o); !slices.Equal(left, want) {
			t.Errorf("left: %q, want %q", left, want)
		}
	})
}

// Views of a damaged image are empty rather than out of bounds.
func FuzzImage(f *testing.F) {
	c := configs.Default()
	var b bytes.Buffer
	x := conversion{name: "f", data: c.Data, text: c.Text}
	head, err := x.write(f.Context(), bytes.NewReader(synthetic(f, 5, false)), &b)
	if err != nil {
		f.Fatal(err)
	}
	copy(b.Bytes(), head)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, image []byte) {
		m, err := parseImage(slices.Clone(image))
		if err != nil {
			return
		}
		s := &Set{Schema: Schema{Aspects: make([]string, m.header.aspects)}, image: m}
		e := s.Examples(s.All(), NewVocabulary(nil, 1))
		for i := range s.Len() {
			s.ID(i)
			e.Tokens(make([]int64, e.Length(i)), i)
			s.Labels(i)
		}
		for k := range s.Kinds() {
			s.Word(k)
		}
		for range s.Merged() {
		}
	})
}
