package data

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// Options says how a Loader cuts examples into batches.
type Options struct {
	BatchSize int   // examples per batch; the last batch of an epoch may have fewer
	Shuffle   bool  // a new order each epoch; otherwise that of the examples
	Buckets   int   // sort by length within windows of this many batches; 0 is off
	Seed      int64 // of the order; without Shuffle it has no effect
	Prefetch  int   // batches made ahead by a goroutine; 0 makes each when it is asked for
}

// Loader cuts examples into batches. It holds no state between epochs: the
// batches of an epoch are a function of the examples, the options and the
// number of the epoch, so a run can take up again in the middle of one. Several
// epochs may be read at the same time.
type Loader struct {
	examples *Examples
	opts     Options
}

// NewLoader returns a loader of the examples, which it keeps.
func NewLoader(examples *Examples, opts Options) (*Loader, error) {
	switch {
	case examples.Len() == 0:
		return nil, errors.New("new loader: no examples")
	case opts.BatchSize < 1:
		return nil, fmt.Errorf("new loader: loader.batch_size: %d, want at least 1", opts.BatchSize)
	case opts.Buckets < 0:
		return nil, fmt.Errorf("new loader: loader.buckets: %d, want 0 or more", opts.Buckets)
	case opts.Prefetch < 0:
		return nil, fmt.Errorf("new loader: prefetch: %d, want 0 or more", opts.Prefetch)
	}
	return &Loader{examples: examples, opts: opts}, nil
}

// Batches returns the number of batches of an epoch.
func (l *Loader) Batches() int {
	return 1 + (l.examples.Len()-1)/l.opts.BatchSize
}

// Epoch yields the batches of an epoch after the first from of them. The only
// error is a from outside [0, Batches()]. With Options.Prefetch a goroutine
// works ahead; it has ended when the loop over the batches ends.
func (l *Loader) Epoch(epoch, from int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		if from < 0 || from > l.Batches() {
			yield(Batch{}, fmt.Errorf("epoch %d: batch %d, want 0 to %d", epoch, from, l.Batches()))
			return
		}
		plan := l.plan(epoch, from)
		if l.opts.Prefetch > 0 {
			l.ahead(plan, yield)
			return
		}
		for index := range plan {
			if !yield(newBatch(l.examples, index), nil) {
				return
			}
		}
	}
}

// Endless returns the batches of one epoch after the other, after the first from of
// them all. A goroutine works ahead of next until stop, which must be called; next
// may not be called after it.
func (l *Loader) Endless(from int) (next func() Batch, stop func()) {
	batches, done := make(chan Batch, l.opts.Prefetch), make(chan struct{})
	go func() {
		defer close(batches)
		for epoch, at := from/l.Batches(), from%l.Batches(); ; epoch, at = epoch+1, 0 {
			for index := range l.plan(epoch, at) {
				select {
				case batches <- newBatch(l.examples, index):
				case <-done:
					return
				}
			}
		}
	}()
	return func() Batch { return <-batches }, func() {
		close(done)
		for range batches { // until the goroutine has closed it
		}
	}
}

// ahead yields the batches of the plan while a goroutine makes the next ones.
func (l *Loader) ahead(plan iter.Seq[[]uint32], yield func(Batch, error) bool) {
	batches := make(chan Batch, l.opts.Prefetch-1) // one more is in the sender's hand
	stop := make(chan struct{})
	go func() {
		defer close(batches)
		for index := range plan {
			select {
			case batches <- newBatch(l.examples, index):
			case <-stop:
				return
			}
		}
	}()
	defer func() { // also when the loop's body panics
		close(stop)
		for range batches { // until the goroutine has closed it
		}
	}()
	for b := range batches {
		if !yield(b, nil) {
			return
		}
	}
}

// plan yields the positions of the examples of each batch of an epoch after the
// first from of them. It takes four bytes for an example, and sorts a window
// when it comes to it.
func (l *Loader) plan(epoch, from int) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		order := positions(l.examples.Len())
		var rng *rand.Rand
		if l.opts.Shuffle {
			rng = rand.New(rand.NewPCG(uint64(l.opts.Seed), uint64(epoch)))
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		size := min(l.opts.BatchSize, len(order))
		buckets := min(max(1, l.opts.Buckets), l.Batches()) // more would overflow at worst
		for window := range slices.Chunk(order, buckets*size) {
			batches := positions(1 + (len(window)-1)/size)
			if l.opts.Buckets > 0 && rng != nil {
				// Otherwise each window would run from long to short.
				rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
			}
			if from >= len(batches) {
				from -= len(batches)
				continue
			}
			if l.opts.Buckets > 0 {
				window = byLength(l.examples, window)
			}
			for _, b := range batches[from:] {
				at := int(b) * size
				if !yield(window[at:min(at+size, len(window))]) {
					return
				}
			}
			from = 0
		}
	}
}
