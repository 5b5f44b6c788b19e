// The checks of TestParallel: it says what is wrong and ends with 1.
#include "../parallel.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

using absa::parallel;

static void want(bool ok, const char *what) {
  if (!ok) {
    printf("%s\n", what);
    exit(1);
  }
}

// each_once has every part done once.
static void each_once(int64_t parts, const char *what) {
  std::vector<int> done(parts); // not atomic: a part has its own
  parallel(parts, [&](int64_t part) { done[part]++; });
  for (int n : done)
    want(n == 1, what);
}

static float tiny(float x) { return x * 1e-3f; } // 2e-38: below the smallest normal float

int main(int, char **arguments) {
  const int regions = atoi(arguments[1]);
  for (int threads : {1, 2, 8, 3, 0, 2}) {
    absa::set_threads(threads);
    want(absa::threads() == (threads > 0 ? threads : 1), "the number of threads");
    for (int i = 0; i < regions; i++)
      each_once(i % 40, "a part was not done once");
  }

  absa::set_threads(8);
  each_once(100000, "many parts: one was not done once");

  std::vector<double> sums(50);
  const auto sum = [&](int64_t part) {
    sums[part] = 0;
    for (int i = 1; i < 1000; i++)
      sums[part] += 1.0 / (i + part);
  };
  parallel(50, sum);
  const auto first = sums;
  for (int threads : {1, 2, 8}) {
    absa::set_threads(threads);
    parallel(50, sum);
    want(sums == first, "the bits depend on the threads");
  }

  std::atomic<int> nested{0};
  parallel(6, [&](int64_t) { parallel(7, [&](int64_t) { nested++; }); });
  want(nested == 42, "a region in a region");

  volatile float small = 2e-38f;
  std::atomic<int> kept{0};
  parallel(64, [&](int64_t) { kept += tiny(small) != 0; });
  want(kept == 0, "a denormal in a part");
  want(tiny(small) != 0, "denormals are flushed after a region");

  std::vector<std::thread> callers;
  for (int c = 0; c < 4; c++)
    callers.emplace_back([&] {
      for (int i = 0; i < regions; i++) {
        each_once(1 + i % 9, "several callers: a part was not done once");
        if (i % 16 == 0)
          absa::set_threads(1 + i % 5);
      }
    });
  for (auto &c : callers)
    c.join();

  for (int i = 0; i < 20; i++) { // the workers are asleep
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    each_once(5, "after a pause: a part was not done once");
  }
  return 0;
}
