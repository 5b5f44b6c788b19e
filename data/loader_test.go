package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sized returns examples of the given numbers of tokens. Token t of example i
// is 100i+t+2, its only label i%100.
func sized(lengths ...int) *Examples {
	s := &Set{Schema: Schema{Aspects: []string{"a"}}}
	e := &Examples{set: s, at: positions(len(lengths))}
	for i, n := range lengths {
		for t := range n {
			s.image.words = append(s.image.words, uint32(len(e.ids)))
			e.ids = append(e.ids, int64(100*i+t+2))
		}
		s.image.ends = append(s.image.ends, uint64(len(s.image.words)))
		s.image.labels = append(s.image.labels, int8(i%100))
	}
	return e
}

// random returns n examples of 1 to 60 tokens.
func random(n int) *Examples {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int, n)
	for i := range lengths {
		lengths[i] = 1 + rng.IntN(60)
	}
	return sized(lengths...)
}

func newLoader(t testing.TB, examples *Examples, opts Options) *Loader {
	t.Helper()
	l, err := NewLoader(examples, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func collect(t testing.TB, l *Loader, epoch, from int) []Batch {
	t.Helper()
	var batches []Batch
	for b, err := range l.Epoch(epoch, from) {
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
	}
	return batches
}

func order(batches []Batch) [][]int {
	var index [][]int
	for _, b := range batches {
		index = append(index, b.Index)
	}
	return index
}

func TestBatch(t *testing.T) {
	examples := sized(1, 3, 1, 2, 2)
	examples.Labels(1)[0] = Absent
	l := newLoader(t, examples, Options{BatchSize: 3})
	want := []Batch{
		{
			Index:   []int{1, 0, 2}, // equally long ones in file order
			Length:  3,
			Tokens:  []int64{102, 103, 104, 2, 0, 0, 202, 0, 0},
			Lengths: []int64{3, 1, 1},
			Labels:  []int64{Absent, 0, 2},
		},
		{
			Index:   []int{3, 4}, // what is left
			Length:  2,
			Tokens:  []int64{302, 303, 402, 403},
			Lengths: []int64{2, 2},
			Labels:  []int64{3, 4},
		},
	}
	got := collect(t, l, 0, 0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	twice := Batch{
		Index:   []int{1, 1, 0, 0, 2, 2},
		Length:  3,
		Tokens:  []int64{102, 103, 104, 102, 103, 104, 2, 0, 0, 2, 0, 0, 202, 0, 0, 202, 0, 0},
		Lengths: []int64{3, 3, 1, 1, 1, 1},
		Labels:  []int64{Absent, Absent, 0, 0, 2, 2},
	}
	if diff := cmp.Diff(twice, got[0].Twice()); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
	if got[0].Size() != 3 || got[1].Size() != 2 {
		t.Errorf("sizes %d and %d, want 3 and 2", got[0].Size(), got[1].Size())
	}
}

func TestNewLoaderErrors(t *testing.T) {
	tests := []struct {
		name     string
		examples *Examples
		opts     Options
		want     string
	}{
		{"no example", nil, Options{BatchSize: 1}, "no examples"},
		{"batch size", sized(1), Options{}, "loader.batch_size: 0, want at least 1"},
		{"buckets", sized(1), Options{BatchSize: 1, Buckets: -1}, "loader.buckets: -1"},
		{"prefetch", sized(1), Options{BatchSize: 1, Prefetch: -1}, "prefetch: -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewLoader(tt.examples, tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %s", err, tt.want)
			}
		})
	}
}

func TestEpochFromOutside(t *testing.T) {
	l := newLoader(t, sized(1, 1, 1), Options{BatchSize: 2})
	if got := collect(t, l, 0, 2); len(got) != 0 {
		t.Errorf("%d batches after the last, want none", len(got))
	}
	for _, from := range []int{-1, 3} {
		n := 0
		for _, err := range l.Epoch(0, from) {
			n++
			if err == nil || !strings.Contains(err.Error(), "want 0 to 2") {
				t.Errorf("from %d: got %v, want an error that says want 0 to 2", from, err)
			}
		}
		if n != 1 {
			t.Errorf("from %d: yielded %d times, want once", from, n)
		}
	}
}

// variants are all ways to cut an epoch.
func variants() map[string]Options {
	return map[string]Options{
		"file order":          {BatchSize: 32},
		"file order, buckets": {BatchSize: 32, Buckets: 4},
		"shuffled":            {BatchSize: 32, Shuffle: true, Seed: 3},
		"shuffled, buckets":   {BatchSize: 32, Shuffle: true, Seed: 3, Buckets: 4},
		"one window":          {BatchSize: 32, Shuffle: true, Seed: 3, Buckets: math.MaxInt},
		"one batch":           {BatchSize: math.MaxInt, Shuffle: true, Buckets: 2},
	}
}

func TestEpochHoldsEachExampleOnce(t *testing.T) {
	examples := random(333)
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			l := newLoader(t, examples, opts)
			batches := collect(t, l, 5, 0)
			if got, want := len(batches), l.Batches(); got != want {
				t.Errorf("%d batches, want %d", got, want)
			}
			all := slices.Concat(order(batches)...)
			slices.Sort(all)
			if diff := cmp.Diff(indices(333), all); diff != "" {
				t.Errorf("examples (-want +got):\n%s", diff)
			}
			for _, b := range batches {
				checkBatch(t, examples, b)
			}
		})
	}
}

// checkBatch holds a batch against the examples it is made of.
func checkBatch(t *testing.T, examples *Examples, b Batch) {
	t.Helper()
	for row, i := range b.Index {
		want := make([]int64, examples.Length(i))
		examples.Tokens(want, i)
		if row > 0 && b.Lengths[row] > b.Lengths[row-1] {
			t.Errorf("lengths %v do not descend", b.Lengths)
		}
		tokens := b.Tokens[row*b.Length : (row+1)*b.Length]
		if n := int(b.Lengths[row]); !slices.Equal(tokens[:n], want) || slices.ContainsFunc(tokens[n:], func(id int64) bool { return id != PaddingID }) {
			t.Errorf("row %d is %v, want the %d tokens of example %d and padding", row, tokens, len(want), i)
		}
		if got, want := b.Labels[row], int64(examples.Labels(i)[0]); got != want {
			t.Errorf("row %d has label %d, want %d", row, got, want)
		}
	}
	if b.Length != int(b.Lengths[0]) {
		t.Errorf("length %d, want that of the longest, %d", b.Length, b.Lengths[0])
	}
}

func TestEpochIsAFunctionOfSeedAndEpoch(t *testing.T) {
	examples := random(333)
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			l := newLoader(t, examples, opts)
			third := order(collect(t, l, 3, 0))
			collect(t, l, 4, 0) // epochs leave no state behind
			if diff := cmp.Diff(third, order(collect(t, l, 3, 0))); diff != "" {
				t.Errorf("epoch 3 again (-first +second):\n%s", diff)
			}
			if diff := cmp.Diff(third, order(collect(t, newLoader(t, examples, opts), 3, 0))); diff != "" {
				t.Errorf("epoch 3 of another loader (-first +second):\n%s", diff)
			}
			other := opts
			other.Seed++
			sameEpoch := cmp.Equal(third, order(collect(t, l, 4, 0)))
			sameSeed := cmp.Equal(third, order(collect(t, newLoader(t, examples, other), 3, 0)))
			if sameEpoch == opts.Shuffle || sameSeed == opts.Shuffle {
				t.Errorf("same order in another epoch: %v, with another seed: %v; want %v", sameEpoch, sameSeed, !opts.Shuffle)
			}
		})
	}
}

// An order is that of earlier versions, since runs are resumed.
func TestOrderStays(t *testing.T) {
	want := map[string]string{
		"file order":          "f77bf6a507f70adb",
		"file order, buckets": "1ec56a67406cea35",
		"shuffled":            "1dec1a48227b530f",
		"shuffled, buckets":   "ac74729a402330b4",
		"one window":          "c50d644b15f401fd",
		"one batch":           "5949a8565d496e21",
	}
	for name, opts := range variants() {
		if got := digest(order(collect(t, newLoader(t, random(333), opts), 2, 0))); got != want[name] {
			t.Errorf("%s: digest %s, want %s", name, got, want[name])
		}
	}
}

func TestEpochResumes(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			l := newLoader(t, random(333), opts)
			whole := collect(t, l, 2, 0)
			for from := range whole {
				// Diff takes its time even over equal batches.
				if got := collect(t, l, 2, from); !reflect.DeepEqual(got, whole[from:]) {
					t.Fatalf("from batch %d (-whole +resumed):\n%s", from, cmp.Diff(whole[from:], got))
				}
			}
		})
	}
}

func TestPrefetchChangesNothing(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			examples := random(333)
			want := collect(t, newLoader(t, examples, opts), 2, 0)
			for _, opts.Prefetch = range []int{1, 2, 100} {
				got := collect(t, newLoader(t, examples, opts), 2, 0)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("prefetch %d (-without +with):\n%s", opts.Prefetch, cmp.Diff(want, got))
				}
			}
		})
	}
}

// Buckets are there to spare padding.
func TestBucketsSparePadding(t *testing.T) {
	padding := func(buckets int) int {
		n := 0
		l := newLoader(t, random(1000), Options{BatchSize: 32, Shuffle: true, Buckets: buckets})
		for _, b := range collect(t, l, 0, 0) {
			for _, length := range b.Lengths {
				n += b.Length - int(length)
			}
		}
		return n
	}
	if without, with := padding(0), padding(8); with > without/3 {
		t.Errorf("%d tokens of padding with buckets, %d without; want at most a third", with, without)
	}
}

// However the loop ends, the prefetching goroutine has ended before it.
func TestPrefetchEndsWithTheLoop(t *testing.T) {
	l := newLoader(t, random(333), Options{BatchSize: 4, Prefetch: 3})
	ends := map[string]func(){
		"at the end": func() { collect(t, l, 0, 0) },
		"by break": func() {
			for range l.Epoch(0, 0) {
				break
			}
		},
		"by a panic": func() {
			defer func() { _ = recover() }()
			for range l.Epoch(0, 0) {
				panic("in the loop")
			}
		},
	}
	for name, run := range ends {
		before := runtime.NumGoroutine()
		for range 50 {
			run()
		}
		// A goroutine that has closed its channel may still be counted for a moment.
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%s: %d goroutines, %d before", name, after, before)
		}
	}
}

func BenchmarkLoader(b *testing.B) {
	examples := random(3000)
	for _, prefetch := range []int{0, 2} {
		b.Run(fmt.Sprintf("prefetch=%d", prefetch), func(b *testing.B) {
			l := newLoader(b, examples, Options{BatchSize: 32, Shuffle: true, Buckets: 8, Prefetch: prefetch})
			b.ReportAllocs()
			epoch := 0
			for b.Loop() {
				for range l.Epoch(epoch, 0) {
				}
				epoch++
			}
			b.ReportMetric(float64(examples.Len()*b.N)/b.Elapsed().Seconds(), "sentences/s")
		})
	}
}

// Endless goes through the epochs one after the other, from any batch on.
func TestEndless(t *testing.T) {
	l := newLoader(t, random(25), Options{BatchSize: 10, Shuffle: true, Seed: 3, Prefetch: 2})
	var want []Batch
	for epoch := range 3 {
		want = append(want, collect(t, l, epoch, 0)...)
	}
	for _, from := range []int{0, 1, 2, 3, 5} {
		next, stop := l.Endless(from)
		for i, b := range want[from:] {
			if diff := cmp.Diff(b, next()); diff != "" {
				t.Fatalf("batch %d after %d (-want +got):\n%s", i, from, diff)
			}
		}
		stop()
	}
}
