// Lets gotch v0.9.1, which was written for LibTorch 2.1, compile against
// LibTorch 2.11. It is force-included into every C++ file of the build
// (CGO_CXXFLAGS="-include compat.h") and does something in gotch's only.
//
// Three operators changed their signatures in between. gotch calls them with
// the old ones, so those are given here as overloads in the namespace in which
// gotch looks. absa uses none of the three: calling one throws, and gotch hands
// the text on as it does for every error of LibTorch.
#pragma once

// This file of gotch's is found through the -I of its own #cgo line: no other
// C++ file of the build pays for torch/torch.h below.
#if defined(__cplusplus) && __has_include("torch_api_generated.cpp.h")

#include <torch/torch.h>

#include <optional>
#include <string>
#include <tuple>

namespace absa_compat {

[[noreturn]] inline void unavailable(const char *op) {
  C10_THROW_ERROR(NotImplementedError,
                  std::string(op) +
                      " isn't available in this build: its signature in "
                      "LibTorch 2.11 isn't the one that gotch v0.9.1 calls");
}

} // namespace absa_compat

namespace torch {

// 2.1: (compressed_A, dense_B, bias, transpose_result)
inline at::Tensor _cslt_sparse_mm(const at::Tensor &, const at::Tensor &,
                                  const at::Tensor &, bool) {
  absa_compat::unavailable("_cslt_sparse_mm");
}

// 2.1: (self, mat2, bias, out_dtype, scale_a, scale_b, scale_result) -> (out, amax)
inline std::tuple<at::Tensor, at::Tensor>
_scaled_mm(const at::Tensor &, const at::Tensor &, const at::Tensor &,
           std::optional<at::ScalarType>, const at::Tensor &,
           const at::Tensor &, const at::Tensor &) {
  absa_compat::unavailable("_scaled_mm");
}

// 2.1: the same with (out, out_amax) in front
inline std::tuple<at::Tensor, at::Tensor>
_scaled_mm_out(at::Tensor &, at::Tensor &, const at::Tensor &,
               const at::Tensor &, const at::Tensor &,
               std::optional<at::ScalarType>, const at::Tensor &,
               const at::Tensor &, const at::Tensor &) {
  absa_compat::unavailable("_scaled_mm_out");
}

} // namespace torch

#endif
