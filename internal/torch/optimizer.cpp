// What the optimizer and the moving average need of LibTorch. On the CPU a step is
// the two passes of adam_run.h, elsewhere LibTorch's fused operations.
#include "shim.h"

#include "adam_run.h"
#include "function.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/stack.h>

#include <cmath>

namespace {

using namespace absa;

Tensor &at_(absa_tensor t) { return *static_cast<Tensor *>(t); }

bool on_cpu(absa_tensor *params, int n) { return n == 0 || at_(params[0]).device().is_cpu(); }

// flat returns zeros in one buffer, of the shapes of like or scalars, each at the
// start of a cache line. They share memory and no history: a write to one does not
// count as one to the others.
std::vector<Tensor> flat(absa_tensor *like, int n, bool scalars) {
  std::vector<Tensor> parts;
  if (n == 0)
    return parts;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at_(like[0]).device());
  constexpr int64_t line = 64 / sizeof(float);
  const auto room = [&](int i) { return scalars ? line : (at_(like[i]).numel() + line - 1) / line * line; };
  int64_t total = 0, offset = 0;
  for (int i = 0; i < n; i++)
    total += room(i);
  const Tensor buffer = at::zeros({total}, options);
  for (int i = 0; i < n; i++) {
    parts.push_back(at::empty({0}, options));
    if (scalars)
      parts[i].set_(buffer.storage(), offset, at::IntArrayRef{});
    else
      parts[i].set_(buffer.storage(), offset, at_(like[i]).sizes());
    offset += room(i);
  }
  return parts;
}

std::vector<Tensor> grads(absa_tensor *params, int n) {
  std::vector<Tensor> out;
  for (int i = 0; i < n; i++)
    if (at_(params[i]).grad().defined())
      out.push_back(at_(params[i]).grad());
  return out;
}

void adam_cpu(absa_tensor *params, absa_tensor *means, absa_tensor *squares, absa_tensor *steps,
              absa_tensor *averages, int n, const AdamSettings &settings) {
  std::vector<AdamTensor> tensors;
  std::vector<Tensor> held;
  for (int i = 0; i < n; i++) {
    Tensor &p = at_(params[i]);
    AdamTensor t = {p.data_ptr<float>(), nullptr, at_(means[i]).data_ptr<float>(), at_(squares[i]).data_ptr<float>(),
                    averages ? at_(averages[i]).data_ptr<float>() : nullptr, p.numel(), 0};
    if (p.grad().defined()) {
      held.push_back(p.grad().contiguous());
      t.grad = held.back().data_ptr<float>();
      t.step = *at_(steps[i]).data_ptr<float>() += 1;
      p.unsafeGetTensorImpl()->bump_version();
    }
    tensors.push_back(t);
  }
  adam(tensors, settings, at::get_num_threads());
}

void adam_fused(absa_tensor *params, absa_tensor *means, absa_tensor *squares, absa_tensor *steps,
                absa_tensor *averages, int n, const AdamSettings &o) {
  std::vector<Tensor> p, g, m, v, k, all, shadow;
  for (int i = 0; i < n; i++) {
    const Tensor &t = at_(params[i]);
    all.push_back(t);
    if (averages)
      shadow.push_back(at_(averages[i]));
    if (!t.grad().defined())
      continue;
    p.push_back(t);
    g.push_back(t.grad());
    m.push_back(at_(means[i]));
    v.push_back(at_(squares[i]));
    k.push_back(at_(steps[i]));
  }
  if (!p.empty()) {
    if (o.scale != 1)
      at::_foreach_mul_(g, o.scale);
    at::_foreach_add_(k, 1);
    if (o.decoupled)
      at::_fused_adamw_(p, g, m, v, {}, k, o.lr, o.beta1, o.beta2, o.decay, o.eps, /*amsgrad=*/false, /*maximize=*/false);
    else
      at::_fused_adam_(p, g, m, v, {}, k, o.lr, o.beta1, o.beta2, o.decay, o.eps, /*amsgrad=*/false, /*maximize=*/false);
  }
  if (!shadow.empty())
    at::_foreach_lerp_(shadow, all, o.weight);
}

} // namespace

extern "C" {

char *absa_flat(absa_tensor *like, int n, bool scalars, absa_tensor *out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const auto parts = flat(like, n, scalars);
    for (int i = 0; i < n; i++)
      out[i] = new Tensor(parts[i]);
  });
}

char *absa_flatten(absa_tensor *params, int n) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const auto parts = flat(params, n, false);
    for (int i = 0; i < n; i++) {
      parts[i].copy_(at_(params[i]));
      at_(params[i]).set_data(parts[i]);
    }
  });
}

char *absa_zero_grad(absa_tensor *params, int n) {
  return guard([&] {
    for (int i = 0; i < n; i++)
      at_(params[i]).mutable_grad().reset();
  });
}

char *absa_swap_data(absa_tensor *a, absa_tensor *b, int n) {
  return guard([&] {
    for (int i = 0; i < n; i++) {
      Tensor held = at_(a[i]).variable_data();
      at_(a[i]).set_data(at_(b[i]).variable_data());
      at_(b[i]).set_data(held);
    }
  });
}

char *absa_grad_norm(absa_tensor *params, int n, absa_tensor *out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    auto g = grads(params, n);
    Tensor norm = at::zeros({}, at::kDouble);
    if (!g.empty() && !on_cpu(params, n))
      norm = at::stack(at::_foreach_norm(g)).norm().to(at::kDouble);
    else if (!g.empty()) {
      std::vector<AdamTensor> tensors;
      for (Tensor &t : g) {
        t = t.contiguous();
        tensors.push_back({nullptr, t.data_ptr<float>(), nullptr, nullptr, nullptr, t.numel(), 0});
      }
      norm.fill_(std::sqrt(sum_of_squares(tensors, at::get_num_threads())));
    }
    *out = new Tensor(norm);
  });
}

char *absa_grad_max(absa_tensor *params, int n, double *max_of) {
  return guard([&] {
    at::NoGradGuard no_grad;
    for (int i = 0; i < n; i++) {
      auto g = at_(params[i]).grad();
      max_of[i] = g.defined() ? g.abs().max().item<double>() : 0;
    }
  });
}

char *absa_adam(absa_tensor *params, absa_tensor *means, absa_tensor *squares, absa_tensor *steps,
                absa_tensor *averages, int n, const absa_adam_settings *o) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const AdamSettings settings = {o->decoupled, o->lr, o->beta1, o->beta2, o->eps, o->decay, o->scale, o->weight};
    (on_cpu(params, n) ? adam_cpu : adam_fused)(params, means, squares, steps, averages, n, settings);
    for (int i = 0; i < n; i++)
      at_(params[i]).mutable_grad().reset();
  });
}
}
