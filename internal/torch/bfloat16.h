// Matrix products whose operands are rounded to bfloat16, float32's upper half,
// and whose sums are float32.
#ifndef ABSA_BFLOAT16_H
#define ABSA_BFLOAT16_H

#include <cstdint>

namespace absa {

// Bfloat16 multiplies packed operands with the instructions of a processor. Two
// values of k that follow each other are one pair, the first in the lower half.
// A block is 32 rows or columns, a depth a multiple of 16 pairs.
struct Bfloat16 {
  const char *name;
  bool (*runs)(); // on this processor
  // rows computes c [32,32·blocks] from a [32,depth] and b [blocks,depth,32].
  void (*rows)(int64_t depth, int64_t blocks, const uint32_t *a, const uint32_t *b, float *c);
};

extern const Bfloat16 bfloat16_portable, bfloat16_avx512, bfloat16_amx;

// bfloat16 returns what large products of float32 use, NULL for float32 itself.
const Bfloat16 *bfloat16();

// bfloat16_product is product of cpu.h on operands rounded to nearest, ties to
// even.
void bfloat16_product(const Bfloat16 &, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

} // namespace absa

#endif
