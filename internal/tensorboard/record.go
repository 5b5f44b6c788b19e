package tensorboard

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A record is a length of 8 bytes and its checksum of 4, both little-endian, the
// data, and the checksum of the data.
const (
	recordHead = 12
	recordFoot = 4
)

// longestRecord bounds what is read as one: no event of ours is near it.
const longestRecord = 1 << 24

// errTorn says that a file ends within a record, or goes on with what is none:
// a process was killed while it wrote.
var errTorn = errors.New("the record is not whole")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the CRC-32C that records carry: rotated and shifted, so that the
// checksum of data that holds checksums stays a good one.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// appendRecord frames data.
func appendRecord(b, data []byte) []byte {
	head := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b[head:head+8]))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, masked(data))
}

// readRecord returns the data of the next record: io.EOF after the last one,
// errTorn where there is no whole one.
func readRecord(r io.Reader) ([]byte, error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, torn(err)
	}
	n := binary.LittleEndian.Uint64(head[:8])
	if masked(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || n > longestRecord {
		return nil, errTorn
	}
	data := make([]byte, n+recordFoot)
	if _, err := io.ReadFull(r, data); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errTorn
		}
		return nil, torn(err)
	}
	foot := data[n:]
	if data = data[:n]; masked(data) != binary.LittleEndian.Uint32(foot) {
		return nil, errTorn
	}
	return data, nil
}

// torn is errTorn for an end within a record, and err otherwise.
func torn(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errTorn
	}
	return err
}
