package data

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
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
	examples []Example
	opts     Options
}

// NewLoader returns a loader of the examples, which it keeps and the caller
// must not change. Examples need a token and all the same number of labels.
func NewLoader(examples []Example, opts Options) (*Loader, error) {
	switch {
	case len(examples) == 0:
		return nil, errors.New("new loader: no examples")
	case opts.BatchSize < 1:
		return nil, fmt.Errorf("new loader: loader.batch_size: %d, want at least 1", opts.BatchSize)
	case opts.Buckets < 0:
		return nil, fmt.Errorf("new loader: loader.buckets: %d, want 0 or more", opts.Buckets)
	case opts.Prefetch < 0:
		return nil, fmt.Errorf("new loader: prefetch: %d, want 0 or more", opts.Prefetch)
	}
	for i, e := range examples {
		if len(e.Tokens) == 0 {
			return nil, fmt.Errorf("new loader: example %d (id %q) has no token; leave it out", i, e.ID)
		}
		if got, want := len(e.Labels), len(examples[0].Labels); got != want {
			return nil, fmt.Errorf("new loader: example %d (id %q) has %d labels, the first has %d", i, e.ID, got, want)
		}
	}
	return &Loader{examples: examples, opts: opts}, nil
}

// Batches returns the number of batches of an epoch.
func (l *Loader) Batches() int {
	return 1 + (len(l.examples)-1)/l.opts.BatchSize
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
		plan := l.plan(epoch)[from:]
		if l.opts.Prefetch > 0 {
			l.ahead(plan, yield)
			return
		}
		for _, index := range plan {
			if !yield(newBatch(l.examples, index), nil) {
				return
			}
		}
	}
}

// ahead yields the batches of the plan while a goroutine makes the next ones.
func (l *Loader) ahead(plan [][]int, yield func(Batch, error) bool) {
	batches := make(chan Batch, l.opts.Prefetch-1) // one more is in the sender's hand
	stop := make(chan struct{})
	go func() {
		defer close(batches)
		for _, index := range plan {
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

// plan returns the positions of the examples of each batch of an epoch.
func (l *Loader) plan(epoch int) [][]int {
	order := indices(len(l.examples))
	var rng *rand.Rand
	if l.opts.Shuffle {
		rng = rand.New(rand.NewPCG(uint64(l.opts.Seed), uint64(epoch)))
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	if l.opts.Buckets == 0 {
		return cut(order, l.opts.BatchSize)
	}
	var batches [][]int
	buckets := min(l.opts.Buckets, l.Batches()) // more would overflow at worst
	for _, window := range cut(order, buckets*l.opts.BatchSize) {
		byLength(l.examples, window)
		bucket := cut(window, l.opts.BatchSize)
		if rng != nil {
			// Otherwise each window would run from long to short.
			rng.Shuffle(len(bucket), func(i, j int) { bucket[i], bucket[j] = bucket[j], bucket[i] })
		}
		batches = append(batches, bucket...)
	}
	return batches
}

// cut cuts the order into pieces of size, the last of what is left.
func cut(order []int, size int) [][]int {
	var pieces [][]int
	for len(order) > 0 {
		n := min(size, len(order))
		pieces = append(pieces, order[:n:n])
		order = order[n:]
	}
	return pieces
}
