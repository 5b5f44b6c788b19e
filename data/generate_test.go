package data

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"absa/configs"
)

// synthetic returns a made-up corpus.
func synthetic(t testing.TB, sentences int, lines bool) []byte {
	t.Helper()
	var b bytes.Buffer
	c := Synthetic{Sentences: sentences, Seed: 1, Lines: lines, Data: configs.Default().Data}
	if err := c.Write(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSynthetic(t *testing.T) {
	const n = 20000
	c := configs.Default()
	xml, lines := synthetic(t, n, false), synthetic(t, n, true)
	if !bytes.Equal(xml, synthetic(t, n, false)) {
		t.Error("one seed, two corpora")
	}
	sameAsRead(t, 1<<16, string(xml[:200000])+"</sentence></sentences>", c) // an odd end
	a, err := OpenReader(t.Context(), "a.xml", bytes.NewReader(xml), c)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenReader(t.Context(), "b.jsonl", bytes.NewReader(lines), c)
	if err != nil {
		t.Fatal(err)
	}
	if a.Fingerprint() != b.Fingerprint() || a.Len() != n {
		t.Errorf("fingerprints %s and %s of %d sentences", a.Fingerprint(), b.Fingerprint(), a.Len())
	}
	counts := map[string]int{}
	a.CountWords(counts, a.All())
	tokens := 0
	for _, times := range counts {
		tokens += times
	}
	if mean := float64(tokens) / n; mean < 13 || mean > 19 { // marks are tokens too
		t.Errorf("%.1f tokens in a sentence, want about 16", mean)
	}
	if len(counts) < 10000 || counts["the"] == 0 {
		t.Errorf("%d words, want tens of thousands", len(counts))
	}
	for _, row := range a.Statistics(a.All()).Aspects {
		for p, times := range row.Counts {
			if share := float64(times) / n; share < 0.02 {
				t.Errorf("%s has polarity %d in %.3f of the sentences", row.Aspect, p, share)
			}
		}
	}
}

func TestSyntheticErrors(t *testing.T) {
	d := configs.Default().Data
	if err := (Synthetic{Data: d}).Write(t.Context(), io.Discard, nil); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("no sentences: %v", err)
	}
	if err := (Synthetic{Sentences: 1}).Write(t.Context(), io.Discard, nil); err == nil || !strings.Contains(err.Error(), "data.aspects") {
		t.Errorf("no aspects: %v", err)
	}
	over := errors.New("over")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(over)
	if err := (Synthetic{Sentences: 20000, Data: d}).Write(ctx, io.Discard, nil); !errors.Is(err, over) {
		t.Errorf("interrupted: %v", err)
	}
}
