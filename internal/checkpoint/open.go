package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"absa/internal/atomicfile"
)

// Checkpoint is a folder whose manifest has been read and fits.
type Checkpoint struct {
	Dir      string
	Manifest Manifest
}

// Path returns the path of a part.
func (c *Checkpoint) Path(name string) string { return filepath.Join(c.Dir, name) }

// Has reports whether the checkpoint has a part of that name.
func (c *Checkpoint) Has(name string) bool {
	return slices.ContainsFunc(c.Manifest.Parts, func(p Part) bool { return p.Name == name })
}

// Damaged is the error of a folder that is not what its manifest says, or that
// cannot be read.
type Damaged struct {
	Path   string // the file or folder
	Reason string
	Err    error // fs.ErrNotExist where there is no manifest; else what the system said, if it did
}

func (d *Damaged) Error() string { return d.Path + ": " + d.Reason }

func (d *Damaged) Unwrap() error { return d.Err }

// notThere is the reason of a file that is missing.
const notThere = "it is not there"

// unreadable is Damaged where the system says why.
func unreadable(path string, err error) *Damaged {
	err = atomicfile.Reason(err)
	if errors.Is(err, fs.ErrNotExist) {
		return &Damaged{Path: path, Reason: notThere}
	}
	return &Damaged{Path: path, Reason: err.Error(), Err: err}
}

// Inspect reads the manifest and compares the sizes of the parts, which costs
// little whatever their size. It is enough for a list; to load, use Open. Files
// that the manifest does not name are none of its business.
//
// An error is a *Damaged. It wraps fs.ErrNotExist where there is no manifest, so
// that the folder was never completed, and not where a part is missing.
func Inspect(dir string) (*Checkpoint, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Dir: dir, Manifest: m}
	for _, p := range m.Parts {
		if err := inspectPart(c.Path(p.Name), p); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Open is Inspect and the SHA-256 of every part, read once in small pieces.
func Open(dir string) (*Checkpoint, error) {
	c, err := Inspect(dir)
	if err != nil {
		return nil, err
	}
	for _, p := range c.Manifest.Parts {
		got, size, err := hashFile(c.Path(p.Name))
		if err != nil {
			return nil, err
		}
		if size != p.Size || got != p.SHA256 {
			return nil, &Damaged{Path: c.Path(p.Name), Reason: fmt.Sprintf("its SHA-256 is %s, the manifest says %s", got, p.SHA256)}
		}
	}
	return c, nil
}

func readManifest(dir string) (Manifest, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, &Damaged{Path: dir, Reason: notThere, Err: fs.ErrNotExist}
	}
	if err != nil {
		return Manifest{}, unreadable(dir, err)
	}
	if !info.IsDir() {
		return Manifest{}, &Damaged{Path: dir, Reason: "it is not a folder"}
	}
	path := filepath.Join(dir, ManifestFile)
	// A link that leads nowhere is a damaged manifest.
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, &Damaged{Path: path, Reason: notThere + ", so the folder was never completed", Err: fs.ErrNotExist}
	}
	if _, err := regular(path); err != nil {
		return Manifest{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return Manifest{}, unreadable(path, err)
	}
	m, err := decode(text)
	if err != nil {
		return Manifest{}, &Damaged{Path: path, Reason: err.Error()}
	}
	if step, ok := stepOf(dir); ok && (m.Kind != KindCheckpoint || m.Step != step) {
		return Manifest{}, &Damaged{Path: path, Reason: fmt.Sprintf("it is of a %s at step %d, not of this folder", m.Kind, m.Step)}
	}
	return m, nil
}

func inspectPart(path string, p Part) error {
	info, err := regular(path)
	if err != nil {
		return err
	}
	if info.Size() != p.Size {
		return &Damaged{Path: path, Reason: fmt.Sprintf("it has %d bytes, the manifest says %d", info.Size(), p.Size)}
	}
	return nil
}

// regular looks before anything is opened: to open a pipe would wait for its
// writer.
func regular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &Damaged{Path: path, Reason: "it is not a regular file"}
	}
	return info, nil
}

// hashFile returns the SHA-256 and the number of bytes of a file, of which it
// holds a small piece at a time.
func hashFile(path string) (sum string, size int64, err error) {
	if _, err := regular(path); err != nil {
		return "", 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", 0, unreadable(path, err)
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	if err != nil {
		return "", 0, unreadable(path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
