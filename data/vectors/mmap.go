package vectors

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps all of f for reading.
func mapFile(f *os.File) (b []byte, unmap func() error, err error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if stat.Size() < headerSize || stat.Size() != int64(int(stat.Size())) {
		return nil, nil, fmt.Errorf("%d bytes cannot be mapped", stat.Size())
	}
	b, err = unix.Mmap(int(f.Fd()), 0, int(stat.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
