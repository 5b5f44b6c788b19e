// Package mapped lays typed slices over the bytes of files that are mapped into
// memory. Such a file is in the byte order of the host that wrote it.
package mapped

import (
	"fmt"
	"hash/crc32"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Number is what a file holds many of.
type Number interface {
	int8 | uint32 | uint64 | float32
}

// File maps all of f, which has at least least bytes, for reading. The mapping
// outlives f and ends with unmap.
func File(f *os.File, least int64) (b []byte, unmap func() error, err error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if stat.Size() < max(1, least) || stat.Size() != int64(int(stat.Size())) {
		return nil, nil, fmt.Errorf("%d bytes cannot be mapped", stat.Size())
	}
	b, err = unix.Mmap(int(f.Fd()), 0, int(stat.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return b, func() error { return unix.Munmap(b) }, nil
}

// View reads b as a slice of T without copying. b must start at a multiple of
// the size of a T and stay unchanged as long as the slice is used.
func View[T Number](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// Bytes is the memory of s.
func Bytes[T Number](s []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}

// Aligned says whether b starts at a multiple of 8 bytes.
func Aligned(b []byte) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 == 0 }

// Castagnoli is the CRC-32C that processors have an instruction for.
func Castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
