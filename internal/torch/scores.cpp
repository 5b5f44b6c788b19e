// The scores of scores_run.h as one operation of LibTorch, with a backward pass of
// its own.
#include "shim.h"

#include "function.h"
#include "parallel.h"
#include "scores_run.h"

namespace {

using namespace absa;

ScoresShape shape(const Tensor &h, const std::vector<Tensor> &w) {
  return {h.size(0), int64_t(w.size() / 3), h.size(1), w[0].size(0), threads()};
}

// weights are, for each aspect, matrix [F,D], bias [F] and query [1,F].
template <typename T> std::vector<ScoresWeights<T>> weights_of(const std::vector<Tensor> &w) {
  std::vector<ScoresWeights<T>> out;
  for (size_t i = 0; i < w.size(); i += 3)
    out.push_back({data<T>(w[i]), data<T>(w[i + 1]), data<T>(w[i + 2])});
  return out;
}

std::pair<Tensor, Tensor> run(const Tensor &h, const std::vector<Tensor> &weights) {
  const auto s = shape(h, weights);
  Tensor scores = at::empty({s.tokens, s.aspects}, h.options()), saved;
  AT_DISPATCH_FLOATING_TYPES(h.scalar_type(), "additive_scores", [&] {
    saved = pool().tensor(scores_saved<scalar_t>(s), h.scalar_type());
    const auto w = weights_of<scalar_t>(weights);
    scores_forward<scalar_t>(s, w.data(), data<scalar_t>(h), data<scalar_t>(saved), data<scalar_t>(scores));
  });
  return {scores, saved};
}

struct AdditiveScores : torch::autograd::Function<AdditiveScores> {
  static Tensor forward(AutogradContext *ctx, const Tensor &h, at::TensorList weights) {
    const auto [scores, saved] = run(h, weights.vec());
    variable_list save{h, saved};
    save.insert(save.end(), weights.begin(), weights.end());
    ctx->save_for_backward(std::move(save));
    return scores;
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grad) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "additive_scores: its gradient cannot be differentiated");
    const variable_list kept = ctx->get_saved_variables();
    const Tensor h = kept[0], saved = kept[1], scores_grad = grad[0].contiguous();
    const std::vector<Tensor> weights(kept.begin() + 2, kept.end());
    const auto s = shape(h, weights);
    variable_list out(1 + weights.size());
    if (ctx->needs_input_grad(0))
      out[0] = at::empty_like(h);
    for (size_t i = 0; i < weights.size(); i++)
      out[1 + i] = at::empty_like(weights[i]);
    AT_DISPATCH_FLOATING_TYPES(h.scalar_type(), "additive_scores", [&] {
      const Tensor scratch = pool().tensor(scores_saved<scalar_t>(s), h.scalar_type());
      const auto w = weights_of<scalar_t>(weights);
      std::vector<ScoresGrads<scalar_t>> g;
      for (size_t i = 0; i < weights.size(); i += 3)
        g.push_back({data<scalar_t>(out[1 + i]), data<scalar_t>(out[2 + i]), data<scalar_t>(out[3 + i])});
      scores_backward<scalar_t>(s, w.data(), data<scalar_t>(h), data<scalar_t>(saved), data<scalar_t>(scratch),
                                data<scalar_t>(scores_grad), g.data(), data<scalar_t>(out[0]));
    });
    return out;
  }
};

} // namespace

extern "C" char *absa_additive_scores(absa_tensor x, absa_tensor *weights, int64_t aspects, absa_tensor *out) {
  return guard([&] {
    const Tensor h = static_cast<Tensor *>(x)->contiguous();
    TORCH_CHECK(h.device().is_cpu() && h.dim() == 2 && h.size(0) > 0, "additive_scores: tokens must be [N,D] on the CPU");
    TORCH_CHECK(aspects > 0, "additive_scores: no aspects");
    std::vector<Tensor> w;
    bool record = h.requires_grad();
    for (int64_t i = 0; i < 3 * aspects; i++) {
      w.push_back(*static_cast<Tensor *>(weights[i]));
      record = record || w[i].requires_grad();
    }
    const int64_t rows = w[0].dim() == 2 ? w[0].size(0) : 0;
    const auto fits = [&](const Tensor &t, at::IntArrayRef sizes, const char *what) {
      TORCH_CHECK(t.sizes() == sizes && t.is_contiguous() && t.device().is_cpu() && t.scalar_type() == h.scalar_type(),
                  "additive_scores: ", what, " is ", t.scalar_type(), " ", t.sizes(), ", want ", h.scalar_type(), " ", sizes);
    };
    for (int64_t i = 0; i < aspects; i++) {
      fits(w[3 * i], {rows, h.size(1)}, "a weight");
      fits(w[3 * i + 1], {rows}, "a bias");
      fits(w[3 * i + 2], {1, rows}, "a query");
    }
    *out = new Tensor(record && at::GradMode::is_enabled() ? AdditiveScores::apply(h, at::TensorList(w)) : run(h, w).first);
  });
}
