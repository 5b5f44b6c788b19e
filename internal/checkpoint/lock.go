package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"absa/internal/atomicfile"
)

// lockFile lies in a run folder while a process writes to it.
const lockFile = ".lock"

var (
	// ErrLocked is the error of a run folder that another process writes to.
	ErrLocked = errors.New("another process is using it")

	// ErrNoLocks is the error of a file system that cannot keep two processes
	// apart. The run folder can be used; that nobody else does is up to the user.
	ErrNoLocks = errors.New("this file system has no locks")
)

// RunLock keeps other processes out of a run folder.
type RunLock struct{ file *os.File }

// Lock takes the run folder, or says which process has it by an error that is
// ErrLocked. The lock is the kernel's (flock), so that of a process that died is
// gone with it, whatever its file still says.
func Lock(run string) (*RunLock, error) {
	path := filepath.Join(run, lockFile)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, atomicfile.Reason(err))
		}
		err = flock(f)
		switch {
		case errors.Is(err, unix.EWOULDBLOCK):
			defer f.Close()
			return nil, locked(run, f)
		case unsupported(err):
			f.Close()
			os.Remove(path)
			return nil, fmt.Errorf("lock %s: %w (%w): see to it that no other process trains in this run folder", path, ErrNoLocks, err)
		case err != nil:
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		l := &RunLock{f}
		// Whoever had the lock may have removed the file after it was opened here.
		if !l.held() {
			f.Close()
			continue
		}
		if err := l.sign(); err != nil {
			l.Unlock()
			return nil, fmt.Errorf("lock %s: %w", path, atomicfile.Reason(err))
		}
		return l, nil
	}
}

// Unlock gives the run folder back. The file goes while it is still locked, so
// that nobody else's is removed.
func (l *RunLock) Unlock() error {
	var err error
	if l.held() {
		err = os.Remove(l.file.Name())
	}
	return errors.Join(err, l.file.Close())
}

// held reports whether the path still names the file that is locked.
func (l *RunLock) held() bool {
	named, err := os.Lstat(l.file.Name())
	if err != nil {
		return false
	}
	open, err := l.file.Stat()
	return err == nil && os.SameFile(named, open)
}

// sign writes down who holds the lock, for the message of whoever else wants it.
func (l *RunLock) sign() error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	text := fmt.Sprintf("process %d on host %s\nsince %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
	_, err = l.file.WriteAt([]byte(text), 0)
	return err
}

// locked returns the error of a folder whose lock another process holds.
func locked(run string, f *os.File) error {
	text, _ := io.ReadAll(io.LimitReader(f, 1024))
	holder, since, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !ok { // its holder has not come to write it
		return fmt.Errorf("run folder %s: %w", run, ErrLocked)
	}
	return &lockedError{fmt.Sprintf("run folder %s: %s is using it %s", run, holder, since)}
}

// lockedError is ErrLocked that says by whom.
type lockedError struct{ text string }

func (e *lockedError) Error() string { return e.text }

func (e *lockedError) Is(target error) bool { return target == ErrLocked }

// unsupported reports whether a file system answered that it has no locks.
func unsupported(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOLCK)
}

// flock takes the lock without waiting.
func flock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
