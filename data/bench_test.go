package data

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"absa/configs"
)

const benchSentences = 200_000

// BenchmarkConvert measures bytes of a corpus that are converted in a second,
// down to the file that is mapped.
func BenchmarkConvert(b *testing.B) {
	for _, name := range []string{"made.xml", "made.jsonl"} {
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			dir := b.TempDir()
			path := filepath.Join(dir, name)
			text := synthetic(b, benchSentences, name == "made.jsonl")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s, err := Open(b.Context(), path, configs.Default(), OpenOptions{CacheDir: dir, CacheFrom: 1})
				if err != nil {
					b.Fatal(err)
				}
				if s.Built() == "" {
					b.Fatal("it was not converted")
				}
				os.Remove(s.Built())
				s.Close()
			}
			b.ReportMetric(float64(benchSentences*b.N)/b.Elapsed().Seconds(), "sentences/s")
		})
	}
}

// BenchmarkMap measures the second start, and what a run does then with the
// sentences before its first step.
func BenchmarkMap(b *testing.B) {
	c, path := configs.Default(), filepath.Join(b.TempDir(), "made.xml")
	if err := os.WriteFile(path, synthetic(b, benchSentences, false), 0o600); err != nil {
		b.Fatal(err)
	}
	o := OpenOptions{CacheDir: filepath.Dir(path), CacheFrom: 1}
	again := func() *Set {
		s, err := Open(context.Background(), path, c, o)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	again().Close()
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			again().Close()
		}
	})
	s := again()
	defer s.Close()
	b.Run("split", func(b *testing.B) {
		for b.Loop() {
			s.Split(s.WithWords(s.All()), 0.2, Stratification{Seed: 1})
		}
	})
	b.Run("words", func(b *testing.B) {
		for b.Loop() {
			counts := map[string]int{}
			s.CountWords(counts, s.All())
			NewVocabulary(counts, 1)
		}
	})
	counts := map[string]int{}
	s.CountWords(counts, s.All())
	examples := s.Examples(s.All(), NewVocabulary(counts, 1))
	b.Run("loader", func(b *testing.B) {
		l := newLoader(b, examples, Options{BatchSize: 32, Shuffle: true, Buckets: 8, Prefetch: 4})
		n := 0
		for b.Loop() {
			for batch := range l.Epoch(n, 0) {
				n += batch.Size()
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "sentences/s")
	})
}
