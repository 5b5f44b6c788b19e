package vectors

import (
	"encoding/binary"
	"regexp"
	"strconv"
)

// numpyMagic begins the files of numpy.save.
const numpyMagic = "\x93NUMPY"

// readNumpyHead reads the head of an array of float32 [rows, columns] as
// numpy.save writes it (NEP 1): the magic, two bytes of version, the length of
// the description in 2 bytes, from version 2 on in 4, and the description.
func readNumpyHead(r *binaryReader) (rows, columns int, err error) {
	b, err := r.bytes(len(numpyMagic)+2, "an array of NumPy")
	if err != nil {
		return 0, 0, err
	}
	if string(b[:len(numpyMagic)]) != numpyMagic {
		return 0, 0, r.fault(0, "%q, want an array of NumPy: %w", b[:len(numpyMagic)], ErrFormat)
	}
	size := 4
	if b[len(numpyMagic)] == 1 {
		size = 2
	}
	const longest = 1 << 16
	if b, err = r.bytes(size, "an array's description"); err != nil {
		return 0, 0, err
	}
	var length [4]byte
	copy(length[:], b)
	n := binary.LittleEndian.Uint32(length[:])
	if n > longest {
		return 0, 0, r.fault(r.at, "a description of %d bytes, want at most %d", n, longest)
	}
	from := r.at
	if b, err = r.bytes(int(n), "an array's description"); err != nil {
		return 0, 0, err
	}
	shape := regexp.MustCompile(`'shape': *\((\d+), *(\d+),? *\)`).FindSubmatch(b)
	float := regexp.MustCompile(`'descr': *'<f4'`).Match(b)
	if rowwise := regexp.MustCompile(`'fortran_order': *False`).Match(b); shape == nil || !float || !rowwise {
		return 0, 0, r.fault(from, "an array %.200q, want '<f4', not in Fortran's order, with two dimensions: %w", b, ErrFormat)
	}
	if rows, err = strconv.Atoi(string(shape[1])); err == nil {
		columns, err = strconv.Atoi(string(shape[2]))
	}
	if err != nil {
		return 0, 0, r.fault(from, "%w", err)
	}
	return rows, columns, nil
}
