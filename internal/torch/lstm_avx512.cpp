// The LSTM's kernels for processors with AVX-512: 32 registers of 64 bytes.
#include "lstm_kernel.h"

namespace absa {

#if defined(__x86_64__)
static bool runs() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"); }
#else
static bool runs() { return false; }
#endif

} // namespace absa

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#define ABSA_VARIANT avx512
#define ABSA_BYTES 64
#define ABSA_FORWARD_ROWS 6
#define ABSA_BACKWARD_ROWS 12
#include "lstm_kernel_impl.h"
#pragma GCC pop_options
#endif

namespace absa {

#if defined(__x86_64__)
const Variant lstm_avx512 = {"avx512", runs, avx512::kernel<float>(), avx512::kernel<double>()};
#else
const Variant lstm_avx512 = {"avx512", runs, {}, {}};
#endif

} // namespace absa
