// Package models is the multi-task network: word vectors, a bidirectional LSTM
// shared by all aspects, and for each aspect an attention that pools the
// sentence and a head that classifies it; beside it, if wanted, a linear
// classifier of n-grams.
//
// It maps token ids, and rows of n-grams, to logits and knows neither files nor
// optimizers. Shapes are written into names:
//
//	B sentences, T positions, N tokens of the batch without padding,
//	V words, D vector length, H units per direction, A aspects, C classes,
//	G n-grams of the batch,
//	h heads of self-attention, d = 2H/h.
package models
