package fetch

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPresentFile(t *testing.T) {
	good, other := content(1), content(2)
	tests := []struct {
		name     string
		there    []byte
		force    bool
		requests int
		want     string // part of the error
		log      string
	}{
		{"right", good, false, 0, "", "a: already there, verified"},
		{"right, forced", good, true, 0, "", "a: already there, verified"},
		{"wrong", other, false, 0, "it was left as it is", ""},
		{"wrong size", other[:5], false, 0, "size 5, want 300000", ""},
		{"wrong, forced", other, true, 1, "", "is replaced"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") })
			f, lines := fetcher(t, s.URL)
			f.Force = test.force
			target := filepath.Join(f.Dir, "a")
			put(t, target, test.there)
			err := f.fetch(t.Context(), source(pin("a", good)))
			got, readErr := os.ReadFile(target)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), target) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if !bytes.Equal(got, test.there) {
					t.Error("the file was changed")
				}
			} else if err != nil || !bytes.Equal(got, good) {
				t.Errorf("error %v, %d bytes", err, len(got))
			}
			if n := len(s.asked()); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
			if log := strings.Join(*lines, "\n"); !strings.Contains(log, test.log) {
				t.Errorf("log lacks %q:\n%s", test.log, log)
			}
		})
	}
}

func TestWrongFileStopsBeforeAnyDownload(t *testing.T) {
	good := content(1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") })
	f, _ := fetcher(t, s.URL)
	put(t, filepath.Join(f.Dir, "b"), []byte("mine"))
	if err := f.fetch(t.Context(), source(pin("a", good), pin("b", good))); err == nil {
		t.Error("no error")
	}
	if got := s.asked(); len(got) != 0 {
		t.Errorf("requests %q", got)
	}
}

func TestTermsAreSaid(t *testing.T) {
	good := content(1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { whole(w, r, good, "") })
	f, lines := fetcher(t, s.URL)
	if err := f.fetch(t.Context(), source(pin("a", good))); err != nil {
		t.Fatal(err)
	}
	if log := strings.Join(*lines, "\n"); !strings.Contains(log, "terms of use: for tests") {
		t.Errorf("log:\n%s", log)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	f, _ := fetcher(t, "http://127.0.0.1:1")
	put(t, filepath.Join(f.Dir, "file"), nil)
	f.Dir = filepath.Join(f.Dir, "file", "raw")
	if err := f.fetch(t.Context(), source(pin("a", content(1)))); err == nil || !strings.Contains(err.Error(), "not a directory") || strings.Contains(err.Error(), "By hand") {
		t.Errorf("error %v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes to read-only folders; run as an ordinary user")
	}
	f, _ := fetcher(t, "http://127.0.0.1:1")
	if err := os.Chmod(f.Dir, 0o555); err != nil {
		t.Fatal(err)
	}
	err := f.fetch(t.Context(), source(pin("a", content(1))))
	if err == nil || !strings.Contains(err.Error(), "permission denied: choose a folder that you may write to") {
		t.Errorf("error %v", err)
	}
}

func TestUnknownName(t *testing.T) {
	f := Fetcher{Dir: t.TempDir()}
	if err := f.Fetch(t.Context(), "semeval"); err == nil || !strings.Contains(err.Error(), "there are: semeval2014, semeval2016, mams-acsa, glove-100d, minilm-l6)") {
		t.Errorf("error %v", err)
	}
}

func TestSources(t *testing.T) {
	digest := regexp.MustCompile(`^[0-9a-f]{64}$`)
	names := map[string]bool{}
	for _, s := range Sources() {
		if names[s.Name] || s.Name == "" || s.What == "" || s.Terms == "" || s.From == "" || len(s.Files) == 0 {
			t.Errorf("%+v: incomplete or doubled", s)
		}
		names[s.Name] = true
		for _, file := range s.Files {
			if !digest.MatchString(file.SHA256) || file.Size <= 0 || !filepath.IsLocal(file.Path) {
				t.Errorf("%s: file %+v", s.Name, file)
			}
			if (file.URL == "") != (s.Package != nil) {
				t.Errorf("%s: %s comes from a URL and a package, or neither", s.Name, file.Path)
			}
			if (file.Member == "") != (s.Package == nil) {
				t.Errorf("%s: %s is in a package that has no path for it, or the other way round", s.Name, file.Path)
			}
			if !strings.Contains(s.Manual("my dir"), "'my dir/"+file.Path+"'") {
				t.Errorf("%s: the manual steps lack %s:\n%s", s.Name, file.Path, s.Manual("my dir"))
			}
		}
	}
}

// TestRealCorpus downloads 1.6 MB over HTTP.
func TestRealCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("downloads 1.6 MB; run without -short")
	}
	f, _ := fetcher(t, "")
	f.Attempts = 2
	err := f.Fetch(t.Context(), "semeval2014")
	var network *url.Error
	if errors.As(err, &network) {
		t.Skipf("the source cannot be reached from here: %v", network)
	}
	if err != nil {
		t.Fatal(err)
	}
}
