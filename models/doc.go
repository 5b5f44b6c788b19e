// Package models is the multi-task network: word vectors, a bidirectional LSTM
// shared by all aspects, and for each aspect an attention that pools the
// sentence and a head that classifies it.
//
// It maps token ids to logits and knows neither files nor optimizers. Shapes
// are written into names:
//
//	B sentences, T positions, N tokens of the batch without padding,
//	V words, D vector length, H units per direction, A aspects, C classes,
//	h heads of self-attention, d = 2H/h.
package models
