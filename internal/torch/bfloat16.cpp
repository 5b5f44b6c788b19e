#include "bfloat16.h"

#include "shim.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace absa {
namespace {

constexpr int64_t block = 32, unit = 16; // of rows and columns; of pairs

uint32_t round(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x40; // stays a NaN
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

float widen(uint32_t upper) {
  const uint32_t bits = upper << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// pack rounds n vectors of k elements to pairs. Element i of vector j is at
// j·vector + i·element; pair p of it goes to j·to_vector + p·to_pair. What is
// missing of depth pairs is zero.
void pack(int64_t n, int64_t k, int64_t depth, const float *from, int64_t vector, int64_t element,
          uint32_t *to, int64_t to_vector, int64_t to_pair) {
  for (int64_t j = 0; j < n; j++)
    for (int64_t p = 0; p < depth; p++) {
      const float *x = from + j * vector + 2 * p * element;
      const uint32_t low = 2 * p < k ? round(x[0]) : 0, high = 2 * p + 1 < k ? round(x[element]) : 0;
      to[j * to_vector + p * to_pair] = low | high << 16;
    }
}

// The same arithmetic without the instructions.
void portable_rows(int64_t depth, int64_t blocks, const uint32_t *a, const uint32_t *b, float *c) {
  for (int64_t at = 0; at < blocks; at++, b += depth * block)
    for (int64_t i = 0; i < block; i++) {
      float sum[block] = {};
      for (int64_t p = 0; p < depth; p++) {
        const float low = widen(a[i * depth + p] & 0xffff), high = widen(a[i * depth + p] >> 16);
        const uint32_t *pairs = b + p * block;
        for (int64_t j = 0; j < block; j++)
          sum[j] += low * widen(pairs[j] & 0xffff) + high * widen(pairs[j] >> 16);
      }
      memcpy(c + (i * blocks + at) * block, sum, sizeof sum);
    }
}

const Bfloat16 *chosen = nullptr;

} // namespace

const Bfloat16 bfloat16_portable = {"portable", [] { return true; }, portable_rows};

const Bfloat16 *bfloat16() { return chosen; }

void bfloat16_product(const Bfloat16 &kernel, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  thread_local std::vector<uint32_t> packed;
  thread_local std::vector<float> sums;
  const int64_t depth = (k + 2 * unit - 1) / (2 * unit) * unit, blocks = (n + block - 1) / block;
  packed.assign((blocks + 1) * block * depth, 0);
  sums.resize(block * block * blocks);
  uint32_t *rows = packed.data(), *columns = rows + block * depth;
  const int64_t row = ta ? 1 : lda, in_row = ta ? lda : 1, column = tb ? ldb : 1, in_column = tb ? 1 : ldb;
  for (int64_t j = 0; j < n; j += block)
    pack(std::min(block, n - j), k, depth, b + j * column, column, in_column, columns + j * depth, 1, block);
  for (int64_t i = 0; i < m; i += block) {
    const int64_t some = std::min(block, m - i); // rows past the last are of no use
    pack(some, k, depth, a + i * row, row, in_row, rows, depth, 1);
    kernel.rows(depth, blocks, rows, columns, sums.data());
    for (int64_t r = 0; r < some; r++)
      for (int64_t j = 0; j < n; j++) {
        float &to = c[(i + r) * ldc + j];
        to = sums[r * blocks * block + j] + (beta == 0 ? 0 : beta * to);
      }
  }
}

} // namespace absa

using namespace absa;

extern "C" {

const char *absa_bfloat16(void) {
  for (const Bfloat16 *v : {&bfloat16_amx, &bfloat16_avx512})
    if (v->runs())
      return v->name;
  return nullptr;
}

bool absa_use_bfloat16(const char *name) {
  if (!name) {
    chosen = nullptr;
    return true;
  }
  for (const Bfloat16 *v : {&bfloat16_portable, &bfloat16_avx512, &bfloat16_amx})
    if (!strcmp(name, v->name) && v->runs()) {
      chosen = v;
      return true;
    }
  return false;
}
}
