package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLock(t *testing.T) {
	run := t.TempDir()
	path := filepath.Join(run, ".lock")
	lock, err := Lock(run)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(run)
	if !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v, want %v", err, ErrLocked)
	}
	host, _ := os.Hostname()
	want := fmt.Sprintf(`^run folder %s: process %d on host %s is using it since \d{4}-\d\d-\d\dT[0-9:]{8}\S+$`, regexp.QuoteMeta(run), os.Getpid(), regexp.QuoteMeta(host))
	if !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("got %q, want %s", err, want)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there (%v)", err)
	}
	if lock, err = Lock(run); err != nil {
		t.Fatalf("after it was given back: %v", err)
	}

	// Somebody cleans up by hand, and another process comes.
	os.Remove(path)
	second, err := Lock(run)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	if _, err := Lock(run); !errors.Is(err, ErrLocked) {
		t.Errorf("the first one's Unlock took the second one's lock: %v", err)
	}
	// A process that has the lock and has not said who it is.
	os.Truncate(path, 0)
	_, err = Lock(run)
	if !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	wantError(t, err, run, "another process is using it")
	if err := second.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestLockOfKilledProcess holds that what a process left is not in the way.
func TestLockOfKilledProcess(t *testing.T) {
	run := t.TempDir()
	process, out := child(t, "lock", run)
	if !out.Scan() || out.Text() != "locked" {
		t.Fatalf("the process said %q", out.Text())
	}
	_, err := Lock(run)
	wantError(t, err, fmt.Sprintf("process %d on host", process.Process.Pid))
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	process.Wait()
	if text, err := os.ReadFile(filepath.Join(run, ".lock")); err != nil || !strings.Contains(string(text), fmt.Sprint(process.Process.Pid)) {
		t.Errorf("the file of the dead process: %q (%v)", text, err)
	}
	lock, err := Lock(run)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(run) // the file now names this process
	wantError(t, err, fmt.Sprintf("process %d on host", os.Getpid()))
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestLockOfNoFolder(t *testing.T) {
	_, err := Lock(filepath.Join(t.TempDir(), "absent"))
	wantError(t, err, "absent", "no such file or directory")
	if errors.Is(err, ErrLocked) || errors.Is(err, ErrNoLocks) {
		t.Errorf("%v is taken for a lock", err)
	}
}

func TestUnsupported(t *testing.T) {
	for err, want := range map[syscall.Errno]bool{unix.ENOSYS: true, unix.ENOTSUP: true, unix.ENOLCK: true, unix.EWOULDBLOCK: false, unix.EIO: false} {
		if got := unsupported(err); got != want {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
}

// TestLockRace holds that no two ever have the lock, whoever removes the file
// when.
func TestLockRace(t *testing.T) {
	run := t.TempDir()
	var inside atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for taken := 0; taken < 50; {
				lock, err := Lock(run)
				if errors.Is(err, ErrLocked) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				if !lock.held() {
					t.Error("the lock is of a file that was removed")
				}
				taken++
				inside.Add(-1)
				if err := lock.Unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
