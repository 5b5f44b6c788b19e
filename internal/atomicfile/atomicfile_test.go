package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWriteAndReplace(t *testing.T) {
	broken := errors.New("broken")
	half := func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	}
	tests := []struct {
		name    string
		before  string // content of the file beforehand; "" for none
		write   func(path string) error
		want    string // content afterwards; "" for none
		wantErr error
	}{
		{"new file", "", func(p string) error { return Write(p, text("new")) }, "new", nil},
		{"write keeps what is there", "old", func(p string) error { return Write(p, text("new")) }, "old", fs.ErrExist},
		{"replace", "old", func(p string) error { return Replace(p, text("new")) }, "new", nil},
		{"replace where nothing was", "", func(p string) error { return Replace(p, text("new")) }, "new", nil},
		{"failed write leaves nothing", "", func(p string) error { return Write(p, half) }, "", broken},
		{"failed replace keeps what is there", "old", func(p string) error { return Replace(p, half) }, "old", broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if test.before != "" {
				if err := os.WriteFile(path, []byte(test.before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.write(path); !errors.Is(err, test.wantErr) {
				t.Errorf("error: got %v, want %v", err, test.wantErr)
			}
			got, err := os.ReadFile(path)
			if string(got) != test.want || (err != nil) != (test.want == "") {
				t.Errorf("content: got %q (%v), want %q", got, err, test.want)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Name() != "file" {
					t.Errorf("left behind: %s", e.Name())
				}
			}
		})
	}
}

// Who may read a file is for the user to say. The umask is that of the process:
// no test beside this one may run at the same time.
func TestUmask(t *testing.T) {
	before := unix.Umask(0o027)
	defer unix.Umask(before)
	for name, write := range map[string]func(string, func(io.Writer) error) error{"write": Write, "replace": Replace} {
		path := filepath.Join(t.TempDir(), "file")
		if err := write(path, text("x")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o640 {
			t.Errorf("%s: mode %o under umask 027, want 640", name, got)
		}
	}
}

func TestMissingFolder(t *testing.T) {
	err := Write(filepath.Join(t.TempDir(), "none", "file"), text("x"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

// A file that appears while the bytes are being written must stay.
func TestWriteKeepsLateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	err := Write(path, func(w io.Writer) error {
		if err := os.WriteFile(path, []byte("late"), 0o644); err != nil {
			t.Fatal(err)
		}
		return text("new")(w)
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error: got %v, want %v", err, fs.ErrExist)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "late" {
		t.Errorf("content: got %q (%v), want %q", got, err, "late")
	}
}

// Who may enter a folder that is made is what the umask says, as of any other.
func TestMkdirTemp(t *testing.T) {
	before := unix.Umask(0o027)
	defer unix.Umask(before)
	dir, err := MkdirTemp(filepath.Join(t.TempDir(), ".parts."))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o750 {
		t.Errorf("mode %o, want 750", got)
	}
	if _, err := MkdirTemp(filepath.Join(dir, "no", "folder.")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}
