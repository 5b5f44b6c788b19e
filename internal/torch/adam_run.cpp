// The plain loops here are for the compiler to vectorise.
#pragma GCC optimize("O3")

// The square root of the C library, which is not to set errno: the compiler takes
// the processor's instruction, of many values at a time.
extern "C" float sqrtf(float) noexcept __attribute__((const));

#include "adam_run.h"

#include "cpu.h"
#include "parallel.h"

#include <algorithm>
#include <cmath>

// One function for each instruction set; the loader of the program picks.
#if defined(__x86_64__)
#define ABSA_CLONES __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define ABSA_CLONES
#endif

namespace absa {

namespace {

// block is how many values are worked on at a time: with all that belongs to them
// they stay in the cache of a core.
constexpr int64_t block = 8192;

struct Block {
  const AdamTensor *tensor;
  int64_t begin, n;
};

std::vector<Block> blocks_of(const std::vector<AdamTensor> &tensors) {
  std::vector<Block> blocks;
  for (const AdamTensor &t : tensors)
    for (int64_t begin = 0; begin < t.n; begin += block)
      blocks.push_back({&t, begin, std::min(block, t.n - begin)});
  return blocks;
}

// each calls f(i) for every block, a run of neighbours on each thread.
template <typename F> void each(const std::vector<Block> &blocks, int64_t threads, const F &f) {
  const int64_t n = blocks.size(), parts = std::min(std::max<int64_t>(1, threads), (n + 3) / 4);
  parallel(parts, [&](int64_t part) {
    const FlushDenormals flush;
    for (int64_t i = n * part / parts; i < n * (part + 1) / parts; i++)
      f(i);
  });
}

ABSA_CLONES double squares(const float *x, int64_t n) {
  // The square of a float is exact in double, so fused or not makes no difference.
  constexpr int lanes = 16;
  double sum[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int k = 0; k < lanes; k++)
      sum[k] += double(x[i + k]) * x[i + k];
  for (; i < n; i++)
    sum[0] += double(x[i]) * x[i];
  for (int k = 1; k < lanes; k++)
    sum[0] += sum[k];
  return sum[0];
}

// Rates are what the update of a tensor multiplies with.
struct Rates {
  float scale, l2, keep, mean, beta2, square, root, eps, step;
};

Rates rates(const AdamSettings &s, double step) {
  return {float(s.scale),
          s.decoupled ? 0 : float(s.decay),
          s.decoupled ? float(1 - s.lr * s.decay) : 1,
          float(1 - s.beta1),
          float(s.beta2),
          float(1 - s.beta2),
          float(1 / std::sqrt(1 - std::pow(s.beta2, step))),
          float(s.eps),
          float(s.lr / (1 - std::pow(s.beta1, step)))};
}

ABSA_CLONES void update(float *__restrict p, const float *__restrict grad, float *__restrict mean,
                        float *__restrict square, int64_t n, const Rates &rates) {
  const Rates r = rates;
  for (int64_t i = 0; i < n; i++) {
    const float g = grad[i] * r.scale + r.l2 * p[i];
    const float m = mean[i] + r.mean * (g - mean[i]);
    const float v = r.beta2 * square[i] + r.square * g * g;
    mean[i] = m;
    square[i] = v;
    p[i] = r.keep * p[i] - r.step * m / (sqrtf(v) * r.root + r.eps);
  }
}

// lerp takes the form that is exact at both ends, as LibTorch does.
ABSA_CLONES void lerp(float *__restrict to, const float *__restrict from, int64_t n, float weight) {
  if (weight < 0.5f)
    for (int64_t i = 0; i < n; i++)
      to[i] += weight * (from[i] - to[i]);
  else
    for (int64_t i = 0; i < n; i++)
      to[i] = from[i] - (from[i] - to[i]) * (1 - weight);
}

} // namespace

double sum_of_squares(const std::vector<AdamTensor> &tensors, int64_t threads) {
  const std::vector<Block> blocks = blocks_of(tensors);
  std::vector<double> sums(blocks.size());
  each(blocks, threads, [&](int64_t i) {
    const Block &b = blocks[i];
    if (b.tensor->grad)
      sums[i] = squares(b.tensor->grad + b.begin, b.n);
  });
  double sum = 0;
  for (double s : sums)
    sum += s;
  return sum;
}

void adam(const std::vector<AdamTensor> &tensors, const AdamSettings &settings, int64_t threads) {
  const std::vector<Block> blocks = blocks_of(tensors);
  each(blocks, threads, [&](int64_t i) {
    const AdamTensor &t = *blocks[i].tensor;
    const int64_t at = blocks[i].begin, n = blocks[i].n;
    if (t.grad)
      update(t.value + at, t.grad + at, t.mean + at, t.square + at, n, rates(settings, t.step));
    if (t.average)
      lerp(t.average + at, t.value + at, n, float(settings.weight));
  });
}

} // namespace absa
