package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxHeader bounds the header, as the reference implementation does.
const maxHeader = 100_000_000

// entry is what the header says of one tensor. Offsets count bytes from the
// beginning of the data.
type entry struct {
	name       string
	dtype      DType
	shape      []int64
	begin, end int64
}

// header is the parsed header, entries in the order of their data.
type header struct {
	entries  []entry
	metadata map[string]string
}

// parseHeader reads the JSON of a header whose file holds dataSize bytes after
// it. Everything that the format forbids is an error.
func parseHeader(text []byte, dataSize int64) (header, error) {
	switch {
	case !utf8.Valid(text):
		return header{}, errors.New("header is not UTF-8")
	case len(text) == 0 || text[0] != '{':
		return header{}, errors.New("header does not begin with {")
	case !json.Valid(text):
		return header{}, errors.New("header is not JSON")
	}
	p := parser{json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	var h header
	err := p.object(func(key string) error {
		if key == metadataKey {
			var err error
			h.metadata, err = p.metadata()
			return err
		}
		e, err := p.entry(key)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		h.entries = append(h.entries, e)
		return nil
	})
	if err != nil {
		return header{}, fmt.Errorf("header: %w", err)
	}
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	return h, checkLayout(h.entries, dataSize)
}

// checkLayout says whether the entries, sorted, cover the data byte by byte.
func checkLayout(entries []entry, dataSize int64) error {
	var at int64
	for _, e := range entries {
		switch {
		case e.begin < at:
			return fmt.Errorf("tensor %q: data begins at byte %d, inside the tensor before it, which ends at %d", e.name, e.begin, at)
		case e.begin > at:
			return fmt.Errorf("tensor %q: data begins at byte %d, which leaves a hole after byte %d", e.name, e.begin, at)
		}
		at = e.end
	}
	switch {
	case at > dataSize:
		return fmt.Errorf("data is cut short: the header promises %d bytes, the file holds %d", at, dataSize)
	case at < dataSize:
		return fmt.Errorf("%d bytes follow the last tensor", dataSize-at)
	}
	return nil
}

// parser walks JSON that is already known to be valid, token by token, since
// decoding into a map would hide keys that stand twice.
type parser struct{ *json.Decoder }

// object calls value for each key of the object that comes next; value reads
// the key's value.
func (p parser) object(value func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.More() {
		key, err := p.string()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%q stands twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

func (p parser) metadata() (map[string]string, error) {
	m := map[string]string{}
	err := p.object(func(key string) error {
		v, err := p.string()
		m[key] = v
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataKey, err)
	}
	return m, nil
}

// entry reads the object of one tensor and checks it by itself.
func (p parser) entry(name string) (entry, error) {
	e := entry{name: name}
	var offsets []int64
	fields := 0
	err := p.object(func(key string) error {
		fields++
		var err error
		switch key {
		case "dtype":
			var d string
			d, err = p.string()
			e.dtype = DType(d)
		case "shape":
			e.shape, err = p.numbers()
		case "data_offsets":
			offsets, err = p.numbers()
		default:
			return fmt.Errorf("%q is not a field of a tensor", key)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return entry{}, err
	case fields != 3: // no field stands twice, so one is missing
		return entry{}, errors.New("dtype, shape and data_offsets are needed")
	case len(offsets) != 2 || offsets[0] > offsets[1]:
		return entry{}, errors.New("data_offsets: want [begin, end]")
	}
	e.begin, e.end = offsets[0], offsets[1]
	size, err := byteSize(e.dtype, e.shape)
	if err != nil {
		return entry{}, err
	}
	if e.end-e.begin != size {
		return entry{}, fmt.Errorf("data_offsets span %d bytes, but its dtype and shape take %d", e.end-e.begin, size)
	}
	return e, nil
}

func (p parser) delim(want json.Delim) error {
	token, err := p.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("found %v, want %v", token, want)
	}
	return nil
}

func (p parser) string() (string, error) {
	token, err := p.Token()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("found %v, want a string", token)
	}
	return s, nil
}

// numbers reads an array of whole numbers that are not negative.
func (p parser) numbers() ([]int64, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("found %v, want a whole number", token)
		}
		n, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s is not a whole number from 0 to 2^63-1", number)
		}
		list = append(list, n)
	}
	return list, p.delim(']')
}
