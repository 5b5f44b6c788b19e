package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// DefaultDir is where data goes if nothing else is said.
const DefaultDir = "data/raw"

// Fetcher downloads sources into a folder. The zero value is ready for use.
type Fetcher struct {
	Dir   string // folder of the data; empty is DefaultDir
	Force bool   // replace a file that is there and differs from the pinned one

	// Progress, if not nil, is told of each part of a file that arrives.
	Progress func(file string, done, total int64)
	// Log, if not nil, is told what happens, a line at a time.
	Log func(line string)

	Client   *http.Client  // nil is one with time-outs for connecting and for the answer
	BaseURL  string        // replaces scheme and host of every URL, for a mirror or a test
	NPM      string        // the npm client; empty is "npm"
	PIP      string        // Python's client; empty is "pip3"
	Attempts int           // requests per file before giving up; 0 is 5
	Pause    time.Duration // before the second request, doubled after each; 0 is a second
	Stall    time.Duration // a connection that brings nothing for so long is given up; 0 is 30 seconds
}

// RemoteError says that a source could not be had, as opposed to trouble on
// this machine. Manual is the way to get it by hand.
type RemoteError struct {
	Source string
	Manual string
	Err    error
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("fetch %s: %v\nBy hand:\n%s\nThen run absa fetch %s again: it verifies what is there.", e.Source, e.Err, e.Manual, e.Source)
}

func (e *RemoteError) Unwrap() error { return e.Err }

// Fetch brings the files of a source into the folder. Files that are there and
// right are left alone; one that is there and differs is an error, before
// anything is downloaded, unless Force is set. When ctx ends, what has arrived
// over HTTP stays in a .part file, and the next Fetch goes on from there.
func (f *Fetcher) Fetch(ctx context.Context, name string) error {
	s, err := find(Sources(), name)
	if err != nil {
		return err
	}
	return f.fetch(ctx, s)
}

func (f *Fetcher) fetch(ctx context.Context, s Source) error {
	var missing []File
	for _, file := range s.Files {
		present, err := f.present(ctx, file)
		if err != nil {
			return fmt.Errorf("fetch %s: %w", s.Name, err)
		}
		if !present {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	f.log("%s: %s", s.Name, s.What)
	f.log("from %s", s.From)
	f.log("terms of use: %s", s.Terms)
	if err := f.bring(ctx, s, missing); err != nil {
		var remote *remoteError
		if errors.As(err, &remote) {
			return &RemoteError{Source: s.Name, Manual: s.Manual(f.dir()), Err: err}
		}
		return fmt.Errorf("fetch %s: %w", s.Name, explain(err))
	}
	return nil
}

// bring gets the files that are not there yet.
func (f *Fetcher) bring(ctx context.Context, s Source, missing []File) error {
	for _, file := range missing {
		if err := os.MkdirAll(filepath.Dir(file.in(f.dir())), 0o755); err != nil {
			return err
		}
	}
	if s.Package != nil {
		return f.unpack(ctx, *s.Package, missing)
	}
	for _, file := range missing {
		if err := f.download(ctx, file); err != nil {
			return err
		}
		f.arrived(file)
	}
	return nil
}

// present says whether a file is there already, and right. Under Force a wrong
// one counts as missing.
func (f *Fetcher) present(ctx context.Context, file File) (bool, error) {
	path := file.in(f.dir())
	err := verify(ctx, path, file)
	var wrong *mismatchError
	switch {
	case err == nil:
		f.log("%s: already there, verified", path)
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, &wrong) && f.Force:
		f.log("%s: differs from the pinned file, is replaced", path)
		return false, nil
	case errors.As(err, &wrong):
		return false, fmt.Errorf("%w; it was left as it is: move it away, or force its replacement", err)
	}
	return false, err
}

func (f *Fetcher) dir() string {
	if f.Dir == "" {
		return DefaultDir
	}
	return f.Dir
}

func (f *Fetcher) log(format string, args ...any) {
	if f.Log != nil {
		f.Log(fmt.Sprintf(format, args...))
	}
}

// arrived says that a file has its final name.
func (f *Fetcher) arrived(file File) {
	f.log("%s: %d bytes, verified", file.in(f.dir()), file.Size)
}

func (f *Fetcher) progress(file File, done int64) {
	if f.Progress != nil {
		f.Progress(file.in(f.dir()), done, file.Size)
	}
}
