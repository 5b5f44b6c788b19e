// The scores of additive attention for several aspects at once: for each token h
// and aspect a, q_a·tanh(W_a h + b_a) (Bahdanau et al. 2015). scores.cpp makes it
// an operation of LibTorch.
//
// N tokens, A aspects, D features of a token, F rows of each W.
#ifndef ABSA_SCORES_RUN_H
#define ABSA_SCORES_RUN_H

#include <cstdint>

namespace absa {

struct ScoresShape {
  int64_t tokens, aspects, features, rows;
  int threads;
};

template <typename T> struct ScoresWeights {
  const T *weight, *bias, *query; // [F,D] [F] [F]
};
template <typename T> struct ScoresGrads {
  T *weight, *bias, *query; // overwritten
};

// scores_saved is how many elements the forward pass keeps, and the backward
// pass needs besides.
template <typename T> int64_t scores_saved(const ScoresShape &);

// scores_forward computes scores [N,A] from h [N,D]; saved is aligned to 64
// bytes.
template <typename T>
void scores_forward(const ScoresShape &, const ScoresWeights<T> *, const T *h, T *saved, T *scores);

// scores_backward computes the gradients of the weights and, unless it is NULL,
// of h.
template <typename T>
void scores_backward(const ScoresShape &, const ScoresWeights<T> *, const T *h, const T *saved,
                     T *scratch, const T *scores_grad, const ScoresGrads<T> *, T *h_grad);

} // namespace absa

#endif
