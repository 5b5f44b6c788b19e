package fetch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"absa/internal/atomicfile"

	"golang.org/x/sys/unix"
)

// part is a file that is still arriving. It is locked: two processes that
// fetch the same file do not write over each other.
type part struct {
	path      string
	file      *os.File
	size      int64
	validator string // of what this process has received; empty if unknown
	pieced    bool   // the bytes came in more than one answer
}

// openPart opens or makes the file and locks it.
func openPart(path string) (*part, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	p := &part{path: path, file: file}
	if err := p.lock(); err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

func (p *part) lock() error {
	err := unix.Flock(int(p.file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("%s is being written by another process", p.path)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", p.path, err)
	}
	mine, err := p.file.Stat()
	if err != nil {
		return err
	}
	// Between opening and locking, its owner may have finished and renamed it.
	named, err := os.Stat(p.path)
	if err != nil || !os.SameFile(mine, named) {
		return fmt.Errorf("%s was just finished by another process; run this again", p.path)
	}
	if !mine.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", p.path)
	}
	p.size, p.pieced = mine.Size(), mine.Size() > 0
	return nil
}

func (p *part) append(b []byte) error {
	n, err := p.file.Write(b)
	p.size += int64(n)
	return err
}

// restart forgets what has arrived.
func (p *part) restart() error {
	p.size, p.validator, p.pieced = 0, "", false
	return p.file.Truncate(0)
}

// publish makes the file durable under its final name.
func (p *part) publish(target string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(p.path, target); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(target))
}

func (p *part) remove() { os.Remove(p.path) }

// close unlocks the file. An empty one is not worth keeping.
func (p *part) close() {
	if p.size == 0 {
		p.remove()
	}
	p.file.Close()
}
