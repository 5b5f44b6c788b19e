#include "cpu.h"

#include <atomic>

namespace absa {

static const Variant *best() {
  for (const Variant *v : {&lstm_avx512, &lstm_avx2})
    if (v->runs())
      return v;
  return &lstm_portable;
}

static std::atomic<const Variant *> chosen{nullptr};

const Variant &variant() {
  const Variant *v = chosen.load(std::memory_order_relaxed);
  if (!v)
    chosen = v = best();
  return *v;
}

bool use_variant(const char *name) {
  if (!name) {
    chosen = best();
    return true;
  }
  for (const Variant *v : {&lstm_portable, &lstm_avx2, &lstm_avx512})
    if (!strcmp(name, v->name) && v->runs()) {
      chosen = v;
      return true;
    }
  return false;
}

} // namespace absa
