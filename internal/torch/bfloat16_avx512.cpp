// Products in bfloat16 for processors with AVX512-BF16: vdpbf16ps adds the two
// products of each of 16 pairs to their sums.
#include "bfloat16.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
namespace absa {

static void avx512_rows(int64_t depth, int64_t blocks, const uint32_t *a, const uint32_t *b, float *c) {
  constexpr int R = 8; // with two vectors of columns: 16 sums at a time
  for (int64_t at = 0; at < blocks; at++, b += depth * 32)
    for (int64_t i = 0; i < 32; i += R) {
      __m512 sum[R][2];
#pragma GCC unroll 8
      for (int r = 0; r < R; r++)
        sum[r][0] = sum[r][1] = _mm512_setzero_ps();
      for (int64_t p = 0; p < depth; p++) {
        const __m512bh first = (__m512bh)_mm512_loadu_si512(b + p * 32);
        const __m512bh second = (__m512bh)_mm512_loadu_si512(b + p * 32 + 16);
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
          const __m512bh x = (__m512bh)_mm512_set1_epi32(a[(i + r) * depth + p]);
          sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, first);
          sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, second);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        float *to = c + ((i + r) * blocks + at) * 32;
        _mm512_storeu_ps(to, sum[r][0]);
        _mm512_storeu_ps(to + 16, sum[r][1]);
      }
    }
}

} // namespace absa
#pragma GCC pop_options

namespace absa {

static bool runs() {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}

const Bfloat16 bfloat16_avx512 = {"avx512bf16", runs, avx512_rows};

} // namespace absa
#else
namespace absa {
const Bfloat16 bfloat16_avx512 = {"avx512bf16", [] { return false; }, nullptr};
}
#endif
