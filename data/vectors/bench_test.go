package vectors

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkWord2vec opens a binary file of 400,000 words and 300 dimensions,
// 480 MB of random values, without its cache and with it.
func BenchmarkWord2vec(b *testing.B) {
	const words, dimension = 400_000, 300
	path := filepath.Join(b.TempDir(), "random.bin")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintf(w, "%d %d\n", words, dimension)
	random := rand.New(rand.NewPCG(1, 2))
	row := make([]byte, 0, 4*dimension)
	for i := range words {
		fmt.Fprintf(w, "word%d ", i)
		row = row[:0]
		for range dimension {
			row = binary.LittleEndian.AppendUint32(row, math.Float32bits(2*random.Float32()-1))
		}
		w.Write(row) // Flush tells
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil { // the disk is not busy with it any more
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name   string
		cached bool
	}{{"first", false}, {"second", true}} {
		b.Run(bench.name, func(b *testing.B) {
			dir := b.TempDir()
			if bench.cached {
				open(b, path, dir)
			}
			for b.Loop() {
				table, err := Open(b.Context(), path, Options{CacheDir: dir})
				if err != nil {
					b.Fatal(err)
				}
				if table.Info().Built == bench.cached || table.Len() != words {
					b.Fatalf("info %+v", table.Info())
				}
				b.StopTimer()
				table.Close()
				if !bench.cached {
					os.Remove(table.Info().Cache)
				}
				b.StartTimer()
			}
		})
	}
}
