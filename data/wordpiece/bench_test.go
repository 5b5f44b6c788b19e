package wordpiece

import (
	"strings"
	"testing"
)

// BenchmarkEncode reports tokens per second on one core: of restaurant reviews
// with the real vocabulary where there is one, and of other scripts.
func BenchmarkEncode(b *testing.B) {
	folder := encoder()
	if folder == "" {
		b.Log("with the vocabulary of the tests: run absa fetch minilm-l6, or set ABSA_TEST_ENCODER to the folder of an encoder")
		folder = "testdata/uncased"
	}
	made := open(b, folder)
	for _, c := range []struct{ name, text string }{
		{"english", "The pasta was unbelievably good, but we waited 45 minutes for it and the waiter didn't apologise. "},
		{"accents", "Crème brûlée à la carte, très bon café; un déjeuner où l’on mange bien, même à midi. "},
		{"chinese", "寿司很好吃，服务也不错，但是价格有点贵。"},
		{"unknown", strings.Repeat("x", 100) + " "},
	} {
		b.Run(c.name, func(b *testing.B) {
			var (
				tokens []Token
				err    error
				total  int
			)
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if tokens, err = made.Encode(tokens[:0], c.text, 0); err != nil {
					b.Fatal(err)
				}
				total += len(tokens)
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	folder := encoder()
	if folder == "" {
		b.Skip("needs a real vocabulary: run absa fetch minilm-l6, or set ABSA_TEST_ENCODER to the folder of an encoder")
	}
	for b.Loop() {
		open(b, folder)
	}
}
