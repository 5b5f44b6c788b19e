#include "bfloat16.h"

#include "shim.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

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

std::atomic<const Bfloat16 *> chosen{nullptr};

// A product is made of panels, whose packed operands stay in the cache, and which
// need the same memory whatever the product.
constexpr int64_t panel_columns = 256, panel_depth = 256; // pairs

struct Panel {
  alignas(64) uint32_t columns[panel_columns * panel_depth], rows[block * panel_depth];
  alignas(64) float sums[block * panel_columns];
};

Panel &panel() {
  thread_local const std::unique_ptr<Panel> own(new Panel);
  return *own;
}

} // namespace

const Bfloat16 bfloat16_portable = {"portable", [] { return true; }, portable_rows};

const Bfloat16 *bfloat16() { return chosen; }

void bfloat16_product(const Bfloat16 &kernel, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  Panel &own = panel();
  const int64_t row = ta ? 1 : lda, in_row = ta ? lda : 1, column = tb ? ldb : 1, in_column = tb ? 1 : ldb;
  for (int64_t from = 0; from < n; from += panel_columns)
    for (int64_t k0 = 0; k0 < k; k0 += 2 * panel_depth) {
      const int64_t width = std::min(panel_columns, n - from), deep = std::min(2 * panel_depth, k - k0);
      const int64_t depth = (deep + 2 * unit - 1) / (2 * unit) * unit, blocks = (width + block - 1) / block;
      const float *a0 = a + k0 * in_row, *b0 = b + from * column + k0 * in_column;
      for (int64_t j = 0; j < width; j += block) {
        const int64_t some = std::min(block, width - j);
        uint32_t *to = own.columns + j * depth;
        if (some < block)
          memset(to, 0, block * depth * sizeof *to);
        pack(some, deep, depth, b0 + j * column, column, in_column, to, 1, block);
      }
      const float keep = k0 > 0 ? 1 : beta;
      for (int64_t i = 0; i < m; i += block) {
        const int64_t some = std::min(block, m - i); // rows past the last are of no use
        pack(some, deep, depth, a0 + i * row, row, in_row, own.rows, depth, 1);
        kernel.rows(depth, blocks, own.rows, own.columns, own.sums);
        for (int64_t r = 0; r < some; r++)
          for (int64_t j = 0; j < width; j++) {
            float &to = c[(i + r) * ldc + from + j];
            to = own.sums[r * blocks * block + j] + (keep == 0 ? 0 : keep * to);
          }
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
