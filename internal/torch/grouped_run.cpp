#include "grouped_run.h"

#include "cpu.h"
#include "parallel.h"

namespace absa {
namespace {

// divide calls f with the share of each part. Several parts per thread level out
// groups of unequal size; small work stays on one.
template <typename F> void divide(const GroupedShape &s, F f) {
  const double products = double(s.ends[s.groups - 1]) * s.heads * s.narrow * s.wide;
  const int64_t parts = products < 1e6 || s.threads < 2 ? 1 : 4 * s.threads;
  parallel(parts, [&](int64_t part) {
    f(Share{part, parts});
  });
}

// multiply maps what a head has in x, the matrix transposed or not, and writes
// columns begin to end of its part of y.
template <typename T>
void multiply(const GroupedShape &s, bool transposed, int64_t g, int64_t head, int64_t begin, int64_t end,
              const T *weight, const T *bias, const T *x, T *y) {
  const int64_t d = s.narrow, F = s.wide, n = s.heads, rows = s.rows(g);
  const T *w = weight + head * d * F;
  const int64_t in = transposed ? d : F, out = transposed ? F : d;
  x += s.first(g) * n * in + head * in;
  y += s.first(g) * n * out + head * out + begin;
  if (transposed)
    return product(false, false, rows, end - begin, d, x, n * in, w + begin, F, T(0), y, n * out);
  for (int64_t r = 0; bias && r < rows; r++)
    memcpy(y + r * n * out, bias + head * d + begin, (end - begin) * sizeof(T));
  product(false, true, rows, end - begin, F, x, n * in, w + begin * F, F, T(bias != nullptr), y, n * out);
}

template <typename T>
void multiply_all(const GroupedShape &s, const Share &share, bool transposed, const T *const *weights,
                  const T *const *biases, const T *x, T *y) {
  share.each(s.groups * s.heads, transposed ? s.wide : s.narrow, [&](int64_t i, int64_t begin, int64_t end) {
    const int64_t g = i / s.heads;
    multiply(s, transposed, g, i % s.heads, begin, end, weights[g], biases ? biases[g] : nullptr, x, y);
  });
}

} // namespace

template <typename T>
void grouped_forward(const GroupedShape &s, const T *const *weights, const T *const *biases, const T *x, T *y) {
  divide(s, [&](const Share &share) { multiply_all(s, share, s.transposed, weights, biases, x, y); });
}

template <typename T>
void grouped_backward(const GroupedShape &s, const T *const *weights, const T *x, const T *y_grad,
                      T *const *weight_grads, T *const *bias_grads, T *x_grad) {
  const int64_t d = s.narrow, F = s.wide, n = s.heads;
  // A row of the matrix stands for a column of the narrow side.
  const T *narrow = s.transposed ? x : y_grad, *wide = s.transposed ? y_grad : x;
  divide(s, [&](const Share &share) {
    share.each(s.groups, n * d, [&](int64_t g, int64_t begin, int64_t end) {
      const int64_t rows = s.rows(g), at = s.first(g) * n;
      if (rows == 0)
        memset(weight_grads[g] + begin * F, 0, (end - begin) * F * sizeof(T));
      for (int64_t b = begin, e; rows > 0 && b < end; b = e) {
        const int64_t head = b / d;
        e = std::min(end, (head + 1) * d);
        product(true, false, e - b, F, rows, narrow + at * d + b, n * d, wide + (at + head) * F, n * F, T(0),
                weight_grads[g] + b * F, F);
      }
      if (bias_grads)
        kernel<T>().column_sums(rows, n * d, begin, end, y_grad + at * d, bias_grads[g]);
    });
    if (x_grad)
      multiply_all<T>(s, share, !s.transposed, weights, nullptr, y_grad, x_grad);
  });
}

#define ABSA_INSTANTIATE(T)                                                                        \
  template void grouped_forward<T>(const GroupedShape &, const T *const *, const T *const *,       \
                                   const T *, T *);                                                \
  template void grouped_backward<T>(const GroupedShape &, const T *const *, const T *, const T *,  \
                                    T *const *, T *const *, T *);
ABSA_INSTANTIATE(float)
ABSA_INSTANTIATE(double)

} // namespace absa
