package vectors

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Random is a table [len(words), dimension] drawn from N(0,std²), as PyTorch
// initialises an embedding with std 1; row 0, padding, is zero. A word's row depends on
// seed and word alone: it stays the same when the vocabulary around it grows
// or changes its order. The result is nil if dimension is not positive.
func Random(words []string, dimension int, seed int64, std float64) []float32 {
	if dimension <= 0 {
		return nil
	}
	rows := make([]float32, len(words)*dimension)
	for i, word := range words {
		if i != padRow {
			gaussian(rows[i*dimension:(i+1)*dimension], word, seed, std)
		}
	}
	return rows
}

// gaussian fills row from N(0, std²), a function of seed and word.
func gaussian(row []float32, word string, seed int64, std float64) {
	key := binary.LittleEndian.AppendUint64(nil, uint64(seed))
	sum := sha256.Sum256(append(key, word...))
	source := rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:]))
	random := rand.New(source)
	for i := range row {
		row[i] = float32(std * random.NormFloat64())
	}
}
