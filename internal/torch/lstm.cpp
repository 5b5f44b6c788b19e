// The packed LSTM of lstm_run.h as one operation of LibTorch, with a backward
// pass of its own.
#include "shim.h"

#include "cpu.h"
#include "function.h"
#include "lstm_run.h"
#include "parallel.h"

namespace {

using namespace absa;

struct Settings {
  int64_t layers, units;
  double dropout; // 0 outside training
};

LstmShape shape(const Settings &set, const Tensor &x, const Tensor &sizes) {
  return {set.layers, x.size(1), set.units, x.size(0), sizes.const_data_ptr<int64_t>()[0],
          sizes.size(0), sizes.const_data_ptr<int64_t>(), threads()};
}

template <typename T>
std::vector<LstmWeights<T>> weights_of(const std::vector<Tensor> &w, int64_t layers) {
  std::vector<LstmWeights<T>> out;
  for (int64_t i = 0; i < 2 * layers; i++)
    out.push_back({data<T>(w[4 * i]), data<T>(w[4 * i + 1]), data<T>(w[4 * i + 2]), data<T>(w[4 * i + 3])});
  return out;
}

template <typename T> std::vector<const T *> masks_of(const std::vector<Tensor> &masks) {
  std::vector<const T *> out;
  for (auto &m : masks)
    out.push_back(data<T>(m));
  return out;
}

struct Outputs {
  Tensor y, h, c, saved;
};

// run computes the forward pass. masks is empty without dropout.
Outputs run(const Settings &set, const Tensor &x, const Tensor &sizes, const Tensor &h0,
            const Tensor &c0, const std::vector<Tensor> &weights, const std::vector<Tensor> &masks,
            bool train) {
  const auto s = shape(set, x, sizes);
  Outputs out;
  out.y = at::empty({s.tokens, 2 * s.units}, x.options());
  out.h = at::empty({2 * s.layers, s.sequences, s.units}, x.options());
  out.c = at::empty_like(out.h);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "lstm", [&] {
    out.saved = pool().tensor(lstm_saved<scalar_t>(s, train), x.scalar_type());
    const Tensor scratch = pool().tensor(lstm_scratch<scalar_t>(s, false), x.scalar_type());
    const auto w = weights_of<scalar_t>(weights, s.layers);
    const auto m = masks_of<scalar_t>(masks);
    lstm_forward<scalar_t>(s, w.data(), data<scalar_t>(x), data<scalar_t>(h0), data<scalar_t>(c0),
                                 m.empty() ? nullptr : m.data(), train, data<scalar_t>(out.saved),
                                 data<scalar_t>(scratch), data<scalar_t>(out.y), data<scalar_t>(out.h),
                                 data<scalar_t>(out.c));
  });
  return out;
}

struct PackedLstm : torch::autograd::Function<PackedLstm> {
  static variable_list forward(AutogradContext *ctx, const Tensor &x, const Tensor &h0, const Tensor &c0,
                               at::TensorList weights, const Tensor &sizes,
                               const std::vector<Tensor> *masks, const Settings *set) {
    auto out = run(*set, x, sizes, h0, c0, weights.vec(), *masks, true);
    variable_list save{x, sizes, out.saved};
    save.insert(save.end(), weights.begin(), weights.end());
    save.insert(save.end(), masks->begin(), masks->end());
    ctx->save_for_backward(std::move(save));
    ctx->saved_data["layers"] = set->layers;
    ctx->saved_data["units"] = set->units;
    ctx->set_materialize_grads(false);
    return {out.y, out.h, out.c};
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grad) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "lstm: its gradient cannot be differentiated");
    const Settings set{ctx->saved_data["layers"].toInt(), ctx->saved_data["units"].toInt(), 0};
    const int64_t n = 8 * set.layers;
    const variable_list saved = ctx->get_saved_variables();
    const Tensor x = saved[0], sizes = saved[1], kept = saved[2];
    const std::vector<Tensor> weights(saved.begin() + 3, saved.begin() + 3 + n);
    const std::vector<Tensor> masks(saved.begin() + 3 + n, saved.end());
    const auto s = shape(set, x, sizes);

    // Both biases of a direction have the same gradient, each its own tensor.
    variable_list out(3 + n + 3);
    for (int i = 0; i < 3; i++)
      if (ctx->needs_input_grad(i))
        out[i] = i == 0 ? at::empty_like(x) : at::empty({2 * s.layers, s.sequences, s.units}, x.options());
    for (int64_t i = 0; i < n; i++)
      if (i % 4 != 3)
        out[3 + i] = at::empty_like(weights[i]);

    const Tensor y_grad = contiguous(grad[0]), h_grad = contiguous(grad[1]), c_grad = contiguous(grad[2]);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "lstm", [&] {
      const Tensor scratch = pool().tensor(lstm_scratch<scalar_t>(s, true), x.scalar_type());
      const auto w = weights_of<scalar_t>(weights, s.layers);
      const auto m = masks_of<scalar_t>(masks);
      std::vector<LstmGrads<scalar_t>> g;
      for (int64_t i = 0; i < n; i += 4)
        g.push_back({data<scalar_t>(out[3 + i]), data<scalar_t>(out[4 + i]), data<scalar_t>(out[5 + i])});
      lstm_backward<scalar_t>(s, w.data(), data<scalar_t>(x), m.empty() ? nullptr : m.data(),
                                    data<scalar_t>(kept), data<scalar_t>(scratch), data<scalar_t>(y_grad),
                                    data<scalar_t>(h_grad), data<scalar_t>(c_grad), g.data(),
                                    data<scalar_t>(out[0]), data<scalar_t>(out[1]), data<scalar_t>(out[2]));
    });
    for (int64_t i = 3; i < n; i += 4)
      out[3 + i] = out[2 + i].clone();
    return out;
  }
};

// check refuses what the kernels would read past the end of.
void check(const Settings &set, const Tensor &x, const Tensor &sizes, const Tensor &h0, const Tensor &c0,
           const std::vector<Tensor> &weights) {
  TORCH_CHECK(set.layers >= 1 && set.units >= 1, "lstm: ", set.layers, " layers of ", set.units, " units");
  TORCH_CHECK(x.device().is_cpu() && x.dim() == 2 && x.size(0) > 0, "lstm: tokens must be [N,in] on the CPU");
  TORCH_CHECK(x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble, "lstm: tokens are ", x.scalar_type());
  TORCH_CHECK(sizes.device().is_cpu() && sizes.dim() == 1 && sizes.size(0) > 0 && sizes.is_contiguous() &&
                  sizes.scalar_type() == at::kLong, "lstm: batch sizes must be int64 [T] on the CPU");
  const int64_t *size = sizes.const_data_ptr<int64_t>();
  int64_t tokens = 0;
  for (int64_t t = 0; t < sizes.size(0); t++) {
    TORCH_CHECK(size[t] >= 1 && (t == 0 || size[t] <= size[t - 1]), "lstm: batch sizes must descend and end above 0");
    tokens += size[t];
  }
  TORCH_CHECK(tokens == x.size(0), "lstm: got ", x.size(0), " tokens, and batch sizes of ", tokens);
  const auto fits = [&](const Tensor &t, at::IntArrayRef sizes, const char *what) {
    TORCH_CHECK(t.sizes() == sizes && t.is_contiguous() && t.device().is_cpu() && t.scalar_type() == x.scalar_type(),
                "lstm: ", what, " is ", t.scalar_type(), " ", t.sizes(), ", want ", x.scalar_type(), " ", sizes);
  };
  const int64_t h = set.units;
  for (int64_t i = 0; i < 2 * set.layers; i++) {
    const int64_t width = i < 2 ? x.size(1) : 2 * h;
    fits(weights[4 * i], {4 * h, width}, "an input weight");
    fits(weights[4 * i + 1], {4 * h, h}, "a hidden weight");
    fits(weights[4 * i + 2], {4 * h}, "an input bias");
    fits(weights[4 * i + 3], {4 * h}, "a hidden bias");
  }
  fits(h0, {2 * set.layers, size[0], h}, "the initial state");
  fits(c0, {2 * set.layers, size[0], h}, "the initial cell");
}

} // namespace

extern "C" {

const char *absa_lstm_variant(void) { return variant().name; }

bool absa_lstm_use(const char *variant) { return use_variant(variant); }

char *absa_lstm(absa_tensor x, absa_tensor sizes, absa_tensor h0, absa_tensor c0, absa_tensor *weights,
                int64_t layers, int64_t units, double dropout, absa_tensor *out) {
  return guard([&] {
    const auto tensor = [](absa_tensor t) -> Tensor & { return *static_cast<Tensor *>(t); };
    Settings set{layers, units, dropout};
    std::vector<Tensor> w;
    for (int64_t i = 0; i < 8 * layers; i++)
      w.push_back(tensor(weights[i]));
    const Tensor in = tensor(x).contiguous(), batch = tensor(sizes);
    TORCH_CHECK(batch.dim() == 1 && batch.size(0) > 0 && batch.device().is_cpu() && batch.scalar_type() == at::kLong,
                "lstm: batch sizes must be int64 [T] on the CPU");
    const auto zeros = [&] {
      return at::zeros({2 * layers, batch.const_data_ptr<int64_t>()[0], units}, in.options());
    };
    const Tensor h = h0 ? tensor(h0).contiguous() : zeros(), c = c0 ? tensor(c0).contiguous() : zeros();
    check(set, in, batch, h, c, w);

    // The draws of ATen's dropout on the packed data, so that both paths drop
    // the same after the same seed.
    std::vector<Tensor> masks;
    if (dropout > 0) {
      at::NoGradGuard no_grad;
      for (int64_t l = 0; l + 1 < layers; l++) {
        Tensor m = at::empty({in.size(0), 2 * units}, in.options());
        masks.push_back(dropout < 1 ? m.bernoulli_(1 - dropout).div_(1 - dropout) : m.zero_());
      }
    }

    bool record = in.requires_grad() || h.requires_grad() || c.requires_grad();
    for (auto &t : w)
      record = record || t.requires_grad();
    variable_list y;
    if (record && at::GradMode::is_enabled()) {
      y = PackedLstm::apply(in, h, c, at::TensorList(w), batch, &masks, &set);
    } else {
      auto o = run(set, in, batch, h, c, w, masks, false);
      y = {o.y, o.h, o.c};
    }
    for (int i = 0; i < 3; i++)
      out[i] = new Tensor(y[i]);
  });
}
}
