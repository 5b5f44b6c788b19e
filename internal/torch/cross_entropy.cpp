// The weighted cross-entropy as one operation of LibTorch for the CPU. Its gradient
// is computed with it, while the exponentials are at hand.
#include "shim.h"

#include "function.h"

#include <cmath>

namespace {

using namespace absa;

// run returns Σ w·(-log softmax(x)[target]) over rows of C logits, and its gradient.
std::pair<Tensor, Tensor> run(const Tensor &logits, const Tensor &target, const Tensor &weight) {
  const int64_t classes = logits.size(-1), rows = target.numel();
  Tensor loss = at::empty({}, logits.options()), grad = at::empty(logits.sizes(), logits.options());
  AT_DISPATCH_FLOATING_TYPES(logits.scalar_type(), "cross_entropy", [&] {
    const scalar_t *x = data<scalar_t>(logits), *w = data<scalar_t>(weight);
    const int64_t *t = data<int64_t>(target);
    scalar_t *g = data<scalar_t>(grad);
    double total = 0;
    for (int64_t i = 0; i < rows; i++, x += classes, g += classes) {
      TORCH_CHECK(t[i] >= 0 && t[i] < classes, "cross_entropy: class ", t[i], " of ", classes);
      const scalar_t most = *std::max_element(x, x + classes);
      scalar_t sum = 0;
      for (int64_t c = 0; c < classes; c++)
        sum += g[c] = std::exp(x[c] - most);
      for (int64_t c = 0; c < classes; c++)
        g[c] *= w[i] / sum;
      g[t[i]] -= w[i];
      total += double(w[i]) * (double(most) + std::log(double(sum)) - double(x[t[i]]));
    }
    *data<scalar_t>(loss) = total;
  });
  return {loss, grad};
}

struct CrossEntropy : torch::autograd::Function<CrossEntropy> {
  static Tensor forward(AutogradContext *ctx, const Tensor &logits, const Tensor &target, const Tensor &weight) {
    const auto [loss, grad] = run(logits, target, weight);
    ctx->save_for_backward({grad});
    return loss;
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grad) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "cross_entropy: its gradient cannot be differentiated");
    return {ctx->get_saved_variables()[0].mul(grad[0]), {}, {}};
  }
};

} // namespace

extern "C" char *absa_cross_entropy(absa_tensor x, absa_tensor targets, absa_tensor weights, absa_tensor *out) {
  return guard([&] {
    const Tensor logits = static_cast<Tensor *>(x)->contiguous();
    const Tensor target = static_cast<Tensor *>(targets)->contiguous();
    const Tensor weight = static_cast<Tensor *>(weights)->to(logits.scalar_type()).contiguous();
    TORCH_CHECK(logits.dim() > 0 && logits.device().is_cpu(), "cross_entropy: logits must be [..,C] on the CPU");
    const auto rows = logits.sizes().slice(0, logits.dim() - 1);
    TORCH_CHECK(target.scalar_type() == at::kLong && target.sizes() == rows && weight.sizes() == rows,
                "cross_entropy: classes ", target.sizes(), " and weights ", weight.sizes(), " for logits ", logits.sizes());
    *out = new Tensor(logits.requires_grad() && at::GradMode::is_enabled() ? CrossEntropy::apply(logits, target, weight)
                                                                            : run(logits, target, weight).first);
  });
}
