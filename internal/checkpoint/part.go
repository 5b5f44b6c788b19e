package checkpoint

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"absa/internal/atomicfile"
)

// sink writes to a file, hashes and counts, and keeps the file's error apart
// from those of whoever writes into it.
type sink struct {
	file *os.File
	hash hash.Hash
	size int64
	err  error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.file.Write(p)
	s.hash.Write(p[:n])
	s.size += int64(n)
	s.err = err
	return n, err
}

// writePart writes and syncs a new file. Its errors leave out the path, which is
// a temporary one.
func writePart(path string, c Content) (Part, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return Part{}, atomicfile.Reason(err)
	}
	defer f.Close()
	s := &sink{file: f, hash: sha256.New()}
	buffered := bufio.NewWriterSize(s, 1<<20)
	if err := c.Write(buffered); err != nil {
		if s.err != nil {
			return Part{}, atomicfile.Reason(s.err)
		}
		return Part{}, err // the writer's own, which may name other files
	}
	if err := buffered.Flush(); err != nil {
		return Part{}, atomicfile.Reason(err)
	}
	if err := f.Sync(); err != nil {
		return Part{}, atomicfile.Reason(err)
	}
	if err := f.Close(); err != nil {
		return Part{}, atomicfile.Reason(err)
	}
	return Part{Name: c.Name, Size: s.size, SHA256: hex.EncodeToString(s.hash.Sum(nil))}, nil
}

// Seal writes the manifest of a folder whose files are there, the run folder at
// its end or an average, or replaces it. The folder is complete from then on.
func Seal(dir string, m Manifest, names []string) error {
	m.Parts = nil
	if m.Kind != KindAverage {
		m.Kind = KindRun
	}
	for _, name := range names {
		if err := checkName(name); err != nil {
			return fmt.Errorf("seal %s: %w", dir, err)
		}
		sum, size, err := hashFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("seal %s: %w", dir, err)
		}
		m.Parts = append(m.Parts, Part{Name: name, Size: size, SHA256: sum})
	}
	text, err := m.encode()
	if err != nil {
		return fmt.Errorf("seal %s: %w", dir, err)
	}
	return atomicfile.Replace(filepath.Join(dir, ManifestFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
