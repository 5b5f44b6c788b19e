package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// content is a file of 300,000 bytes without a short period.
func content(seed byte) []byte {
	b := make([]byte, 0, 300_000)
	for i := 0; len(b) < 300_000; i++ {
		sum := sha256.Sum256([]byte{seed, byte(i), byte(i >> 8)})
		b = append(b, sum[:]...)
	}
	return b[:300_000]
}

func pin(path string, b []byte) File {
	sum := sha256.Sum256(b)
	return File{Path: path, URL: "https://data.example/at/" + path, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:])}
}

// server answers as a test says and remembers the requests' ranges.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string // Range and If-Range of each request
}

// serve starts a server; answer gets the number of the request, from 0.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n := len(s.ranges)
		s.ranges = append(s.ranges, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
		s.mu.Unlock()
		answer(w, r, n)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ranges...)
}

// whole serves b with ranges, under an ETag if that is not empty.
func whole(w http.ResponseWriter, r *http.Request, b []byte, tag string) {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// cut announces b, sends its first n bytes, and drops the connection.
func cut(w http.ResponseWriter, b []byte, n int, tag string) {
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.Write(b[:n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// fetcher is one that does not wait and keeps its log.
func fetcher(t *testing.T, url string) (*Fetcher, *[]string) {
	var lines []string
	return &Fetcher{
		Dir: t.TempDir(), BaseURL: url, Pause: time.Millisecond, Stall: 5 * time.Second,
		Log: func(line string) { lines = append(lines, line) },
	}, &lines
}

func source(files ...File) Source {
	return Source{Name: "set", What: "a set", Terms: "for tests", From: "nowhere", Files: files}
}

func TestDownload(t *testing.T) {
	good, other := content(1), content(2)
	file := pin("sub/a.xml", good)
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, n int)
		part   []byte   // left by an earlier run
		ranges []string // of the requests
		want   string   // part of the error; empty for success
		left   int      // bytes of the .part file afterwards; -1 for none
	}{
		{
			name:   "at once",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, `"1"`) },
			ranges: []string{""}, left: -1,
		}, {
			name: "cut in the middle, twice",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					cut(w, good, 100_000, `"1"`)
				}
				if n == 1 {
					w.Header().Set("Content-Range", "bytes 100000-299999/300000")
					w.Header().Set("Content-Length", "200000")
					w.Header().Set("ETag", `"1"`)
					w.WriteHeader(http.StatusPartialContent)
					w.Write(good[100_000:150_000])
					panic(http.ErrAbortHandler)
				}
				whole(w, r, good, `"1"`)
			},
			ranges: []string{"", `bytes=100000- "1"`, `bytes=150000- "1"`}, left: -1,
		}, {
			name: "cut, and the server knows no ranges",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					cut(w, good, 100_000, "")
				}
				w.Write(good)
			},
			ranges: []string{"", "bytes=100000-"}, left: -1,
		}, {
			name: "cut, then the file changes for the right one",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					cut(w, other, 100_000, `"old"`)
				}
				whole(w, r, good, `"new"`)
			},
			ranges: []string{"", `bytes=100000- "old"`}, left: -1,
		}, {
			name: "cut, then the file changes, no validators",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					cut(w, other, 100_000, "")
				}
				whole(w, r, good, "")
			},
			ranges: []string{"", "bytes=100000-", ""}, left: -1,
		}, {
			name: "weak validator is not sent back",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					cut(w, good, 100_000, `W/"1"`)
				}
				whole(w, r, good, "")
			},
			ranges: []string{"", "bytes=100000-"}, left: -1,
		}, {
			name:   "goes on from an earlier run",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, `"1"`) },
			part:   good[:120_000], ranges: []string{"bytes=120000-"}, left: -1,
		}, {
			name:   "earlier run left another file's bytes",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, `"1"`) },
			part:   other[:120_000], ranges: []string{"bytes=120000-", ""}, left: -1,
		}, {
			name:   "earlier run had everything",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") },
			part:   good, left: -1,
		}, {
			name:   "earlier run left too much",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") },
			part:   append(bytes.Clone(good), 0), ranges: []string{""}, left: -1,
		}, {
			name: "range not satisfiable",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 0 {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
					return
				}
				whole(w, r, good, "")
			},
			part: good[:10], ranges: []string{"bytes=10-", ""}, left: -1,
		}, {
			name: "overloaded, then well",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n < 2 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				whole(w, r, good, "")
			},
			ranges: []string{"", "", ""}, left: -1,
		}, {
			name:   "always overloaded",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { w.WriteHeader(http.StatusTooManyRequests) },
			ranges: []string{"", "", "", "", ""}, want: "429 Too Many Requests (5 attempts)", left: -1,
		}, {
			name:   "always cut",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { cut(w, good, 1000, "") },
			ranges: []string{"", "bytes=1000-", "bytes=1000-", "bytes=1000-", "bytes=1000-"},
			want:   "after 1000 of 300000 bytes: unexpected EOF (5 attempts)", left: 1000,
		}, {
			name:   "not found",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { http.NotFound(w, r) },
			ranges: []string{""}, want: "404 Not Found", left: -1,
		}, {
			name:   "not found keeps what has arrived",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { http.NotFound(w, r) },
			part:   good[:10], ranges: []string{"bytes=10-"}, want: "404 Not Found", left: 10,
		}, {
			name:   "another file of that size",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, other, "") },
			ranges: []string{""}, want: "another file than the pinned one: SHA-256", left: -1,
		}, {
			name:   "another file, after a resumption: asked for once more only",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, other, "") },
			part:   good[:10], ranges: []string{"bytes=10-", ""}, want: "another file than the pinned one: SHA-256", left: -1,
		}, {
			name:   "another size",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good[:299_999], "") },
			ranges: []string{""}, want: "299999 bytes, want 300000", left: -1,
		}, {
			name:   "another size, in ranges",
			answer: func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, append(bytes.Clone(good), 0), "") },
			part:   good[:10], ranges: []string{"bytes=10-"}, want: "300001 bytes in all, want 300000", left: 10,
		}, {
			name: "without end, of unknown length",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				w.(http.Flusher).Flush()
				for r.Context().Err() == nil {
					if _, err := w.Write(good); err != nil {
						return
					}
				}
			},
			ranges: []string{""}, want: "more than the expected 300000 bytes", left: -2,
		}, {
			name: "another range than asked for",
			answer: func(w http.ResponseWriter, r *http.Request, n int) {
				w.Header().Set("Content-Range", "bytes 0-299999/300000")
				w.WriteHeader(http.StatusPartialContent)
				w.Write(good)
			},
			part: good[:10], ranges: []string{"bytes=10-"}, want: "asked for the bytes from 10, got those from 0", left: 10,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, test.answer)
			f, _ := fetcher(t, s.URL)
			target := filepath.Join(f.Dir, "sub", "a.xml")
			if test.part != nil {
				put(t, target+".part", test.part)
			}
			last := int64(0)
			f.Progress = func(name string, done, total int64) {
				if name != target || total != file.Size || done > total {
					t.Errorf("progress %s %d/%d", name, done, total)
				}
				last = done
			}
			err := f.fetch(t.Context(), source(file))
			if got := s.asked(); strings.Join(got, ",") != strings.Join(test.ranges, ",") || len(got) != len(test.ranges) {
				t.Errorf("requests %q, want %q", got, test.ranges)
			}
			switch test.left {
			case -1:
				if _, err := os.Stat(target + ".part"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf(".part is left: %v", err)
				}
			case -2: // depends on the server's pieces
			default:
				if b, err := os.ReadFile(target + ".part"); err != nil || len(b) != test.left {
					t.Errorf(".part has %d bytes, want %d: %v", len(b), test.left, err)
				}
			}
			got, readErr := os.ReadFile(target)
			if test.want == "" {
				if err != nil || !bytes.Equal(got, good) {
					t.Errorf("error %v, %d bytes: %v", err, len(got), readErr)
				}
				if len(test.ranges) > 0 && last != file.Size {
					t.Errorf("progress ended at %d of %d", last, file.Size)
				}
				return
			}
			var remote *RemoteError
			if !errors.As(err, &remote) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v\nwant a RemoteError with %q", err, test.want)
			}
			if !errors.Is(readErr, fs.ErrNotExist) {
				t.Errorf("the final name is there: %v", readErr)
			}
			for _, step := range []string{"curl -fL -o " + quote(target) + " https://data.example/at/sub/a.xml", file.SHA256 + "  '" + quote(target) + " | sha256sum -c", "absa fetch set"} {
				if !strings.Contains(err.Error(), step) {
					t.Errorf("the manual steps lack %q:\n%v", step, err)
				}
			}
		})
	}
}

// put writes a file and its folder.
func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCancelKeepsThePart(t *testing.T) {
	good := content(1)
	first := true
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if first {
			first = false
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			w.Write(good[:70_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		whole(w, r, good, "")
	})
	f, _ := fetcher(t, s.URL)
	ctx, cancel := context.WithCancel(t.Context())
	f.Progress = func(_ string, done, _ int64) {
		if done == 70_000 {
			cancel()
		}
	}
	err := f.fetch(ctx, source(pin("a", good)))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after 70000 of 300000 bytes") {
		t.Fatalf("error %v", err)
	}
	if err := f.fetch(t.Context(), source(pin("a", good))); err != nil {
		t.Fatal(err)
	}
	if got := s.asked(); len(got) != 2 || got[1] != "bytes=70000-" {
		t.Errorf("requests %q", got)
	}
}

func TestStalledConnectionIsGivenUp(t *testing.T) {
	good := content(1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			w.Write(good[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		whole(w, r, good, "")
	})
	f, lines := fetcher(t, s.URL)
	f.Stall = 100 * time.Millisecond
	if err := f.fetch(t.Context(), source(pin("a", good))); err != nil {
		t.Fatal(err)
	}
	if log := strings.Join(*lines, "\n"); !strings.Contains(log, "nothing came for 100ms") {
		t.Errorf("log:\n%s", log)
	}
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	f, _ := fetcher(t, s.URL)
	f.Attempts = 2
	var remote *RemoteError
	if err := f.fetch(t.Context(), source(pin("a", content(1)))); !errors.As(err, &remote) || !strings.Contains(err.Error(), "connection refused (2 attempts)") {
		t.Errorf("error %v", err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	f, _ := fetcher(t, "http://127.0.0.1:1")
	path := filepath.Join(f.Dir, "a.part")
	held, err := openPart(path)
	if err != nil {
		t.Fatal(err)
	}
	defer held.close()
	if err := f.fetch(t.Context(), source(pin("a", content(1)))); err == nil || !strings.Contains(err.Error(), "written by another process") {
		t.Errorf("error %v", err)
	}
}

// TestDiskFull limits the size of files, as a full disk would.
func TestDiskFull(t *testing.T) {
	good := content(1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") })
	f, _ := fetcher(t, s.URL)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = 150_000
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	err := f.fetch(t.Context(), source(pin("a", good)))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.EFBIG) || strings.Contains(err.Error(), "By hand") {
		t.Errorf("error %v", err)
	}
	if err := f.fetch(t.Context(), source(pin("a", good))); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	if got := s.asked(); len(got) != 2 || got[1] != "bytes=150000-" {
		t.Errorf("requests %q", got)
	}
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"full", &fs.PathError{Op: "write", Path: "a", Err: unix.ENOSPC}, "write a: no space left on device: make room, or choose a folder on another disk"},
		{"read-only", &fs.PathError{Op: "mkdir", Path: "a", Err: unix.EROFS}, "mkdir a: read-only file system: choose a folder that you may write to"},
		{"not allowed", &fs.PathError{Op: "open", Path: "a", Err: unix.EACCES}, "open a: permission denied: choose a folder that you may write to"},
		{"other", errors.New("other"), "other"},
	}
	for _, test := range tests {
		if got := explain(test.err); got.Error() != test.want || !errors.Is(got, test.err) {
			t.Errorf("%s: got %v, want %s", test.name, got, test.want)
		}
	}
}
