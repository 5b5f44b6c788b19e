// The map of grouped_run.h as one operation of LibTorch, with a backward pass of
// its own.
#include "shim.h"

#include "function.h"
#include "parallel.h"
#include "grouped_run.h"

namespace {

using namespace absa;

struct Settings {
  std::vector<int64_t> ends;
  int64_t heads;
  bool transposed;

  int64_t groups() const { return ends.size(); }
  GroupedShape shape(const Tensor &weight) const {
    return {groups(), ends.data(), heads, weight.size(0) / heads, weight.size(1), transposed, absa::threads()};
  }
};

template <typename T> std::vector<T *> pointers(const Tensor *first, int64_t n) {
  std::vector<T *> out;
  for (int64_t i = 0; i < n; i++)
    out.push_back(data<T>(first[i]));
  return out;
}

// run takes the weights, then the biases unless it is transposed.
Tensor run(const Settings &set, const Tensor &x, at::TensorList weights) {
  const auto s = set.shape(weights[0]);
  Tensor y = at::empty({x.size(0), s.out()}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "grouped_linear", [&] {
    const auto w = pointers<scalar_t>(weights.data(), s.groups);
    const auto b = s.transposed ? w : pointers<scalar_t>(weights.data() + s.groups, s.groups);
    grouped_forward<scalar_t>(s, w.data(), s.transposed ? nullptr : b.data(), data<scalar_t>(x), data<scalar_t>(y));
  });
  return y;
}

struct GroupedLinear : torch::autograd::Function<GroupedLinear> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x, at::TensorList weights, const Settings *set) {
    variable_list save{x};
    save.insert(save.end(), weights.begin(), weights.end());
    ctx->save_for_backward(std::move(save));
    ctx->saved_data["ends"] = set->ends;
    ctx->saved_data["heads"] = set->heads;
    ctx->saved_data["transposed"] = set->transposed;
    return run(*set, x, weights);
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grad) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "grouped_linear: its gradient cannot be differentiated");
    const variable_list kept = ctx->get_saved_variables();
    const Tensor x = kept[0], y_grad = grad[0].contiguous();
    const Settings set{ctx->saved_data["ends"].toIntVector(), ctx->saved_data["heads"].toInt(),
                       ctx->saved_data["transposed"].toBool()};
    const auto s = set.shape(kept[1]);
    variable_list out(kept.size());
    if (ctx->needs_input_grad(0))
      out[0] = at::empty_like(x);
    for (size_t i = 1; i < kept.size(); i++)
      out[i] = at::empty_like(kept[i]);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "grouped_linear", [&] {
      const auto w = pointers<scalar_t>(&kept[1], s.groups);
      const auto w_grad = pointers<scalar_t>(&out[1], s.groups);
      const auto b_grad = s.transposed ? w_grad : pointers<scalar_t>(&out[1 + s.groups], s.groups);
      grouped_backward<scalar_t>(s, w.data(), data<scalar_t>(x), data<scalar_t>(y_grad), w_grad.data(),
                                 s.transposed ? nullptr : b_grad.data(), data<scalar_t>(out[0]));
    });
    out.emplace_back(); // the settings
    return out;
  }
};

// check refuses what the kernels would read past the end of.
void check(const Settings &set, const Tensor &x, const std::vector<Tensor> &weights) {
  TORCH_CHECK(set.groups() > 0, "grouped_linear: no groups");
  TORCH_CHECK(x.device().is_cpu() && x.dim() == 2, "grouped_linear: rows must be [P,in] on the CPU");
  int64_t last = 0;
  for (const int64_t end : set.ends) {
    TORCH_CHECK(end >= last, "grouped_linear: the ends of the groups must not descend");
    last = end;
  }
  TORCH_CHECK(last == x.size(0), "grouped_linear: got ", x.size(0), " rows, and groups of ", last);
  TORCH_CHECK(weights[0].dim() == 2 && set.heads > 0 && weights[0].size(0) % set.heads == 0, "grouped_linear: a weight is ",
              weights[0].sizes(), " for ", set.heads, " heads");
  const auto fits = [&](const Tensor &t, at::IntArrayRef sizes, const char *what) {
    TORCH_CHECK(t.sizes() == sizes && t.is_contiguous() && t.device().is_cpu() && t.scalar_type() == x.scalar_type(),
                "grouped_linear: ", what, " is ", t.scalar_type(), " ", t.sizes(), ", want ", x.scalar_type(), " ", sizes);
  };
  const auto s = set.shape(weights[0]);
  TORCH_CHECK(x.size(1) == s.in(), "grouped_linear: rows of ", x.size(1), ", want ", s.in());
  for (int64_t i = 0; i < int64_t(weights.size()); i++)
    if (i < s.groups)
      fits(weights[i], {s.heads * s.narrow, s.wide}, "a weight");
    else
      fits(weights[i], {s.heads * s.narrow}, "a bias");
}

} // namespace

extern "C" char *absa_grouped_linear(absa_tensor x, const int64_t *ends, int64_t groups, absa_tensor *weights,
                                     int64_t heads, bool transposed, absa_tensor *out) {
  return guard([&] {
    const Tensor rows = static_cast<Tensor *>(x)->contiguous();
    const Settings set{{ends, ends + groups}, heads, transposed};
    std::vector<Tensor> w;
    bool record = rows.requires_grad();
    for (int64_t i = 0; i < groups * (transposed ? 1 : 2); i++) {
      TORCH_CHECK(weights[i], "grouped_linear: a bias is missing");
      w.push_back(*static_cast<Tensor *>(weights[i]));
      record = record || w[i].requires_grad();
    }
    check(set, rows, w);
    *out = new Tensor(record && at::GradMode::is_enabled() ? GroupedLinear::apply(rows, at::TensorList(w), &set)
                                                           : run(set, rows, w));
  });
}
