package tensorboard

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"absa/internal/atomicfile"
)

// FileName is that of a run's events in their folder. TensorBoard knows an event
// file by ".tfevents." in its name.
const FileName = "events.out.tfevents.absa"

// Writer appends to an event file. What it is given is on disk after Flush. It
// is not safe for concurrent use.
type Writer struct {
	file   *os.File
	buffer *bufio.Writer
	record []byte // for the next one
}

// Open opens the event file in dir, or makes it and the folder with the
// hyperparameters of the run: float64, bool or string by name.
func Open(dir string, values map[string]any) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write events: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write events: %w", err)
	}
	w := &Writer{file: f, buffer: bufio.NewWriterSize(f, 1<<16)}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write events: %w", err), f.Close())
	}
	if info.Size() == 0 {
		now := time.Now()
		if err := errors.Join(w.append(version(now)), w.append(event(now, 0, start(now, values)))); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return w, nil
}

// Scalars appends figures of a step.
func (w *Writer) Scalars(step int, list ...Scalar) error {
	return w.append(event(time.Now(), step, scalars(list)))
}

// End appends that the run ended.
func (w *Writer) End(step int) error {
	now := time.Now()
	return w.append(event(now, step, end(now)))
}

func (w *Writer) append(event []byte) error {
	w.record = appendRecord(w.record[:0], event)
	if _, err := w.buffer.Write(w.record); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// Flush writes what is held back.
func (w *Writer) Flush() error {
	if err := w.buffer.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// Close flushes and closes the file.
func (w *Writer) Close() error { return errors.Join(w.Flush(), w.file.Close()) }

// Resume puts the event file of the folder to, which may be from itself, where a
// resumed run stands: the events of from that keep wants, by their step and the
// tag of their first figure, and never that the run ended. A torn end, of a
// process that was killed, goes. Without a file in from there is none in to.
func Resume(from, to string, keep func(step int, tag string) bool) error {
	source, err := os.Open(filepath.Join(from, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	defer source.Close()
	if err := sweep(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return atomicfile.Replace(filepath.Join(to, FileName), func(out io.Writer) error {
		in := bufio.NewReader(source)
		for {
			data, err := readRecord(in)
			if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
				return nil
			}
			if err != nil {
				return err
			}
			step, tag, err := parse(data)
			if err != nil {
				return nil // as good as torn
			}
			if tag == endTag || tag != "" && tag != startTag && !keep(step, tag) {
				continue
			}
			if _, err := out.Write(appendRecord(nil, data)); err != nil {
				return err
			}
		}
	})
}

// sweep removes what a process left that was killed within Resume: TensorBoard
// would read it too.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "."+FileName+".*.tmp"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// Remove removes the event file of a folder, if there is one, and the folder if
// nothing else is in it.
func Remove(dir string) error {
	if err := os.Remove(filepath.Join(dir, FileName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove events: %w", err)
	}
	os.Remove(dir) // fails where it is not empty
	return nil
}
