#include "scores_run.h"

#include "cpu.h"
#include "parallel.h"

namespace absa {

template <typename T> int64_t scores_saved(const ScoresShape &s) {
  return s.aspects * s.tokens * stride<T>(s.rows);
}

// ranges is into how many n items go; small batches stay whole.
static int64_t ranges(const ScoresShape &s, int64_t n) {
  const bool small = double(s.tokens) * s.aspects * s.features * s.rows < 2e5;
  return small ? 1 : std::clamp(n / 32, int64_t(1), int64_t(std::max(1, s.threads)));
}

template <typename T>
void scores_forward(const ScoresShape &s, const ScoresWeights<T> *weights, const T *h, T *saved, T *scores) {
  const int64_t D = s.features, F = s.rows, row = stride<T>(F), of = ranges(s, s.tokens);
  const auto part = [&](int64_t i) {
    const int64_t a = i / of;
    const Share share{i % of, of};
    const int64_t begin = share.begin(s.tokens), n = share.end(s.tokens) - begin;
    const ScoresWeights<T> &w = weights[a];
    T *u = saved + (a * s.tokens + begin) * row;
    product(false, true, n, F, D, h + begin * D, D, w.weight, D, T(0), u, row);
    ScoreStep<T> step = {};
    step.rows = n;
    step.end = F;
    step.stride = row;
    step.score_stride = s.aspects;
    step.query = w.query;
    step.bias = w.bias;
    step.u = u;
    step.score = scores + begin * s.aspects + a;
    kernel<T>().score_forward(step);
  };
  parallel(s.aspects * of, part);
}

template <typename T>
void scores_backward(const ScoresShape &s, const ScoresWeights<T> *weights, const T *h, const T *saved,
                     T *scratch, const T *scores_grad, const ScoresGrads<T> *grads, T *h_grad) {
  const int64_t D = s.features, F = s.rows, row = stride<T>(F);
  const int64_t of_rows = ranges(s, F), of_tokens = ranges(s, s.tokens);
  // A part's columns of u are its rows of the weight.
  parallel(s.aspects * of_rows, [&](int64_t i) {
    const int64_t a = i / of_rows;
    const Share share{i % of_rows, of_rows};
    const int64_t begin = share.begin(F), end = share.end(F);
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
  if (h_grad)
    parallel(of_tokens, [&](int64_t i) {
      const Share share{i, of_tokens};
      const int64_t begin = share.begin(s.tokens), n = share.end(s.tokens) - begin;
      for (int64_t a = 0; a < s.aspects; a++)
        product(false, false, n, D, F, scratch + (a * s.tokens + begin) * row, row, weights[a].weight, D,
                T(a > 0), h_grad + begin * D, D);
    });
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
