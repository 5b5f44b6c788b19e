// The source of the kernels; see lstm_kernel.h. A file that includes it has
// defined ABSA_VARIANT (a namespace), ABSA_BYTES (of a vector register),
// ABSA_FORWARD_ROWS and ABSA_BACKWARD_ROWS (rows whose sums fit into the
// registers: 4 vectors each forward, 2 backward), with the compiler's target set
// by a pragma.
//
// Nothing of the standard library is instantiated here: such a function would be
// compiled for this instruction set and could be the one that the linker keeps
// for the whole program.
#include "lstm_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace absa {
namespace ABSA_VARIANT {

#define ABSA_INLINE static inline __attribute__((always_inline))

typedef float vec_f __attribute__((vector_size(ABSA_BYTES)));
typedef double vec_d __attribute__((vector_size(ABSA_BYTES)));
typedef int32_t vec_i __attribute__((vector_size(ABSA_BYTES)));
typedef int64_t vec_l __attribute__((vector_size(ABSA_BYTES)));

template <typename T> struct Lanes;
template <> struct Lanes<float> {
  typedef vec_f V;
  typedef vec_i I;
  typedef float unaligned __attribute__((vector_size(ABSA_BYTES), aligned(4), may_alias));
};
template <> struct Lanes<double> {
  typedef vec_d V;
  typedef vec_l I;
  typedef double unaligned __attribute__((vector_size(ABSA_BYTES), aligned(8), may_alias));
};
template <typename T> constexpr int64_t lanes = ABSA_BYTES / sizeof(T);

template <typename T> ABSA_INLINE typename Lanes<T>::V load(const T *p) {
  return (typename Lanes<T>::V)(*(const typename Lanes<T>::unaligned *)p);
}

// Of a vector at the end of a row only the first n lanes are there.
template <typename T> ABSA_INLINE typename Lanes<T>::V load(const T *p, int64_t n) {
  if (n >= lanes<T>)
    return load(p);
  T part[lanes<T>] = {};
  for (int64_t i = 0; i < n; i++)
    part[i] = p[i];
  return load(part);
}

template <typename T> ABSA_INLINE void store(T *p, typename Lanes<T>::V v) {
  *(typename Lanes<T>::unaligned *)p = (typename Lanes<T>::unaligned)v;
}

template <typename T> ABSA_INLINE void store(T *p, typename Lanes<T>::V v, int64_t n) {
  if (n >= lanes<T>)
    return store(p, v);
  for (int64_t i = 0; i < n; i++)
    p[i] = v[i];
}

// multiply_add returns a·b + c.
#if ABSA_BYTES == 64
ABSA_INLINE vec_f all(float x) { return (vec_f)_mm512_set1_ps(x); }
ABSA_INLINE vec_d all(double x) { return (vec_d)_mm512_set1_pd(x); }
ABSA_INLINE vec_f multiply_add(vec_f a, vec_f b, vec_f c) {
  return (vec_f)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
ABSA_INLINE vec_d multiply_add(vec_d a, vec_d b, vec_d c) {
  return (vec_d)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif ABSA_BYTES == 32
ABSA_INLINE vec_f all(float x) { return (vec_f)_mm256_set1_ps(x); }
ABSA_INLINE vec_d all(double x) { return (vec_d)_mm256_set1_pd(x); }
ABSA_INLINE vec_f multiply_add(vec_f a, vec_f b, vec_f c) {
  return (vec_f)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
ABSA_INLINE vec_d multiply_add(vec_d a, vec_d b, vec_d c) {
  return (vec_d)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#else
ABSA_INLINE vec_f all(float x) { return vec_f{x, x, x, x}; }
ABSA_INLINE vec_d all(double x) { return vec_d{x, x}; }
ABSA_INLINE vec_f multiply_add(vec_f a, vec_f b, vec_f c) { return a * b + c; }
ABSA_INLINE vec_d multiply_add(vec_d a, vec_d b, vec_d c) { return a * b + c; }
#endif

// clamp keeps a NaN, as the instructions return their second operand then.
ABSA_INLINE vec_f clamp(vec_f x, float low, float high) {
#if ABSA_BYTES == 64
  const __mmask16 every = -1; // the plain forms make GCC 12 warn of its own header
  const __m512 below = _mm512_maskz_min_ps(every, (__m512)all(high), (__m512)x);
  return (vec_f)_mm512_maskz_max_ps(every, (__m512)all(low), below);
#elif ABSA_BYTES == 32
  return (vec_f)_mm256_max_ps((__m256)all(low), _mm256_min_ps((__m256)all(high), (__m256)x));
#elif defined(__SSE2__)
  return (vec_f)_mm_max_ps((__m128)all(low), _mm_min_ps((__m128)all(high), (__m128)x));
#else
  x = x > all(high) ? all(high) : x;
  return x < all(low) ? all(low) : x;
#endif
}

// exponential returns q and s with exp(x) = s q + s, s a power of two and
// |q| < 0.42: exp(x)-1 = s q + (s-1) then loses nothing near zero. x is within
// ±87. The range is reduced by ln 2 in two parts (Cody and Waite 1980); q is the
// Taylor polynomial of degree 7, whose error is below 2⁻²⁶.
ABSA_INLINE void exponential(vec_f x, vec_f &q, vec_f &s) {
  const vec_f shift = all(12582912.f); // 1.5·2²³: rounds to an integer
  vec_f shifted = multiply_add(x, all(1.44269504f), shift);
  vec_f n = shifted - shift;
  vec_f r = multiply_add(n, all(-0.693359375f), x);
  r = multiply_add(n, all(2.12194440e-4f), r);
  vec_f p = all(1.f / 5040);
  p = multiply_add(p, r, all(1.f / 720));
  p = multiply_add(p, r, all(1.f / 120));
  p = multiply_add(p, r, all(1.f / 24));
  p = multiply_add(p, r, all(1.f / 6));
  p = multiply_add(p, r, all(0.5f));
  q = multiply_add(p * r, r, r);
  vec_i bits = ((vec_i)shifted << 23) + 0x3f800000;
  s = (vec_f)bits;
}

ABSA_INLINE vec_f sigmoid(vec_f x) {
  vec_f q, s;
  exponential(clamp(-x, -87, 87), q, s);
  return all(1.f) / (all(1.f) + multiply_add(s, q, s));
}

// hyperbolic_tangent is (e²ˣ-1) / (e²ˣ+1); beyond ±9.1 it is ±1 in float.
ABSA_INLINE vec_f hyperbolic_tangent(vec_f x) {
  vec_f q, s;
  exponential(clamp(x + x, -18.2f, 18.2f), q, s);
  vec_f e = multiply_add(s, q, s - all(1.f));
  return e / (e + all(2.f));
}

// Doubles are for tests: the C library's functions, lane by lane.
ABSA_INLINE vec_d sigmoid(vec_d x) {
  for (int64_t i = 0; i < lanes<double>; i++)
    x[i] = 1 / (1 + __builtin_exp(-x[i]));
  return x;
}
ABSA_INLINE vec_d hyperbolic_tangent(vec_d x) {
  for (int64_t i = 0; i < lanes<double>; i++)
    x[i] = __builtin_tanh(x[i]);
  return x;
}

ABSA_INLINE int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

// ---- forward: blocks of one vector of units, with all four gates of them in
// registers. Packed weights: [block][k][gate][lane].

template <typename T> int64_t packed_forward(int64_t units) {
  return (units + lanes<T> - 1) / lanes<T> * lanes<T> * 4 * units;
}

// transpose swaps rows and lanes of L vectors, in log L passes.
template <typename T> ABSA_INLINE void transpose(typename Lanes<T>::V *v) {
  typedef typename Lanes<T>::I I;
  constexpr int L = lanes<T>;
#pragma GCC unroll 4
  for (int d = 1; d < L; d *= 2) {
    I low = {}, high = {};
    for (int j = 0; j < L; j++) {
      low[j] = j & d ? L + j - d : j;
      high[j] = j & d ? L + j : j + d;
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) {
      if (i & d)
        continue;
      const typename Lanes<T>::V a = v[i], b = v[i + d];
      v[i] = __builtin_shuffle(a, b, low);
      v[i + d] = __builtin_shuffle(a, b, high);
    }
  }
}

template <typename T> void pack_forward(int64_t units, const T *weight, T *packed) {
  constexpr int64_t L = lanes<T>;
  for (int64_t u = 0; u < units; u += L) {
    const int64_t n = min(L, units - u);
    T *block = packed + u * 4 * units;
    for (int64_t gate = 0; gate < 4; gate++) {
      const T *from = weight + (gate * units + u) * units;
      int64_t k = 0;
      for (; n == L && k + L <= units; k += L) {
        typename Lanes<T>::V v[L];
#pragma GCC unroll 16
        for (int i = 0; i < L; i++)
          v[i] = load(from + i * units + k);
        transpose<T>(v);
#pragma GCC unroll 16
        for (int i = 0; i < L; i++)
          store(block + ((k + i) * 4 + gate) * L, v[i]);
      }
      for (; k < units; k++)
        for (int64_t i = 0; i < L; i++)
          block[(k * 4 + gate) * L + i] = i < n ? from[i * units + k] : 0;
    }
  }
}

// forward_cells takes rows from r on through the gates. sums holds the gates
// before their activations, [rows][4][lane]; u names a vector of units, n of
// which are there. The passes are two so that the processor finds work beside
// the long chain of each row.
template <typename T>
__attribute__((noinline)) void forward_cells(const ForwardStep<T> &s, int64_t r, int64_t rows,
                                             int64_t u, int64_t n, T *sums) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  const int64_t H = s.units;
  for (int64_t i = 0; i < rows; i++) {
    T *gates = sums + i * 4 * L;
    store(gates, sigmoid(load(gates)));
    store(gates + L, sigmoid(load(gates + L)));
    store(gates + 2 * L, hyperbolic_tangent(load(gates + 2 * L)));
    store(gates + 3 * L, sigmoid(load(gates + 3 * L)));
  }
  for (int64_t i = 0; i < rows; i++) {
    const int64_t row = r + i, at = row * s.state_stride + u;
    const V in = load(sums + i * 4 * L), forget = load(sums + i * 4 * L + L);
    const V candidate = load(sums + i * 4 * L + 2 * L), out = load(sums + i * 4 * L + 3 * L);
    const V cell = multiply_add(forget, load(s.cell + at), in * candidate);
    const V bounded = hyperbolic_tangent(cell);
    V hidden = out * bounded;
    const bool going = row < s.going;
    store(going ? s.next_cell + at : s.last_cell + row * H + u, cell, n);
    store(going ? s.next_hidden + at : s.last_hidden + row * H + u, hidden, n);
    if (s.mask)
      hidden = hidden * load(s.mask + row * 2 * H + u, n);
    store(s.out + row * s.out_stride + u, hidden, n);
    if (s.keep) {
      T *gates = s.gates + row * s.gates_stride + u;
      store(gates, in, n);
      store(gates + H, forget, n);
      store(gates + 2 * H, candidate, n);
      store(gates + 3 * H, out, n);
      store(s.tanh_cell + at, bounded, n);
    }
  }
}

// forward_block computes the sums of R rows from row r for the vector of units
// at u.
template <typename T, int R>
ABSA_INLINE void forward_block(const ForwardStep<T> &s, int64_t r, int64_t u, T *sums) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  const int64_t H = s.units;
  V sum[R][4];
#pragma GCC unroll 4
  for (int gate = 0; gate < 4; gate++) {
    const V bias = load(s.bias + gate * H + u);
#pragma GCC unroll 16
    for (int i = 0; i < R; i++)
      sum[i][gate] = bias + load(s.gates + (r + i) * s.gates_stride + gate * H + u);
  }
  const T *w = s.weight + u * 4 * H;
  const T *h = s.hidden + r * s.state_stride;
  for (int64_t k = 0; k < H; k++, w += 4 * L, h++) {
    V x[R];
#pragma GCC unroll 16
    for (int i = 0; i < R; i++)
      x[i] = all(h[i * s.state_stride]);
#pragma GCC unroll 4
    for (int gate = 0; gate < 4; gate++) {
      const V weight = load(w + gate * L);
#pragma GCC unroll 16
      for (int i = 0; i < R; i++)
        sum[i][gate] = multiply_add(x[i], weight, sum[i][gate]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int gate = 0; gate < 4; gate++)
      store(sums + (i * 4 + gate) * L, sum[i][gate]);
}

// forward_rows picks the instantiation for a number of rows known at run time.
template <typename T, int R>
ABSA_INLINE void forward_rows(const ForwardStep<T> &s, int64_t rows, int64_t r, int64_t u, T *sums) {
  if constexpr (R > 1) {
    if (rows < R)
      return forward_rows<T, R - 1>(s, rows, r, u, sums);
  }
  forward_block<T, R>(s, r, u, sums);
}

template <typename T> void forward(const ForwardStep<T> &s) {
  constexpr int64_t R = ABSA_FORWARD_ROWS, L = lanes<T>, tile = 8 * R;
  T sums[tile * 4 * L];
  for (int64_t u = 0; u < s.units; u += L)
    for (int64_t from = 0; from < s.rows; from += tile) {
      const int64_t rows = min(tile, s.rows - from), groups = (rows + R - 1) / R;
      for (int64_t group = 0; group < groups; group++) { // of nearly equal size
        const int64_t r = group * rows / groups, next = (group + 1) * rows / groups;
        forward_rows<T, R>(s, next - r, from + r, u, sums + r * 4 * L);
      }
      forward_cells(s, from, rows, u, min(L, s.units - u), sums);
    }
}

// ---- backward: blocks of two vectors of units; the sum goes over the 4H gates.
// Packed weights: [block][k][lane of two vectors].

template <typename T> int64_t packed_backward(int64_t units) {
  constexpr int64_t W = 2 * lanes<T>;
  return (units + W - 1) / W * W * 4 * units;
}

template <typename T> void pack_backward(int64_t units, const T *weight, T *packed) {
  constexpr int64_t W = 2 * lanes<T>;
  for (int64_t u = 0; u < units; u += W) {
    const int64_t n = min(W, units - u);
    T *to = packed + u * 4 * units;
    const T *from = weight + u;
    for (int64_t k = 0; k < 4 * units; k++, to += W, from += units) {
      store(to, load(from, min(n, W / 2)));
      store(to + W / 2, n > W / 2 ? load(from + W / 2, n - W / 2) : all(T(0)));
    }
  }
}

// backward_cells goes from the gradient of h', of which sums [rows][2][lane]
// holds what comes from the step after, to that of the gates. u names two
// vectors of units, n of which are there.
template <typename T>
__attribute__((noinline)) void backward_cells(const BackwardStep<T> &s, int64_t r, int64_t rows,
                                              int64_t u, int64_t n, const T *sums) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  const int64_t H = s.units;
  const V one = all(T(1));
  for (int64_t row = r; row < r + rows; row++, sums += 2 * L)
    for (int64_t i = 0; i < n; i += L) {
      const int64_t at = row * s.state_stride + u + i, m = n - i;
      V hidden_grad = load(sums + i);
      if (s.out_grad) {
        V grad = load(s.out_grad + row * s.out_stride + u + i, m);
        if (s.mask)
          grad = grad * load(s.mask + row * 2 * H + u + i, m);
        hidden_grad = hidden_grad + grad;
      }
      const T *gates = s.gates + row * s.gates_stride + u + i;
      const V in = load(gates), forget = load(gates + H);
      const V candidate = load(gates + 2 * H), out = load(gates + 3 * H);
      const V bounded = load(s.tanh_cell + at);
      const V cell_grad =
          multiply_add(hidden_grad * out, one - bounded * bounded, load(s.cell_grad + at, m));
      T *to = s.gates_grad + row * s.gates_stride + u + i;
      store(to, cell_grad * candidate * (in * (one - in)), m);
      store(to + H, cell_grad * load(s.cell + at) * (forget * (one - forget)), m);
      store(to + 2 * H, cell_grad * in * (one - candidate * candidate), m);
      store(to + 3 * H, hidden_grad * bounded * (out * (one - out)), m);
      store(s.cell_grad + at, cell_grad * forget, m);
    }
}

// backward_block computes R rows from row r for the two vectors of units at u.
template <typename T, int R>
ABSA_INLINE void backward_block(const BackwardStep<T> &s, int64_t r, int64_t u, int64_t n) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  const int64_t K = 4 * s.units;
  V sum[R][2];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
    sum[i][0] = sum[i][1] = all(T(0));
  const T *w = s.weight + u * K;
  const T *g = s.next_gates_grad + r * s.gates_stride;
  for (int64_t k = 0; k < K; k++, w += 2 * L, g++) {
    const V first = load(w), second = load(w + L);
#pragma GCC unroll 16
    for (int i = 0; i < R; i++) {
      const V x = all(g[i * s.gates_stride]);
      sum[i][0] = multiply_add(x, first, sum[i][0]);
      sum[i][1] = multiply_add(x, second, sum[i][1]);
    }
  }
  T sums[R * 2 * L];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++) {
    store(sums + i * 2 * L, sum[i][0]);
    store(sums + i * 2 * L + L, sum[i][1]);
  }
  backward_cells(s, r, R, u, n, sums);
}

template <typename T, int R>
ABSA_INLINE void backward_rows(const BackwardStep<T> &s, int64_t rows, int64_t r, int64_t u, int64_t n) {
  if constexpr (R > 1) {
    if (rows < R)
      return backward_rows<T, R - 1>(s, rows, r, u, n);
  }
  backward_block<T, R>(s, r, u, n);
}

template <typename T> void backward(const BackwardStep<T> &s) {
  constexpr int64_t R = ABSA_BACKWARD_ROWS, L = lanes<T>;
  const int64_t groups = (s.linked + R - 1) / R;
  for (int64_t u = 0; u < s.units; u += 2 * L) {
    const int64_t n = min(2 * L, s.units - u);
    for (int64_t group = 0; group < groups; group++) {
      const int64_t r = group * s.linked / groups;
      backward_rows<T, R>(s, (group + 1) * s.linked / groups - r, r, u, n);
    }
  }
  for (int64_t row = s.linked; row < s.rows; row++)
    for (int64_t u = 0; u < s.units; u += 2 * L) {
      const int64_t n = min(2 * L, s.units - u);
      T last[2 * L] = {};
      for (int64_t i = 0; s.last_grad && i < n; i++)
        last[i] = s.last_grad[row * s.units + u + i];
      backward_cells(s, row, 1, u, n, last);
    }
}

template <typename T>
void column_sums(int64_t rows, int64_t stride, int64_t begin, int64_t end, const T *x, T *sums) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  for (int64_t u = begin; u < end; u += 4 * L) {
    V sum[4] = {};
    const int64_t n = min(4 * L, end - u);
    if (n == 4 * L) {
      for (int64_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
          sum[i] = sum[i] + load(x + r * stride + u + i * L);
    } else {
      for (int64_t r = 0; r < rows; r++)
        for (int i = 0; i < 4; i++)
          if (n > i * L)
            sum[i] = sum[i] + load(x + r * stride + u + i * L, n - i * L);
    }
    for (int i = 0; i < 4; i++)
      if (n > i * L)
        store(sums + u + i * L, sum[i], n - i * L);
  }
}

template <typename T> void score_forward(const ScoreStep<T> &s) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  for (int64_t r = 0; r < s.rows; r++) {
    V sum = {};
    T *u = s.u + r * s.stride;
    for (int64_t c = 0; c < s.end; c += L) {
      const int64_t n = s.end - c;
      const V y = hyperbolic_tangent(load(u + c, n) + load(s.bias + c, n));
      store(u + c, y, n);
      sum = multiply_add(y, load(s.query + c, n), sum);
    }
    T score = 0;
    for (int64_t i = 0; i < L; i++)
      score += sum[i];
    s.score[r * s.score_stride] = score;
  }
}

template <typename T> void score_backward(const ScoreStep<T> &s) {
  typedef typename Lanes<T>::V V;
  constexpr int64_t L = lanes<T>;
  const V one = all(T(1));
  for (int64_t c = s.begin; c < s.end; c++)
    s.query_grad[c] = s.bias_grad[c] = 0;
  for (int64_t r = 0; r < s.rows; r++) {
    const V grad = all(s.score[r * s.score_stride]);
    const T *u = s.u + r * s.stride;
    T *u_grad = s.u_grad + r * s.stride;
    for (int64_t c = s.begin; c < s.end; c += L) {
      const int64_t n = s.end - c;
      const V y = load(u + c, n), g = grad * load(s.query + c, n) * (one - y * y);
      store(u_grad + c, g, n);
      store(s.query_grad + c, multiply_add(grad, y, load(s.query_grad + c, n)), n);
      store(s.bias_grad + c, load(s.bias_grad + c, n) + g, n);
    }
  }
}

template <typename T> constexpr Kernel<T> kernel() {
  return {packed_forward<T>, packed_backward<T>, pack_forward<T>, pack_backward<T>,
          forward<T>,        backward<T>,        column_sums<T>,  score_forward<T>, score_backward<T>};
}

} // namespace ABSA_VARIANT
} // namespace absa
