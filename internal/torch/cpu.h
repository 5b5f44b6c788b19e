// What the kernels for the CPU share: products, ranges of what is divided among
// threads, and the mode of the processor.
#ifndef ABSA_CPU_H
#define ABSA_CPU_H

#include "lstm_kernel.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// BLAS, of LibTorch; matrices are column-major.
extern "C" {
void sgemm_(const char *, const char *, const int *, const int *, const int *, const float *,
            const float *, const int *, const float *, const int *, const float *, float *,
            const int *);
void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *,
            const double *, const int *, const double *, const int *, const double *, double *,
            const int *);
}

namespace absa {

// variant returns the kernels in use; use_variant takes the best ones that run
// here for NULL, else those of that name, and returns whether they run here.
const Variant &variant();
bool use_variant(const char *name);

template <typename T> const Kernel<T> &kernel();
template <> inline const Kernel<float> &kernel() { return variant().f32; }
template <> inline const Kernel<double> &kernel() { return variant().f64; }

// FlushDenormals is in force on the thread that holds it: a number too small for
// a normal float becomes zero, where a vanishing gradient would otherwise take
// ten times as long.
class FlushDenormals {
#if defined(__x86_64__)
  unsigned before = _mm_getcsr();

public:
  FlushDenormals() { _mm_setcsr(before | 0x8040); } // FTZ and DAZ
  ~FlushDenormals() { _mm_setcsr(before); }
#else
public:
  FlushDenormals() {}
#endif
};

inline void blas(char ta, char tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
          float beta, float *c, int ldc) {
  const float one = 1;
  sgemm_(&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &beta, c, &ldc);
}
inline void blas(char ta, char tb, int m, int n, int k, const double *a, int lda, const double *b,
          int ldb, double beta, double *c, int ldc) {
  const double one = 1;
  dgemm_(&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &beta, c, &ldc);
}

// product computes c [m,n] = op(a) op(b) + beta c, all row-major; op(a) is [m,k].
template <typename T>
void product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,
             const T *b, int64_t ldb, T beta, T *c, int64_t ldc) {
  if (m > 0 && n > 0)
    blas(tb ? 'T' : 'N', ta ? 'T' : 'N', n, m, k, b, ldb, a, lda, beta, c, ldc);
}

// Share is one of `of` ranges of nearly equal size.
struct Share {
  int64_t index, of;

  int64_t begin(int64_t n) const { return n * index / of; }
  int64_t end(int64_t n) const { return n * (index + 1) / of; }

  // each calls f(group, begin, end) for what is in this range of n items in each
  // of several groups.
  template <typename F> void each(int64_t groups, int64_t n, F f) const {
    for (int64_t g = 0; g < groups; g++) {
      const int64_t b = std::max(begin(groups * n), g * n), e = std::min(end(groups * n), (g + 1) * n);
      if (b < e)
        f(g, b - g * n, e - g * n);
    }
  }
};

// stride is the distance of rows of n elements: an odd number of cache lines, so
// that a column of many rows spreads over the whole cache.
template <typename T> int64_t stride(int64_t n) {
  constexpr int64_t line = 64 / sizeof(T);
  return ((n + line - 1) / line | 1) * line;
}

} // namespace absa

#endif
