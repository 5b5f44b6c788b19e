// What the operations of our own share on LibTorch's side.
#ifndef ABSA_FUNCTION_H
#define ABSA_FUNCTION_H

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace absa {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Pool keeps the last few buffers that were given back: fresh memory would cost
// a page fault for every 4 kB of every step.
class Pool {
  struct Block {
    void *data;
    size_t bytes;
  };
  static constexpr size_t most = 4;         // blocks that wait
  static constexpr size_t bound = 1u << 29; // bytes of one that is kept

  std::mutex mutex;
  std::vector<Block> blocks; // free ones

  Block take(size_t bytes) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      size_t fit = blocks.size();
      for (size_t i = 0; i < blocks.size(); i++)
        if (blocks[i].bytes >= bytes && (fit == blocks.size() || blocks[i].bytes < blocks[fit].bytes))
          fit = i;
      if (fit < blocks.size()) {
        Block b = blocks[fit];
        blocks.erase(blocks.begin() + fit);
        return b;
      }
    }
    Block b{nullptr, (bytes + bytes / 4 + 4095) / 4096 * 4096}; // the next batch may be longer
    TORCH_CHECK(posix_memalign(&b.data, 64, b.bytes) == 0, "no memory for ", b.bytes, " bytes");
    return b;
  }

  // give keeps b in place of the smallest block when there are too many.
  void give(Block b) {
    if (b.bytes > bound) {
      free(b.data);
      return;
    }
    std::lock_guard<std::mutex> lock(mutex);
    blocks.push_back(b);
    if (blocks.size() <= most)
      return;
    size_t least = 0;
    for (size_t i = 1; i < blocks.size(); i++)
      if (blocks[i].bytes < blocks[least].bytes)
        least = i;
    free(blocks[least].data);
    blocks.erase(blocks.begin() + least);
  }

public:
  // tensor returns n elements, not initialised, that go back when the last
  // handle to them goes.
  Tensor tensor(int64_t n, at::ScalarType type) {
    Block b = take(std::max<int64_t>(1, n) * c10::elementSize(type));
    return at::from_blob(
        b.data, {n}, [this, b](void *) { give(b); }, at::TensorOptions().dtype(type));
  }
};

// It is never destroyed: tensors may outlive the end of main.
inline Pool &pool() {
  static Pool *p = new Pool;
  return *p;
}

template <typename T> T *data(const Tensor &t) { return t.defined() ? t.data_ptr<T>() : nullptr; }

inline Tensor contiguous(const Tensor &t) { return t.defined() ? t.contiguous() : t; }

// guard runs f and returns the message of what it throws, or NULL.
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

} // namespace absa

#endif
