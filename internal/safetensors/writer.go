package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// Write writes the tensors in the given order. The header is padded so that the
// data begins at a multiple of 8. Equal arguments give equal bytes; metadata is
// written in the order of its keys.
//
// The format has no room for padding between tensors, so one whose data would
// begin off its alignment, where a memory-mapped reader could not use it in
// place, is an error: put tensors of larger elements first.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	head, err := encodeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return fmt.Errorf("write tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// encodeHeader checks the tensors and returns all that comes before the data.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8)) // the length, filled in below
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	write := func(v any) error {
		if err := encoder.Encode(v); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the line end that Encode adds
		return nil
	}

	b.WriteByte('{')
	if len(metadata) > 0 {
		for key, value := range metadata {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, fmt.Errorf("metadata %q: not UTF-8", key)
			}
		}
		fmt.Fprintf(&b, "%q:", metadataKey)
		if err := write(metadata); err != nil { // sorts the keys
			return nil, fmt.Errorf("metadata: %w", err)
		}
	}
	seen := make(map[string]bool, len(tensors))
	var at int64
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return nil, err
		}
		size := int64(len(t.Data))
		switch {
		case seen[t.Name]:
			return nil, fmt.Errorf("tensor %q: the name stands twice", t.Name)
		case at%t.DType.Size() != 0:
			return nil, fmt.Errorf("tensor %q: %s data would begin at byte %d; put tensors of larger elements first", t.Name, t.DType, at)
		case size > math.MaxInt64-at:
			return nil, fmt.Errorf("tensor %q: the file's size does not fit in 64 bits", t.Name)
		}
		seen[t.Name] = true
		if b.Len() > len("12345678{") {
			b.WriteByte(',')
		}
		if err := write(t.Name); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int64{} // a scalar; null would not be a shape
		}
		b.WriteByte(':')
		if err := write(struct {
			DType   DType    `json:"dtype"`
			Shape   []int64  `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{t.DType, shape, [2]int64{at, at + size}}); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		at += size
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	length := b.Len() - 8
	if length > maxHeader {
		return nil, fmt.Errorf("header: %d bytes, more than the %d allowed", length, maxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(length))
	return b.Bytes(), nil
}
