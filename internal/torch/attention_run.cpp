#include "attention_run.h"

#include "cpu.h"
#include "parallel.h"

#include <cmath>
#include <vector>

namespace absa {
namespace {

// Plan says where the parts of each sentence lie.
struct Plan {
  std::vector<int64_t> pair;   // [P], by sentence
  std::vector<int64_t> first;  // [B+1], of a sentence's pairs in `pair`
  std::vector<int64_t> length; // [B]
  std::vector<int64_t> step;   // [T], the first token of a step
  std::vector<int64_t> kept;   // [B+1], its weights among those saved
  int64_t most = 0;            // rows of one sentence, a head of a pair each
  int64_t parts;

  explicit Plan(const AttentionShape &s)
      : pair(s.pairs), first(s.sequences + 1), length(s.sequences), step(s.steps), kept(s.sequences + 1) {
    for (int64_t t = 0, at = 0; t < s.steps; at += s.batch_sizes[t++]) {
      step[t] = at;
      for (int64_t b = 0; b < s.batch_sizes[t]; b++)
        length[b]++;
    }
    for (int64_t p = 0; p < s.pairs; p++)
      first[s.sentence[p] + 1]++;
    for (int64_t b = 0; b < s.sequences; b++) {
      most = std::max(most, first[b + 1] * s.heads);
      kept[b + 1] = kept[b] + first[b + 1] * s.heads * length[b];
      first[b + 1] += first[b];
    }
    std::vector<int64_t> next(first.begin(), first.end() - 1);
    for (int64_t p = 0; p < s.pairs; p++)
      pair[next[s.sentence[p]]++] = p;
    const double products = double(kept[s.sequences]) * s.features;
    // More parts than threads level out the sentences, where their scratch is small.
    const int64_t most_parts = scratch(s) > 1 << 18 ? s.threads : 4 * s.threads;
    parts = products < 1e5 || s.threads < 2 ? 1 : std::min(s.sequences, most_parts);
  }

  // scratch is how many elements a part needs.
  int64_t scratch(const AttentionShape &s) const {
    return 2 * (s.steps + most) * s.features + most * s.steps;
  }
};

// Scratch is what a part needs, for one sentence at a time.
template <typename T> struct Scratch {
  T *states, *states_grad; // [length,F]
  T *queries, *context;    // [rows,F], or their gradients
  T *scores;               // [rows,length]

  static int64_t elements(const AttentionShape &s, const Plan &plan) {
    return stride<T>(plan.scratch(s));
  }
  Scratch(const AttentionShape &s, const Plan &plan, T *base) {
    states = base;
    states_grad = states + s.steps * s.features;
    queries = states_grad + s.steps * s.features;
    context = queries + plan.most * s.features;
    scores = context + plan.most * s.features;
  }
};

// each_sentence calls f(sentence, scratch), sentences of all lengths in each part.
template <typename T, typename F>
void each_sentence(const AttentionShape &s, const Plan &plan, T *scratch, F f) {
  parallel(plan.parts, [&](int64_t part) {
    const Scratch<T> own(s, plan, scratch + part * Scratch<T>::elements(s, plan));
    for (int64_t b = part; b < s.sequences; b += plan.parts)
      f(b, own);
  });
}

// gather copies the tokens of a sentence from x [N,F], or back into it.
template <typename T>
void gather(const AttentionShape &s, const Plan &plan, int64_t b, const T *x, T *to) {
  for (int64_t t = 0; t < plan.length[b]; t++)
    memcpy(to + t * s.features, x + (plan.step[t] + b) * s.features, s.features * sizeof(T));
}
template <typename T>
void scatter(const AttentionShape &s, const Plan &plan, int64_t b, const T *from, T *x) {
  for (int64_t t = 0; t < plan.length[b]; t++)
    memcpy(x + (plan.step[t] + b) * s.features, from + t * s.features, s.features * sizeof(T));
}

// gather_pairs copies the rows of a sentence's pairs from x [P,n,F], or back.
template <typename T>
void gather_pairs(const AttentionShape &s, const Plan &plan, int64_t b, const T *x, T *to) {
  const int64_t size = s.heads * s.features;
  for (int64_t i = plan.first[b]; i < plan.first[b + 1]; i++, to += size)
    memcpy(to, x + plan.pair[i] * size, size * sizeof(T));
}
template <typename T>
void scatter_pairs(const AttentionShape &s, const Plan &plan, int64_t b, const T *from, T *x) {
  const int64_t size = s.heads * s.features;
  for (int64_t i = plan.first[b]; i < plan.first[b + 1]; i++, from += size)
    memcpy(x + plan.pair[i] * size, from, size * sizeof(T));
}

// each_score calls f(i, place) for each given score of a sentence, number i of
// its weights, with its place in [N,A].
template <typename F> void each_score(const AttentionShape &s, const Plan &plan, int64_t b, F f) {
  for (int64_t i = 0, p = plan.first[b]; p < plan.first[b + 1]; p++)
    for (int64_t t = 0; t < plan.length[b]; t++)
      f(i++, (plan.step[t] + b) * s.columns + s.column[plan.pair[p]]);
}

// softmax normalises n scores x, of which there are `zeros` more that are zero.
template <typename T> void softmax(int64_t n, int64_t zeros, T scale, T *x) {
  T most = zeros > 0 ? 0 : -INFINITY, sum = 0;
  for (int64_t t = 0; t < n; t++)
    most = std::max(most, x[t] *= scale);
  for (int64_t t = 0; t < n; t++)
    sum += x[t] = std::exp(x[t] - most);
  if (zeros > 0) // else most may be low enough for infinity
    sum += T(zeros) * std::exp(-most);
  for (int64_t t = 0; t < n; t++)
    x[t] /= sum;
}

} // namespace

template <typename T> int64_t attention_saved(const AttentionShape &s) { return Plan(s).kept.back(); }

template <typename T> int64_t attention_scratch(const AttentionShape &s) {
  const Plan plan(s);
  return plan.parts * Scratch<T>::elements(s, plan);
}

template <typename T>
void attention_forward(const AttentionShape &s, const T *states, const T *queries, const T *scores, T *saved,
                       T *scratch, T *context) {
  const Plan plan(s);
  const int64_t F = s.features;
  each_sentence(s, plan, scratch, [&](int64_t b, const Scratch<T> &own) {
    const int64_t length = plan.length[b], rows = (plan.first[b + 1] - plan.first[b]) * s.heads;
    if (rows == 0)
      return;
    T *weights = saved + plan.kept[b];
    gather(s, plan, b, states, own.states);
    if (queries) {
      gather_pairs(s, plan, b, queries, own.queries);
      product(false, true, rows, length, F, own.queries, F, own.states, F, T(0), weights, length);
    } else {
      each_score(s, plan, b, [&](int64_t i, int64_t place) { weights[i] = scores[place]; });
    }
    for (int64_t r = 0; r < rows; r++)
      softmax(length, s.padded ? s.steps - length : 0, T(queries ? s.scale : 1), weights + r * length);
    product(false, false, rows, F, length, weights, length, own.states, F, T(0), own.context, F);
    scatter_pairs(s, plan, b, own.context, context);
  });
}

template <typename T>
void attention_backward(const AttentionShape &s, const T *states, const T *queries, const T *saved, T *scratch,
                        const T *context_grad, T *states_grad, T *queries_grad, T *scores_grad) {
  const Plan plan(s);
  const int64_t F = s.features;
  each_sentence(s, plan, scratch, [&](int64_t b, const Scratch<T> &own) {
    const int64_t length = plan.length[b], rows = (plan.first[b + 1] - plan.first[b]) * s.heads;
    if (rows == 0) {
      for (int64_t t = 0; states_grad && t < length; t++)
        memset(states_grad + (plan.step[t] + b) * F, 0, F * sizeof(T));
      return;
    }
    const T *weights = saved + plan.kept[b];
    gather(s, plan, b, states, own.states);
    gather_pairs(s, plan, b, context_grad, own.context);
    // The softmax. Padding has the gradient 0, as its state is 0.
    product(false, true, rows, length, F, own.context, F, own.states, F, T(0), own.scores, length);
    for (int64_t r = 0; r < rows; r++) {
      const T *a = weights + r * length;
      T *grad = own.scores + r * length, mean = 0;
      for (int64_t t = 0; t < length; t++)
        mean += a[t] * grad[t];
      for (int64_t t = 0; t < length; t++)
        grad[t] = a[t] * (grad[t] - mean) * T(queries ? s.scale : 1);
    }
    if (states_grad) {
      product(true, false, length, F, rows, weights, length, own.context, F, T(0), own.states_grad, F);
      if (queries) {
        gather_pairs(s, plan, b, queries, own.queries);
        product(true, false, length, F, rows, own.scores, length, own.queries, F, T(1), own.states_grad, F);
      }
      scatter(s, plan, b, own.states_grad, states_grad);
    }
    if (queries_grad) {
      product(false, false, rows, F, length, own.scores, length, own.states, F, T(0), own.queries, F);
      scatter_pairs(s, plan, b, own.queries, queries_grad);
    } else if (scores_grad) {
      each_score(s, plan, b, [&](int64_t i, int64_t place) { scores_grad[place] += own.scores[i]; });
    }
  });
}

#define ABSA_INSTANTIATE(T)                                                                        \
  template int64_t attention_saved<T>(const AttentionShape &);                                     \
  template int64_t attention_scratch<T>(const AttentionShape &);                                   \
  template void attention_forward<T>(const AttentionShape &, const T *, const T *, const T *, T *, \
                                     T *, T *);                                                    \
  template void attention_backward<T>(const AttentionShape &, const T *, const T *, const T *,     \
                                      T *, const T *, T *, T *, T *);
ABSA_INSTANTIATE(float)
ABSA_INSTANTIATE(double)

} // namespace absa
