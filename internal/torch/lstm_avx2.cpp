// The LSTM's kernels for processors with AVX2 and FMA: 16 registers of 32 bytes.
#include "lstm_kernel.h"

namespace absa {

#if defined(__x86_64__)
static bool runs() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
static bool runs() { return false; }
#endif

} // namespace absa

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define ABSA_VARIANT avx2
#define ABSA_BYTES 32
#define ABSA_FORWARD_ROWS 3
#define ABSA_BACKWARD_ROWS 6
#include "lstm_kernel_impl.h"
#pragma GCC pop_options
#endif

namespace absa {

#if defined(__x86_64__)
const Variant lstm_avx2 = {"avx2", runs, avx2::kernel<float>(), avx2::kernel<double>()};
#else
const Variant lstm_avx2 = {"avx2", runs, {}, {}};
#endif

} // namespace absa
