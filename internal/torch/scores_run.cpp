#include "scores_run.h"

#include "cpu.h"

#include <omp.h>

namespace absa {

template <typename T> int64_t scores_saved(const ScoresShape &s) {
  return s.aspects * s.tokens * stride<T>(s.rows);
}

// threads_for keeps small batches on one thread.
static int64_t threads_for(const ScoresShape &s) {
  return double(s.tokens) * s.aspects * s.features * s.rows < 2e5 ? 1 : std::max(1, s.threads);
}

template <typename T>
void scores_forward(const ScoresShape &s, const ScoresWeights<T> *weights, const T *h, T *saved, T *scores) {
  const int64_t D = s.features, F = s.rows, row = stride<T>(F), threads = threads_for(s);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const FlushDenormals flush;
    const Share share{omp_get_thread_num(), omp_get_num_threads()};
    share.each(s.aspects, s.tokens, [&](int64_t a, int64_t begin, int64_t end) {
      const ScoresWeights<T> &w = weights[a];
      T *u = saved + (a * s.tokens + begin) * row;
      product(false, true, end - begin, F, D, h + begin * D, D, w.weight, D, T(0), u, row);
      ScoreStep<T> step = {};
      step.rows = end - begin;
      step.end = F;
      step.stride = row;
      step.score_stride = s.aspects;
      step.query = w.query;
      step.bias = w.bias;
      step.u = u;
      step.score = scores + begin * s.aspects + a;
      kernel<T>().score_forward(step);
    });
  }
}

template <typename T>
void scores_backward(const ScoresShape &s, const ScoresWeights<T> *weights, const T *h, const T *saved,
                     T *scratch, const T *scores_grad, const ScoresGrads<T> *grads, T *h_grad) {
  const int64_t D = s.features, F = s.rows, row = stride<T>(F), threads = threads_for(s);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const FlushDenormals flush;
    const Share share{omp_get_thread_num(), omp_get_num_threads()};
    // A thread's columns of u are its rows of the weight: no thread waits between.
    share.each(s.aspects, F, [&](int64_t a, int64_t begin, int64_t end) {
      const ScoresGrads<T> &g = grads[a];
      ScoreStep<T> step = {};
      step.rows = s.tokens;
      step.begin = begin;
      step.end = end;
      step.stride = row;
      step.score_stride = s.aspects;
      step.query = weights[a].query;
      step.u = const_cast<T *>(saved) + a * s.tokens * row; // read only
      step.score = const_cast<T *>(scores_grad) + a;
      step.u_grad = scratch + a * s.tokens * row;
      step.query_grad = g.query;
      step.bias_grad = g.bias;
      kernel<T>().score_backward(step);
      product(true, false, end - begin, D, s.tokens, step.u_grad + begin, row, h, D, T(0),
              g.weight + begin * D, D);
    });
#pragma omp barrier
    if (h_grad) {
      const int64_t begin = share.begin(s.tokens), end = share.end(s.tokens);
      for (int64_t a = 0; a < s.aspects; a++)
        product(false, false, end - begin, D, F, scratch + (a * s.tokens + begin) * row, row,
                weights[a].weight, D, T(a > 0), h_grad + begin * D, D);
    }
  }
}

#define ABSA_INSTANTIATE(T)                                                                        \
  template int64_t scores_saved<T>(const ScoresShape &);                                           \
  template void scores_forward<T>(const ScoresShape &, const ScoresWeights<T> *, const T *, T *,   \
                                  T *);                                                            \
  template void scores_backward<T>(const ScoresShape &, const ScoresWeights<T> *, const T *,       \
                                   const T *, T *, const T *, const ScoresGrads<T> *, T *);
ABSA_INSTANTIATE(float)
ABSA_INSTANTIATE(double)

} // namespace absa
