package vectors

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// binaryReader reads a binary format and knows where it is in the file, or,
// where that is compressed, in its content.
type binaryReader struct {
	name string
	in   *bufio.Reader
	at   int64 // bytes read
	row  []float32

	zipped bool
}

// fault says what is wrong at a byte.
func (r *binaryReader) fault(at int64, format string, args ...any) error {
	return fmt.Errorf("read %s: at byte %d: %w", r.name, at, fmt.Errorf(format, args...))
}

// ended says why the reading of what cannot go on.
func (r *binaryReader) ended(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.fault(r.at, "the file ends in the middle of %s (is it complete?)", what)
	}
	return r.fault(r.at, "%w", err)
}

// bytes reads n bytes, no more than the buffer holds. They are valid until the
// next read.
func (r *binaryReader) bytes(n int, what string) ([]byte, error) {
	b, err := r.in.Peek(n)
	if err != nil {
		return nil, r.ended(err, what)
	}
	r.in.Discard(n) // these bytes are in the buffer
	r.at += int64(n)
	return b, nil
}

// until reads up to a byte and passes over that. What it returns is valid until
// the next read.
func (r *binaryReader) until(end byte, what string) ([]byte, error) {
	b, err := r.in.ReadSlice(end)
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, r.fault(r.at, "%s of more than %d bytes: %w", what, r.in.Size(), ErrFormat)
	}
	if err != nil {
		return nil, r.ended(err, what)
	}
	r.at += int64(len(b))
	return b[:len(b)-1], nil
}

// values reads so many fixed-size values into what data points to, little
// endian.
func (r *binaryReader) values(data any, what string) error {
	b, err := r.bytes(binary.Size(data), what)
	if err != nil {
		return err
	}
	if _, err := binary.Decode(b, binary.LittleEndian, data); err != nil {
		return r.fault(r.at, "%w", err)
	}
	return nil
}

// vector reads n finite values of 32 bits, little endian. They are valid until
// the next vector is read.
func (r *binaryReader) vector(n int) ([]float32, error) {
	from := r.at
	b, err := r.bytes(4*n, "a vector")
	if err != nil {
		return nil, err
	}
	if len(r.row) != n {
		r.row = make([]float32, n)
	}
	for i := range r.row {
		const exponent = 0xff << 23 // all ones: infinite, or not a number
		bits := binary.LittleEndian.Uint32(b[4*i:])
		r.row[i] = math.Float32frombits(bits)
		if bits&exponent == exponent {
			return nil, r.fault(from+4*int64(i), "value %d of %d of a vector is %v, not a finite number", i+1, n, r.row[i])
		}
	}
	return r.row, nil
}

// end holds that nothing follows.
func (r *binaryReader) end() error {
	switch _, err := r.in.Peek(1); {
	case err == nil:
		return r.fault(r.at, "more follows, where the file should end")
	case !errors.Is(err, io.EOF):
		return r.ended(err, "its end")
	}
	return nil
}

// pastEnd reads what follows of a compressed file, whose checksum stands last.
func (r *binaryReader) pastEnd() error {
	if !r.zipped {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.in); err != nil {
		return r.ended(err, "its end")
	}
	return nil
}
