// The weighted sums of attention with one query for each head, over sentences
// without padding: for the score s_t of each token t of a sentence
//
//   a = softmax over t of s      context = Σ a_t h_t
//
// for the heads of pairs of a sentence and an aspect. The scores are those of
// queries, scale · q·h_t, or given. attention.cpp makes it an operation of
// LibTorch.
//
// N tokens, step by step as lstm_run.h has them, F features of each, B sentences,
// T steps, P pairs, n heads, A columns of given scores.
#ifndef ABSA_ATTENTION_RUN_H
#define ABSA_ATTENTION_RUN_H

#include <cstdint>

namespace absa {

struct AttentionShape {
  int64_t tokens, features, sequences, steps;
  const int64_t *batch_sizes;             // [T]
  int64_t pairs, heads, columns;          // n = 1 for given scores
  const int64_t *sentence, *column;       // [P]; column, of a pair's scores, only if they are given
  double scale;                           // of queries
  bool padded; // the softmax is over T positions: padding has the score 0 and the state 0
  int threads;
};

// attention_saved is how many elements the forward pass keeps, attention_scratch
// how many more either pass needs while it runs.
template <typename T> int64_t attention_saved(const AttentionShape &);
template <typename T> int64_t attention_scratch(const AttentionShape &);

// attention_forward computes context [P,n,F] from states [N,F] and from queries
// [P,n,F] or, where that is NULL, scores [N,A].
template <typename T>
void attention_forward(const AttentionShape &, const T *states, const T *queries, const T *scores, T *saved,
                       T *scratch, T *context);

// attention_backward computes the gradients of the states, unless that is NULL,
// and of queries or scores; to those of scores it adds.
template <typename T>
void attention_backward(const AttentionShape &, const T *states, const T *queries, const T *saved, T *scratch,
                        const T *context_grad, T *states_grad, T *queries_grad, T *scores_grad);

} // namespace absa

#endif
