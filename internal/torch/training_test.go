package torch

import (
	"math"
	"slices"
	"testing"
)

// tagger is a small network that uses what a real one does: embedding, packed
// LSTM, dropout, linear layer, cross-entropy, Adam with clipping.
type tagger struct {
	params    *Parameters
	embedding Tensor
	lstm      *LSTM
	out       Affine
	adam      *Adam
	lengths   []int64
}

const (
	taggerClasses = 5
	taggerWords   = 1500
)

func newTagger(t testing.TB, hidden, layers int64, lengths []int64) *tagger {
	t.Helper()
	p := newParameters(t, 1)
	m := &tagger{params: p, lengths: lengths}
	m.embedding = p.Normal("embedding.weight", 1, taggerWords, hidden)
	m.lstm = p.LSTM("lstm", hidden, hidden, layers, 0.3)
	m.out = p.Linear("out", 2*hidden, taggerClasses)
	noErr(t, p.Err())
	adam, err := NewAdam(p, AdamOptions{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, ClipNorm: 1})
	noErr(t, err)
	t.Cleanup(adam.Close)
	m.adam = adam
	return m
}

// step trains on one of two batches, in turn, with dropout that depends on the
// step's number; it returns the loss.
func (m *tagger) step(t testing.TB, s *Scope, step int) float64 {
	t.Helper()
	s.Reset()
	noErr(t, Seed(Mix(1, uint64(step))))
	b, l := len(m.lengths), int(m.lengths[0])
	tokens, classes, weights := make([]int64, b*l), make([]int64, b), make([]float32, b)
	for i := range tokens {
		tokens[i] = int64(Mix(uint64(step%2), uint64(i)) % taggerWords)
	}
	for i := range classes {
		classes[i] = tokens[i*l] % taggerClasses
		weights[i] = 1 / float32(b)
	}
	ids := s.Pack(New(s, tokens, int64(b), int64(l)), NewHost(s, m.lengths, int64(b)))
	x := Packed{Data: s.Dropout(s.Embedding(m.embedding, ids.Data), 0.2), BatchSizes: ids.BatchSizes}
	y, _ := m.lstm.Forward(s, x, int64(b))
	first := s.Select(s.Pad(y), 1, 0)
	loss := s.CrossEntropy(s.Linear(first, m.out.Weight, m.out.Bias), New(s, classes, int64(b)), New(s, weights, int64(b)))
	s.Backward(loss)
	values := s.Read(nil, loss, m.adam.GradNorm(s))
	noErr(t, s.Err())
	m.adam.Step(s, 1e-2, values[1], nil)
	noErr(t, s.Err())
	return values[0]
}

// TestTrainingIsReproducible trains twice with two threads: losses and weights
// are equal to the last bit. The batch is large enough for the LSTM, and the
// embedding for the norm of its gradient and its update, to be divided among
// threads.
func TestTrainingIsReproducible(t *testing.T) {
	s := newScope(t)
	SetThreads(2)
	SetATenThreads(2)
	defer SetThreads(1)
	defer ReleaseThreads()

	const steps = 20
	lengths := []int64{12, 11, 9, 8, 6, 4, 3, 3}
	run := func() (losses []float64, weights [][]float32) {
		m := newTagger(t, 32, 2, lengths)
		for step := range steps {
			losses = append(losses, m.step(t, s, step))
		}
		for _, q := range m.params.All() {
			weights = append(weights, float32s(t, q.Tensor))
		}
		return losses, weights
	}
	losses, weights := run()
	if first, last := losses[0], losses[steps-1]; !(last < first) {
		t.Errorf("the loss went from %g to %g: it does not learn", first, last)
	}
	again, weightsAgain := run()
	if !slices.Equal(losses, again) {
		t.Errorf("losses of two runs differ:\n%v\n%v", losses, again)
	}
	for i := range weights {
		if !slices.EqualFunc(weights[i], weightsAgain[i], func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
			t.Errorf("parameter %d differs between two runs", i)
		}
	}
}
