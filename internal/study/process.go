package study

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"absa/internal/atomicfile"
	"absa/internal/checkpoint"
)

// train trains a unit in a process and waits for it. A run that was begun before
// goes on from its newest checkpoint.
//
// A signal from the keyboard goes to the whole group of a process, and a second
// one ends a training at once: so each has a group of its own, and hears from
// this process alone. The kernel tells it when this process is killed.
func (x *execution) train(ctx context.Context, u Unit) error {
	run, path := x.run(u), x.log(u)
	if err := free(ctx, run); err != nil {
		return err
	}
	log, err := x.begin(u)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command(x.Program, append(u.Args[:len(u.Args):len(u.Args)], "--out", run, "--resume", "auto")...)
	c.Stderr, c.Stdout = log, io.Discard
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ABSA_") { // the arguments have all settings
			c.Env = append(c.Env, v)
		}
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	// Pdeathsig is sent when the thread that began the process ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ctx.Done():
			_ = c.Process.Signal(os.Interrupt) // it may just have ended
		case <-ended:
		}
	}()
	if err := c.Wait(); err != nil {
		return failure(err, path)
	}
	return nil
}

// begin makes the folder of a run, its log, and the file that says what it is of. It
// excludes keep, which removes folders that are empty.
func (x *execution) begin(u Unit) (log *os.File, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(x.run(u)), 0o755); err != nil {
		return nil, err
	}
	text, err := json.Marshal(u.Settings)
	if err != nil {
		return nil, err
	}
	if err := writeFile(x.key(u), text); err != nil {
		return nil, err
	}
	return os.Create(x.log(u))
}

// free waits until nobody trains in a run folder: the process of a study that was
// killed saves its run before it ends.
func free(ctx context.Context, run string) error {
	for {
		l, err := checkpoint.Lock(run)
		if !errors.Is(err, checkpoint.ErrLocked) {
			if l != nil {
				return l.Unlock()
			}
			return nil // there is no run yet, or the process will say what is wrong
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// failure adds the end of the log to an error, where the process says why.
func failure(err error, path string) error {
	const lines, most = 5, 4 << 10
	text, readErr := os.ReadFile(path)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	text = bytes.TrimSpace(text[max(0, len(text)-most):])
	last := strings.Split(string(text), "\n")
	last = last[max(0, len(last)-lines):]
	return fmt.Errorf("%w: %s (all of it: %s)", err, strings.Join(last, "\n"), path)
}

func writeFile(path string, text []byte) error {
	return atomicfile.Replace(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
