package models

import (
	"fmt"
	"slices"

	"absa/configs"
	"absa/internal/torch"
)

// Loss is the training objective: for each aspect the class-weighted
// cross-entropy over the sentences that have a label for it, a mean weighted by
// class as PyTorch's, summed over the aspects; an aspect without a label in the
// batch contributes nothing. Reduction "pairs" is one such mean over all
// labelled pairs instead.
//
// Label smoothing e makes of the cross-entropy -w·log p of a label's class
//
//	-(1-e)·w·log p - e/C Σ over classes of w_c·log p_c
//
// in the same mean (Szegedy et al. 2016, §7; with the weights w_c of the classes, absent
// among them where it is one, PyTorch's). Other than there, a label of weight 0 counts
// for nothing.
//
// With presence logits, the binary cross-entropy of "is mentioned", a mean over
// all pairs, is added.
type Loss struct {
	labels      Labels
	weights     []float64 // by class
	perPair     bool
	presence    float64
	smoothing   float64 // share of a label that all classes have evenly
	consistency float64 // weight of Divergence
}

// NewLoss returns the objective that config describes.
func NewLoss(config configs.Loss, labels Labels) (*Loss, error) {
	classes := labels.Classes()
	l := &Loss{labels: labels, weights: make([]float64, len(classes)), perPair: config.Reduction == "pairs", presence: config.PresenceWeight, smoothing: config.LabelSmoothing, consistency: config.Consistency}
	index := map[string]int{}
	for i, c := range classes {
		index[c], l.weights[i] = i, 1
	}
	for _, w := range config.ClassWeights {
		i, ok := index[w.Label]
		if !ok {
			return nil, fmt.Errorf("loss.class_weights: label %q is none of %q", w.Label, classes)
		}
		l.weights[i] = w.Weight
	}
	return l, nil
}

// Targets are a batch's labels as the loss wants them.
type Targets struct {
	Class   []int64   // [B,A] class of each pair, 0 where there is no label
	Weight  []float32 // [B,A] share of each pair in the loss, 0 where there is no label
	Present []float32 // [B,A] 1 where there is a label
	Share   float64   // of the batch in the presence term, 1 for a batch alone
	Pairs   int       // number of labels
}

// Targets encodes labels [B,A], polarity indices with -1 for absent.
func (l *Loss) Targets(labels []int64) Targets {
	return l.GroupTargets([][]int64{labels})[0]
}

// GroupTargets encodes the labels of batches that share a step. Their losses,
// and so their gradients, sum to those of one batch that holds all their
// sentences: the means are over the group. Their denominators are worked out
// here, where the labels are.
func (l *Loss) GroupTargets(batches [][]int64) []Targets {
	aspects, size := len(l.labels.Aspects), 0
	mean := func(i int) int { // the mean that pair i of a batch counts in
		if l.perPair {
			return 0
		}
		return i % aspects
	}
	sums := make([]float64, aspects)
	group := make([]Targets, len(batches))
	for n, labels := range batches {
		t := Targets{
			Class:   make([]int64, len(labels)),
			Weight:  make([]float32, len(labels)),
			Present: make([]float32, len(labels)),
		}
		for i, label := range labels {
			if label < 0 {
				continue
			}
			t.Pairs++
			t.Present[i] = 1
			t.Class[i] = label + int64(l.labels.Offset())
			sums[mean(i)] += l.weights[t.Class[i]]
		}
		group[n] = t
		size += len(labels)
	}
	for n, labels := range batches {
		t := &group[n]
		t.Share = float64(len(labels)) / float64(size)
		for i, label := range labels {
			if sum := sums[mean(i)]; label >= 0 && sum > 0 {
				t.Weight[i] = float32(l.weights[t.Class[i]] / sum)
			}
		}
	}
	return group
}

// Reads returns the pairs that the loss reads the logits of: those with a label,
// or all of them where there is none or the presence term reads every pair.
func (l *Loss) Reads(t Targets) Pairs {
	if l.presence > 0 || t.Pairs == 0 {
		return Pairs{}
	}
	aspects := len(l.labels.Aspects)
	p := Pairs{Sentences: make([]int64, 0, t.Pairs)}
	for a := range aspects {
		for i := a; i < len(t.Present); i += aspects {
			if t.Present[i] > 0 {
				p.Sentences = append(p.Sentences, int64(i/aspects))
			}
		}
		p.Ends = append(p.Ends, int64(len(p.Sentences)))
	}
	return p
}

// Correct counts the labelled pairs whose class has the largest of its logits,
// [P,C] of the pairs that were asked about.
func (t Targets) Correct(asked Pairs, logits []float64) int {
	class, present := t.Class, t.Present
	if !asked.All() {
		class, present = pick(asked, class), pick(asked, present)
	}
	n, classes := 0, len(logits)/len(class)
	for i, c := range class {
		row := logits[i*classes : (i+1)*classes]
		if present[i] > 0 && row[c] == slices.Max(row) {
			n++
		}
	}
	return n
}

// Forward returns the loss, a scalar; for one batch of a group, its part of the
// group's. out must hold the pairs that Reads names.
func (l *Loss) Forward(s *torch.Scope, out Output, t Targets) torch.Tensor {
	class, weight := t.Class, t.Weight
	shape := []int64{int64(len(class) / len(l.labels.Aspects)), int64(len(l.labels.Aspects))}
	if !out.Pairs.All() {
		class, weight = pick(out.Pairs, class), pick(out.Pairs, weight)
		shape = []int64{int64(len(class))}
	}
	classBA, weightBA := torch.New(s, class, shape...), torch.New(s, weight, shape...)
	trained := out.trained()
	loss := s.CrossEntropy(trained[0], classBA, weightBA)
	for _, logits := range trained[1:] {
		loss = s.Add(loss, s.CrossEntropy(logits, classBA, weightBA))
	}
	if l.smoothing > 0 {
		shares := torch.New(s, l.shares(class, weight), append(shape, int64(len(l.weights)))...)
		spread := s.Mul(shares, s.LogSoftmax(trained[0], -1))
		for _, logits := range trained[1:] {
			spread = s.Add(spread, s.Mul(shares, s.LogSoftmax(logits, -1)))
		}
		loss = s.Add(s.Scale(loss, 1-l.smoothing), s.Scale(s.Sum(spread), -l.smoothing/float64(len(l.weights))))
	}
	if l.presence > 0 && out.Presence.Defined() {
		presence := s.BCEWithLogits(out.Presence, torch.New(s, t.Present, shape...))
		loss = s.Add(loss, s.Scale(presence, l.presence*t.Share))
	}
	return loss
}

// shares returns the weight of every class for each pair, [..,C]: what the pair's own
// class has of the mean, scaled to the class.
func (l *Loss) shares(class []int64, weight []float32) []float32 {
	shares := make([]float32, 0, len(class)*len(l.weights))
	for i, c := range class {
		unit := 0.0 // of weight 1
		if weight[i] > 0 {
			unit = float64(weight[i]) / l.weights[c]
		}
		for _, w := range l.weights {
			shares = append(shares, float32(unit*w))
		}
	}
	return shares
}

// Consistent says whether the objective is one of batches that hold every sentence
// twice, for the two answers under different dropout that Divergence compares.
func (l *Loss) Consistent() bool { return l.consistency > 0 }

// Divergence returns how far the answers for the two rows of each sentence are apart,
// by its weight in the objective: a mean over the labelled pairs, as that of the
// cross-entropy, of
//
//	(KL(p ‖ q) + KL(q ‖ p)) / 2 = Σ over classes of (p - q)(log p - log q) / 2
//
// (R-Drop; Liang et al. 2021, eq. 2, beside the mean of the two losses rather than their
// sum). Of n-grams nothing is dropped: p and q are the network's.
func (l *Loss) Divergence(s *torch.Scope, out Output, t Targets) torch.Tensor {
	weight, pairs := t.Weight, int64(1)
	if out.Pairs.All() {
		pairs = int64(len(l.labels.Aspects))
	} else {
		weight = pick(out.Pairs, weight)
	}
	both := s.Reshape(out.trained()[0], -1, 2, pairs, int64(len(l.weights)))
	difference := func(of func(torch.Tensor, int64) torch.Tensor) torch.Tensor {
		x := of(both, -1)
		return s.Add(s.Select(x, 1, 0), s.Scale(s.Select(x, 1, 1), -1))
	}
	perPair := s.SumDim(s.Mul(difference(s.Softmax), difference(s.LogSoftmax)), -1)
	weightsB2P := s.Reshape(torch.New(s, weight, int64(len(weight))), -1, 2, pairs)
	// Each row has half the weight of its sentence.
	return s.Scale(s.Sum(s.Mul(perPair, s.SumDim(weightsB2P, 1))), l.consistency/2)
}
