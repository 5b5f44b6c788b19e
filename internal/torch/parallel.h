// The division of work among threads.
#ifndef ABSA_PARALLEL_H
#define ABSA_PARALLEL_H

#include <cstdint>

#include <omp.h>

namespace absa {

// parallel calls f(0), f(1), …, f(parts-1), several at once, and returns when all
// are done. What a part computes must not depend on the thread that takes it, so
// that results depend on the number of parts alone. f must not throw. FlushDenormals
// (cpu.h) belongs inside f.
template <typename F> void parallel(int64_t parts, const F &f) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(parts) if (parts > 1)
  for (int64_t part = 0; part < parts; part++)
    f(part);
}

} // namespace absa

#endif
