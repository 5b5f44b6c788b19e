// The division of work among threads.
#ifndef ABSA_PARALLEL_H
#define ABSA_PARALLEL_H

#include <cstdint>

namespace absa {

// threads is how many threads a region may use, the calling one among them.
int threads();
void set_threads(int n); // at least 1

// run_parts calls f(of, 0), …, f(of, parts-1); parallel is its face.
void run_parts(int64_t parts, void (*f)(const void *of, int64_t part), const void *of);

// parallel calls f(0), f(1), …, f(parts-1), several at once, and returns when all
// are done. What a part computes must not depend on the thread that takes it, so
// that results depend on the number of parts alone. f must not throw.
//
// Threads take parts in ascending order, the calling one too, and nobody waits
// for a thread that has begun nothing: let there be a few more parts than
// threads, and the largest come first. In a part denormals are flushed, BLAS has
// one thread, and parallel is a plain loop.
template <typename F> void parallel(int64_t parts, const F &f) {
  run_parts(
      parts, [](const void *of, int64_t part) { (*static_cast<const F *>(of))(part); }, &f);
}

} // namespace absa

#endif
