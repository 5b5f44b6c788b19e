#include "shim.h"

#include "parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <omp.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

// guard runs f and returns the message of what it throws, without the C++
// stack trace, or NULL.
template <typename F> char *guard(F f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error &e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("unknown C++ exception");
  }
}

at::Tensor &at_(absa_tensor t) { return *static_cast<at::Tensor *>(t); }

at::Generator generator(int device) {
  return at::globalContext().defaultGenerator(
      device < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, device));
}

} // namespace

extern "C" {

const char *absa_version(void) { return TORCH_VERSION; }

// The library stays open until the process ends: what it registers with the
// dispatcher cannot be taken back.
char *absa_open_library(const char *name) {
  if (dlopen(name, RTLD_NOW | RTLD_GLOBAL))
    return nullptr;
  const char *why = dlerror();
  return strdup(why ? why : "unknown error");
}

int absa_cuda_devices(void) {
  try {
    return at::globalContext().hasCUDA()
               ? static_cast<int>(torch::cuda::device_count())
               : 0;
  } catch (...) {
    return 0;
  }
}

void absa_set_threads(int threads) {
  absa::set_threads(threads);
  at::set_num_threads(1);
}

int absa_threads(void) { return absa::threads(); }

void absa_set_aten_threads(int threads) {
  at::set_num_threads(std::max(1, threads)); // throws below 1
}

// A worker thread inherits the mode from the thread that starts it, so this
// must be called before the first parallel region.
void absa_flush_denormals(bool on) { at::globalContext().setFlushDenormal(on); }

// libgomp's workers spin for milliseconds after a parallel region in the hope
// of another one. Pausing the runtime ends them; the next region starts them
// anew, which costs a tenth of a millisecond (BenchmarkParallelRegion).
void absa_release_threads(void) { omp_pause_resource_all(omp_pause_soft); }

// By default the C library gives a large block back to the system with every
// free, and takes a page fault for each 4 kB when the next step wants it again.
void absa_keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20); // the most it accepts
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

void absa_set_grad_mode(bool enabled) { at::GradMode::set_enabled(enabled); }

char *absa_seed(uint64_t seed) {
  return guard([&] { at::manual_seed(seed); });
}

char *absa_rng_state(int device, absa_tensor *out) {
  return guard([&] {
    auto gen = generator(device);
    std::lock_guard<std::mutex> lock(gen.mutex());
    *out = new at::Tensor(gen.get_state());
  });
}

char *absa_set_rng_state(int device, absa_tensor state) {
  return guard([&] {
    auto gen = generator(device);
    std::lock_guard<std::mutex> lock(gen.mutex());
    gen.set_state(at_(state));
  });
}

char *absa_copy_from_host(absa_tensor dst, const void *src, int64_t bytes) {
  return guard([&] {
    at::NoGradGuard no_grad;
    auto &t = at_(dst);
    TORCH_CHECK(t.numel() * t.element_size() == bytes, "got ", bytes,
                " bytes for a tensor of ", t.numel() * t.element_size());
    auto host = at::from_blob(const_cast<void *>(src), t.sizes(),
                              at::TensorOptions().dtype(t.dtype()));
    t.copy_(host);
  });
}

int64_t absa_elements(absa_tensor *tensors, int n) {
  int64_t sum = 0;
  for (int i = 0; i < n; i++)
    sum += at_(tensors[i]).numel();
  return sum;
}

// On another device the values are joined there: one transfer, one wait.
char *absa_read(absa_tensor *tensors, int n, double *out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> parts;
    for (int i = 0; i < n; i++)
      parts.push_back(at_(tensors[i]).detach().reshape(-1));
    if (n > 0 && !parts[n - 1].device().is_cpu()) {
      for (auto &p : parts)
        p = p.to(parts[n - 1].device(), at::kDouble);
      parts = {at::cat(parts)};
    }
    for (const auto &p : parts) {
      at::from_blob(out, p.sizes(), at::TensorOptions().dtype(at::kDouble)).copy_(p);
      out += p.numel();
    }
  });
}
}
