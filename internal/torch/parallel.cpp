// The threads of parallel.h: a pool that starts with the first region and then
// waits for the next, awake for as long as one usually takes to come, then asleep.
#include "parallel.h"

#include "cpu.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pthread.h>
#include <signal.h>
#include <time.h>

// Of MKL, where LibTorch has it: the threads of a product that this thread asks
// for; 0 takes the number of the process. It returns the number before.
extern "C" int MKL_Set_Num_Threads_Local(int) __attribute__((weak));

namespace absa {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A region follows the last one of its step within the long time; waking a thread
// that sleeps takes as long as the short one, and several times as long on a
// virtual machine. Only a worker that has its core to itself waits the long time.
constexpr auto awake = microseconds(2000), hardly_awake = microseconds(50);

// A worker whose core is taken from it in the middle of a part holds everyone up
// until the other process has had its turn. That is borne as long as two threads
// are faster than one all the same, which they are up to a third of the time lost:
// a worker whose losses outgrow a third of its work in peace rests, and twice as
// long, after fewer losses, if it did not work in peace for long since it rested.
constexpr microseconds interruption(300), bearable(12000), hardly_bearable(3000);
constexpr int peace_for_loss = 3;
constexpr auto long_peace = milliseconds(100);
constexpr auto least_rest = milliseconds(10), most_rest = milliseconds(320);

// SerialBlas is in force on the thread that holds it.
class SerialBlas {
  const int before = MKL_Set_Num_Threads_Local ? MKL_Set_Num_Threads_Local(1) : 0;

public:
  ~SerialBlas() {
    if (MKL_Set_Num_Threads_Local)
      MKL_Set_Num_Threads_Local(before);
  }
};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// soon waits until ready() or for a time, and returns ready().
template <typename F> bool soon(microseconds time, F ready) {
  const auto until = Clock::now() + time;
  do {
    for (int i = 0; i < 32; i++) {
      if (ready())
        return true;
      pause();
    }
  } while (Clock::now() < until);
  return ready();
}

// processor_time is what the calling thread has had of a core.
Clock::duration processor_time() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

thread_local bool inside = false; // a part

class Pool {
  // A ticket is the number of the region, and the next part of it that nobody has
  // begun. Who exchanges it for the next ticket has that part. Between regions the
  // part is past every end, so that the fields below belong to the ticket as long
  // as it can be exchanged.
  static constexpr int part_bits = 24;
  static constexpr uint64_t past = (uint64_t(1) << part_bits) - 1;
  std::atomic<uint64_t> ticket{0};
  std::atomic<int64_t> parts{0};
  std::atomic<void (*)(const void *, int64_t)> f{nullptr};
  std::atomic<const void *> of{nullptr};
  alignas(64) std::atomic<int64_t> done{0};
  std::atomic<int> wanted{1}; // threads

  std::mutex region; // who holds it calls the workers
  std::mutex sleep;
  std::condition_variable begun, finished;
  std::atomic<int> sleepers{0};
  std::atomic<bool> caller_sleeps{false};
  int workers = 0;

  static uint64_t number(uint64_t ticket) { return ticket >> part_bits; }

  // take does parts of the region until none is left to begin.
  void take(uint64_t of_region) {
    uint64_t t = ticket.load();
    for (;;) {
      const int64_t part = t & past, n = parts.load();
      const auto call = f.load();
      const auto with = of.load();
      if (number(t) != of_region || part >= n)
        return;
      if (!ticket.compare_exchange_weak(t, t + 1))
        continue;
      call(with, part);
      if (done.fetch_add(1) + 1 == n && caller_sleeps.load()) {
        { std::lock_guard<std::mutex> lock(sleep); }
        finished.notify_one();
      }
      t = ticket.load();
    }
  }

  void work(int index) {
    inside = true;
    const FlushDenormals flush;
    const SerialBlas blas;
    uint64_t seen = 0;
    auto rest = least_rest;
    Clock::duration lost{}, peace{}; // since it rested
    for (;;) {
      const auto called = [&] { return number(ticket.load()) != seen && index < wanted.load(); };
      if (!soon(rest > least_rest ? hardly_awake : awake, called)) {
        std::unique_lock<std::mutex> lock(sleep);
        sleepers++;
        begun.wait(lock, called);
        sleepers--;
      }
      seen = number(ticket.load());
      const auto start = Clock::now();
      const auto had = processor_time();
      take(seen);
      const auto took = Clock::now() - start;
      const auto interrupted = took - (processor_time() - had);
      if (interrupted > interruption) {
        lost += interrupted;
      } else {
        lost = std::max(lost - took / peace_for_loss, Clock::duration(0));
        peace += took;
      }
      if (lost > (rest > least_rest ? hardly_bearable : bearable)) {
        std::this_thread::sleep_for(rest);
        rest = std::min(2 * rest, most_rest);
        lost = peace = Clock::duration(0);
      } else if (peace > long_peace) {
        rest = least_rest;
      }
    }
  }

  // start begins workers up to n, as far as the system has threads to give. They
  // take no signal, which are for the threads of the program, and run until the
  // process ends.
  void start(int n) {
    if (workers >= n)
      return;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      for (; workers < n; workers++)
        std::thread([this, index = workers + 1] { work(index); }).detach();
    } catch (const std::exception &) { // the threads that there are do all parts
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

public:
  int threads() const { return wanted.load(); }
  void set_threads(int n) { wanted.store(std::max(1, n)); }

  void run(int64_t n, void (*call)(const void *, int64_t), const void *with) {
    const int helpers = int(std::min<int64_t>(wanted.load(), n)) - 1;
    std::unique_lock<std::mutex> own(region, std::defer_lock);
    if (inside || helpers < 1 || !own.try_lock()) {
      for (int64_t part = 0; part < n; part++)
        call(with, part);
      return;
    }
    start(helpers);
    const uint64_t next = number(ticket.load()) + 1;
    ticket.fetch_or(past);
    parts.store(n);
    f.store(call);
    of.store(with);
    done.store(0);
    ticket.store(next << part_bits);
    if (const int asleep = sleepers.load(); asleep > 0) {
      { std::lock_guard<std::mutex> lock(sleep); }
      if (workers > helpers) // some are not for this region, and who is woken is chance
        begun.notify_all();
      else
        for (int i = 0; i < asleep; i++)
          begun.notify_one();
    }
    inside = true;
    take(next);
    inside = false;
    const auto all_done = [&] { return done.load() == n; };
    if (!soon(hardly_awake, all_done)) {
      std::unique_lock<std::mutex> lock(sleep);
      caller_sleeps.store(true);
      finished.wait(lock, all_done);
      caller_sleeps.store(false);
    }
  }
};

// It is never destroyed: its workers outlive main.
Pool &threads_of_process() {
  static Pool *p = new Pool;
  return *p;
}

} // namespace

int threads() { return threads_of_process().threads(); }
void set_threads(int n) { threads_of_process().set_threads(n); }

void run_parts(int64_t parts, void (*f)(const void *, int64_t), const void *of) {
  const FlushDenormals flush;
  const SerialBlas blas;
  threads_of_process().run(parts, f, of);
}

} // namespace absa
