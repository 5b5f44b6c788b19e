#include "cpu.h"

namespace absa {

static const Variant *best() {
  for (const Variant *v : {&lstm_avx512, &lstm_avx2})
    if (v->runs())
      return v;
  return &lstm_portable;
}

static const Variant *chosen = nullptr;

const Variant &variant() {
  if (!chosen)
    chosen = best();
  return *chosen;
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
