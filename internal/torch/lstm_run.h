// A stacked bidirectional LSTM over packed sequences, forward and backward, on
// memory that the caller owns. lstm.cpp makes it an operation of LibTorch.
//
// N tokens, B sequences, T steps, H units, D = 2 directions; `in` is what a
// layer reads: the width of the tokens, then 2H. Sequences are sorted by length,
// longest first; the rows of a step follow each other, then those of the next.
#ifndef ABSA_LSTM_RUN_H
#define ABSA_LSTM_RUN_H

#include "lstm_kernel.h"

namespace absa {

// LstmShape is what the sizes of all buffers follow from.
struct LstmShape {
  int64_t layers, inputs, units, tokens, sequences, steps;
  const int64_t *batch_sizes; // [T], descending, the first is B
  int threads;

  int64_t width(int64_t layer) const { return layer ? 2 * units : inputs; }
};

template <typename T> struct LstmWeights {
  const T *input, *hidden, *input_bias, *hidden_bias; // [4H,in] [4H,H] [4H] [4H]
};

template <typename T> struct LstmGrads {
  T *input, *hidden, *bias; // [4H,in] [4H,H] [4H], overwritten
};

// lstm_saved is how many elements a forward pass keeps for the backward pass,
// lstm_scratch how many more either of them needs while it runs. Without
// `train`, no backward pass can follow.
template <typename T> int64_t lstm_saved(const LstmShape &, bool train);
template <typename T> int64_t lstm_scratch(const LstmShape &, bool backward);

// lstm_forward computes out [N,2H] and the last states [layers·D,B,H]. weights
// are [layers·D]. masks are [layers-1] of [N,2H], dropout between the layers, or
// NULL. saved and scratch are aligned to 64 bytes.
template <typename T>
void lstm_forward(const LstmShape &, const LstmWeights<T> *weights, const T *x, const T *hidden,
                  const T *cell, const T *const *masks, bool train, T *saved, T *scratch, T *out,
                  T *last_hidden, T *last_cell);

// lstm_backward computes the gradients of the weights, [layers·D], and, where
// they are not NULL, those of x [N,inputs] and of the first states
// [layers·D,B,H]. The gradients that it is given may be NULL for zeros.
template <typename T>
void lstm_backward(const LstmShape &, const LstmWeights<T> *weights, const T *x,
                   const T *const *masks, const T *saved, T *scratch, const T *out_grad,
                   const T *last_hidden_grad, const T *last_cell_grad, const LstmGrads<T> *grads,
                   T *x_grad, T *hidden_grad, T *cell_grad);

} // namespace absa

#endif
