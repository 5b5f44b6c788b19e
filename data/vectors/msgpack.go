package vectors

import "encoding/binary"

// What of msgpack's format a map of numbers needs:
// https://github.com/msgpack/msgpack/blob/master/spec.md

// mapLength reads the head of a map: how many pairs follow.
func (r *binaryReader) mapLength() (uint64, error) {
	kind, err := r.kind()
	if err != nil {
		return 0, err
	}
	switch {
	case kind&0xf0 == 0x80:
		return uint64(kind & 0x0f), nil
	case kind == 0xde:
		return r.number(2)
	case kind == 0xdf:
		return r.number(4)
	}
	return 0, r.fault(r.at-1, "%#02x, want a map of msgpack: %w", kind, ErrFormat)
}

// unsigned reads a number that is not below zero.
func (r *binaryReader) unsigned() (uint64, error) {
	kind, err := r.kind()
	if err != nil {
		return 0, err
	}
	switch {
	case kind < 0x80:
		return uint64(kind), nil
	case kind >= 0xcc && kind <= 0xcf:
		return r.number(1 << (kind - 0xcc))
	}
	return 0, r.fault(r.at-1, "%#02x, want a number of msgpack that is not below zero", kind)
}

// kind reads the byte that says what follows.
func (r *binaryReader) kind() (byte, error) {
	b, err := r.bytes(1, "its numbers")
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// number reads so many bytes, up to 8, big endian.
func (r *binaryReader) number(size int) (uint64, error) {
	b, err := r.bytes(size, "its numbers")
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-size:], b)
	return binary.BigEndian.Uint64(wide[:]), nil
}
