package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what is written to the second file, which is
// one to whoever asks, is read from the first.
func terminal(t *testing.T) (reader, tty *os.File) {
	t.Helper()
	reader, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { reader.Close() })
	fd := int(reader.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("needs a pseudo-terminal: unlock: %v", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: number: %v", err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	return reader, tty
}

// TestBarOnATerminal holds that on a terminal a bar moves, and that stdout stays
// free of it.
func TestBarOnATerminal(t *testing.T) {
	reader, tty := terminal(t)
	var stdout bytes.Buffer
	// An epoch of half a second: the bar is drawn anew only so often.
	c := command(t, little("--json", "--set", "train.max_steps=0", "--set", "train.epochs=2", "--set", "model.hidden=128", "--set", "loader.batch_size=4")...)
	c.Stdout, c.Stderr = &stdout, tty
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	var screen bytes.Buffer
	// The end of a terminal reads as an I/O error.
	if _, err := io.Copy(&screen, reader); err != nil && !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, screen.String())
	}
	object(t, stdout.String())
	got := screen.String()
	bar := 0
	for _, part := range strings.Split(got, "\r") {
		if strings.Contains(part, "epoch 1/2  loss ") && strings.Contains(part, "accuracy ") && strings.Contains(part, "sentences/s") && strings.Contains(part, "%") {
			bar++
		}
	}
	if bar < 2 {
		t.Errorf("the bar of epoch 1 was drawn %d times, want it to move:\n%q", bar, got)
	}
	// The line of an epoch stands alone: the bar has been cleared.
	last := got[strings.LastIndex(got, "epoch 2/2  train loss "):]
	if line, _, _ := strings.Cut(last, "\r\n"); !strings.Contains(line, "valid loss") || strings.ContainsAny(line, "\r%█") {
		t.Errorf("the last epoch's line is %q", line)
	}
	if strings.Contains(got, "{\"accuracy\"") {
		t.Error("the result is on stderr")
	}
}
