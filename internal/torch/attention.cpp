// The sums of attention_run.h as one operation of LibTorch, with a backward pass
// of its own.
#include "shim.h"

#include "attention_run.h"
#include "function.h"
#include "parallel.h"

namespace {

using namespace absa;

// Settings are those of queries, or, with columns, of given scores.
struct Settings {
  std::vector<int64_t> sentences, columns;
  int64_t heads;
  double scale;
  bool padded;

  bool given() const { return !columns.empty(); }
  AttentionShape shape(const Tensor &states, const Tensor &sizes, const Tensor &from) const {
    const int64_t *size = sizes.const_data_ptr<int64_t>();
    return {states.size(0), states.size(1), size[0], sizes.size(0), size, int64_t(sentences.size()), heads,
            from.size(1), sentences.data(), columns.data(), scale, padded, absa::threads()};
  }
};

std::pair<Tensor, Tensor> run(const Settings &set, const Tensor &states, const Tensor &from, const Tensor &sizes) {
  const auto s = set.shape(states, sizes, from);
  Tensor context = at::empty({s.pairs, s.heads * s.features}, states.options()), saved;
  AT_DISPATCH_FLOATING_TYPES(states.scalar_type(), "attend", [&] {
    saved = pool().tensor(attention_saved<scalar_t>(s), states.scalar_type());
    const Tensor scratch = pool().tensor(attention_scratch<scalar_t>(s), states.scalar_type());
    attention_forward<scalar_t>(s, data<scalar_t>(states), set.given() ? nullptr : data<scalar_t>(from),
                                set.given() ? data<scalar_t>(from) : nullptr, data<scalar_t>(saved),
                                data<scalar_t>(scratch), data<scalar_t>(context));
  });
  return {context, saved};
}

struct Attend : torch::autograd::Function<Attend> {
  static Tensor forward(AutogradContext *ctx, const Tensor &states, const Tensor &from, const Tensor &sizes,
                        const Settings *set) {
    const auto [context, saved] = run(*set, states, from, sizes);
    ctx->save_for_backward({states, from, sizes, saved});
    ctx->saved_data["sentences"] = set->sentences;
    ctx->saved_data["columns"] = set->columns;
    ctx->saved_data["heads"] = set->heads;
    ctx->saved_data["scale"] = set->scale;
    ctx->saved_data["padded"] = set->padded;
    return context;
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grad) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "attend: its gradient cannot be differentiated");
    const variable_list kept = ctx->get_saved_variables();
    const Tensor states = kept[0], from = kept[1], sizes = kept[2], saved = kept[3], context_grad = grad[0].contiguous();
    const Settings set{ctx->saved_data["sentences"].toIntVector(), ctx->saved_data["columns"].toIntVector(),
                       ctx->saved_data["heads"].toInt(), ctx->saved_data["scale"].toDouble(),
                       ctx->saved_data["padded"].toBool()};
    const auto s = set.shape(states, sizes, from);
    variable_list out(4);
    if (ctx->needs_input_grad(0))
      out[0] = at::empty_like(states);
    if (ctx->needs_input_grad(1))
      out[1] = set.given() ? at::zeros_like(from) : at::empty_like(from); // a score may be of no pair, or of two
    AT_DISPATCH_FLOATING_TYPES(states.scalar_type(), "attend", [&] {
      const Tensor scratch = pool().tensor(attention_scratch<scalar_t>(s), states.scalar_type());
      scalar_t *from_grad = data<scalar_t>(out[1]);
      attention_backward<scalar_t>(s, data<scalar_t>(states), set.given() ? nullptr : data<scalar_t>(from),
                                   data<scalar_t>(saved), data<scalar_t>(scratch), data<scalar_t>(context_grad),
                                   data<scalar_t>(out[0]), set.given() ? nullptr : from_grad,
                                   set.given() ? from_grad : nullptr);
    });
    return out;
  }
};

// check refuses what the kernels would read past the end of.
void check(const Settings &set, const Tensor &states, const Tensor &from, const Tensor &sizes) {
  TORCH_CHECK(states.device().is_cpu() && states.dim() == 2 && states.size(0) > 0, "attend: states must be [N,F] on the CPU");
  TORCH_CHECK(sizes.device().is_cpu() && sizes.dim() == 1 && sizes.size(0) > 0 && sizes.is_contiguous() &&
                  sizes.scalar_type() == at::kLong, "attend: batch sizes must be int64 [T] on the CPU");
  const int64_t *size = sizes.const_data_ptr<int64_t>();
  int64_t tokens = 0;
  for (int64_t t = 0; t < sizes.size(0); t++) {
    TORCH_CHECK(size[t] >= 1 && (t == 0 || size[t] <= size[t - 1]), "attend: batch sizes must descend and end above 0");
    tokens += size[t];
  }
  TORCH_CHECK(tokens == states.size(0), "attend: got ", states.size(0), " tokens, and batch sizes of ", tokens);
  TORCH_CHECK(from.dim() == 2 && from.device().is_cpu() && from.scalar_type() == states.scalar_type(),
              "attend: queries or scores are ", from.scalar_type(), " ", from.sizes());
  const int64_t pairs = set.sentences.size();
  for (const int64_t b : set.sentences)
    TORCH_CHECK(b >= 0 && b < size[0], "attend: there is no sentence ", b, " among ", size[0]);
  if (!set.given()) {
    TORCH_CHECK(set.heads > 0 && from.size(0) == pairs && from.size(1) == set.heads * states.size(1),
                "attend: queries are ", from.sizes(), ", want ", pairs, " rows of ", set.heads, " times ", states.size(1));
    return;
  }
  TORCH_CHECK(from.size(0) == tokens, "attend: scores are ", from.sizes(), " for ", tokens, " tokens");
  for (const int64_t c : set.columns)
    TORCH_CHECK(c >= 0 && c < from.size(1), "attend: there is no score ", c, " among ", from.size(1));
}

} // namespace

extern "C" char *absa_attend(absa_tensor states, absa_tensor from, absa_tensor sizes, const int64_t *sentences,
                             const int64_t *columns, int64_t pairs, int64_t heads, double scale, bool padded,
                             absa_tensor *out) {
  return guard([&] {
    const auto tensor = [](absa_tensor t) { return static_cast<Tensor *>(t)->contiguous(); };
    const Tensor h = tensor(states), q = tensor(from), batch = tensor(sizes);
    Settings set{{sentences, sentences + pairs}, {}, heads, scale, padded};
    if (columns)
      set.columns.assign(columns, columns + pairs);
    check(set, h, q, batch);
    const bool record = (h.requires_grad() || q.requires_grad()) && at::GradMode::is_enabled();
    *out = new Tensor(record ? Attend::apply(h, q, batch, &set) : run(set, h, q, batch).first);
  });
}
