#include "lstm_run.h"

#include "cpu.h"
#include "parallel.h"

namespace absa {
namespace {

// A step is cut among threads by sequences and a product by rows, never finer
// than this.
constexpr int64_t least_sequences = 8, least_rows = 32;

// Arena hands out parts of a buffer, each aligned to 64 bytes and followed by
// lstm_slack elements.
template <typename T> struct Arena {
  T *base = nullptr; // NULL to count only
  int64_t used = 0;

  T *take(int64_t n) {
    constexpr int64_t unit = 64 / sizeof(T);
    T *p = base ? base + used : nullptr;
    used += (n + lstm_slack + unit - 1) / unit * unit;
    return p;
  }
};

// Saved is what the forward pass computes for one layer and direction. Row n of
// hidden and cell is the state before token n.
template <typename T> struct Saved {
  T *gates, *hidden, *cell, *tanh_cell; // [N,4H] [N,H] [N,H] [N,H]
};

template <typename T> struct Layer {
  Saved<T> direction[2];
  T *out; // [N,2H], what the next layer reads; of the last layer the caller's
};

// layer takes the buffers of a layer from the arena. Without training all layers
// but for their outputs use the same.
template <typename T> Layer<T> layer(const LstmShape &s, Arena<T> &a, bool train, bool last) {
  Layer<T> l;
  const int64_t n = s.tokens, h = s.units;
  for (auto &d : l.direction) {
    d.gates = a.take(n * stride<T>(4 * h));
    d.hidden = a.take(n * stride<T>(h));
    d.cell = a.take(n * stride<T>(h));
    d.tanh_cell = train ? a.take(n * stride<T>(h)) : nullptr;
  }
  l.out = last ? nullptr : a.take(n * stride<T>(2 * h));
  return l;
}

template <typename T> Layer<T> layer_at(const LstmShape &s, Arena<T> &a, bool train, int64_t at) {
  const bool last = at + 1 == s.layers;
  if (train)
    return layer(s, a, true, last);
  // Two sets by turns: a layer reads the output of the one before.
  Arena<T> own = a;
  Layer<T> even = layer(s, own, false, false), odd = even;
  odd.out = own.take(s.tokens * stride<T>(2 * s.units));
  return at % 2 ? odd : even;
}

template <typename T> struct Scratch {
  T *weight[2], *bias[2]; // W_hh packed, both biases added up
  T *gates_grad[2];       // [N,4H]
  T *cell_grad[2];        // [B,H]
  T *out_grad[2];         // [N,2H], of this layer and of the one below
};

template <typename T> Scratch<T> scratch_of(const LstmShape &s, Arena<T> &a, bool backward) {
  Scratch<T> x = {};
  const int64_t n = s.tokens, h = s.units;
  for (int d = 0; d < 2; d++) {
    x.weight[d] = a.take(std::max(kernel<T>().packed_forward(h), kernel<T>().packed_backward(h)));
    x.bias[d] = a.take(4 * h);
    if (backward) {
      x.gates_grad[d] = a.take(n * stride<T>(4 * h));
      x.cell_grad[d] = a.take(s.sequences * stride<T>(h));
      x.out_grad[d] = s.layers > 1 ? a.take(n * stride<T>(2 * h)) : nullptr;
    }
  }
  return x;
}

// Division is how the work of a pass becomes parts.
class Division {
  int64_t threads;

public:
  // Small batches stay on one thread, where a region costs more than it brings.
  explicit Division(const LstmShape &s) {
    const double products = double(s.tokens) * s.units * (s.units + s.width(s.layers - 1));
    threads = products * s.layers < 2e5 ? 1 : std::max(1, s.threads);
  }

  // chunks is into how many ranges n rows of a product go.
  int64_t chunks(int64_t n) const { return std::clamp(n / least_rows, int64_t(1), threads); }

  template <typename F> void run(int64_t parts, const F &f) const {
    if (threads > 1)
      return parallel(parts, f);
    parallel(1, [&](int64_t) {
      for (int64_t part = 0; part < parts; part++)
        f(part);
    });
  }

  // steps calls f(direction, first sequence, end) for ranges of the sequences.
  template <typename F> void steps(const LstmShape &s, const F &f) const {
    const int64_t ranges = std::clamp(s.sequences / least_sequences, int64_t(1), std::max(int64_t(1), threads / 2));
    run(2 * ranges, [&](int64_t part) {
      const Share share{part / 2, ranges};
      f(int(part % 2), share.begin(s.sequences), share.end(s.sequences));
    });
  }
};

// copy_rows copies rows of n elements, zeros for NULL.
template <typename T>
void copy_rows(int64_t rows, int64_t n, const T *from, int64_t from_stride, T *to, int64_t to_stride) {
  for (int64_t r = 0; r < rows; r++)
    if (from)
      memcpy(to + r * to_stride, from + r * from_stride, n * sizeof(T));
    else
      memset(to + r * to_stride, 0, n * sizeof(T));
}

// Step is where the rows of a range of sequences lie in a step.
struct Step {
  int64_t t, at, next_at; // at: first token
  int64_t rows, linked;   // linked: also in the step before, as the direction reads
  int64_t going;          // also in the step after
};

// each_step calls f for every step that a direction reads, in its order or
// against it, as far as sequences from `begin` to `end` have one.
template <typename F>
void each_step(const LstmShape &s, bool ascending, int64_t begin, int64_t end, F f) {
  const auto rows = [&](int64_t t) {
    return t < 0 || t >= s.steps ? 0 : std::max(int64_t(0), std::min(s.batch_sizes[t], end) - begin);
  };
  int64_t at = ascending ? 0 : s.tokens;
  for (int64_t i = 0; i < s.steps; i++) {
    const int64_t t = ascending ? i : s.steps - 1 - i;
    if (!ascending)
      at -= s.batch_sizes[t];
    int64_t next_at = at;
    if (ascending)
      next_at += s.batch_sizes[t];
    else if (t > 0)
      next_at -= s.batch_sizes[t - 1];
    const int64_t before = rows(ascending ? t - 1 : t + 1), after = rows(ascending ? t + 1 : t - 1);
    if (rows(t) > 0)
      f(Step{t, at + begin, next_at + begin, rows(t), std::min(rows(t), before), std::min(rows(t), after)});
    if (ascending)
      at = next_at;
  }
}

// forward_direction runs over the steps for the sequences from `begin` to `end`.
template <typename T>
void forward_direction(const LstmShape &s, const Saved<T> &l, const Scratch<T> &x, int d,
                       int64_t begin, int64_t end, const T *hidden, const T *cell, const T *mask,
                       bool train, T *out, int64_t out_stride, T *last_hidden, T *last_cell) {
  const int64_t H = s.units;
  ForwardStep<T> f = {};
  f.units = H;
  f.gates_stride = stride<T>(4 * H);
  f.state_stride = stride<T>(H);
  f.out_stride = out_stride;
  f.weight = x.weight[d];
  f.bias = x.bias[d];
  f.last_hidden = last_hidden + begin * H;
  f.last_cell = last_cell + begin * H;
  f.keep = train;
  each_step(s, d == 0, begin, end, [&](const Step &step) {
    f.rows = step.rows;
    f.going = step.going;
    const int64_t first = begin + step.linked, to = (step.at + step.linked) * f.state_stride;
    copy_rows(f.rows - step.linked, H, hidden + first * H, H, l.hidden + to, f.state_stride);
    copy_rows(f.rows - step.linked, H, cell + first * H, H, l.cell + to, f.state_stride);
    f.gates = l.gates + step.at * f.gates_stride;
    f.hidden = l.hidden + step.at * f.state_stride;
    f.cell = l.cell + step.at * f.state_stride;
    f.next_hidden = l.hidden + step.next_at * f.state_stride;
    f.next_cell = l.cell + step.next_at * f.state_stride;
    f.tanh_cell = train ? l.tanh_cell + step.at * f.state_stride : nullptr;
    f.out = out + step.at * out_stride + d * H;
    f.mask = mask ? mask + step.at * 2 * H + d * H : nullptr;
    kernel<T>().forward(f);
  });
}

// backward_direction runs over the steps the other way round.
template <typename T>
void backward_direction(const LstmShape &s, const Saved<T> &l, const Scratch<T> &x, int d,
                        int64_t begin, int64_t end, const T *mask, const T *out_grad,
                        int64_t out_stride, const T *last_hidden_grad) {
  const int64_t H = s.units;
  BackwardStep<T> b = {};
  b.units = H;
  b.gates_stride = stride<T>(4 * H);
  b.state_stride = stride<T>(H);
  b.out_stride = out_stride;
  b.weight = x.weight[d];
  b.last_grad = last_hidden_grad ? last_hidden_grad + begin * H : nullptr;
  b.cell_grad = x.cell_grad[d] + begin * b.state_stride;
  int64_t before = 0; // first token of the step done last
  each_step(s, d == 1, begin, end, [&](const Step &step) {
    b.rows = step.rows;
    b.linked = step.linked;
    b.gates = l.gates + step.at * b.gates_stride;
    b.cell = l.cell + step.at * b.state_stride;
    b.tanh_cell = l.tanh_cell + step.at * b.state_stride;
    b.next_gates_grad = x.gates_grad[d] + before * b.gates_stride;
    b.gates_grad = x.gates_grad[d] + step.at * b.gates_stride;
    b.out_grad = out_grad ? out_grad + step.at * out_stride + d * H : nullptr;
    b.mask = mask ? mask + step.at * 2 * H + d * H : nullptr;
    kernel<T>().backward(b);
    before = step.at;
  });
}

// first_token calls f(sequence, token) with the token that a direction reads
// first, of each sequence.
template <typename F> void first_token(const LstmShape &s, int d, F f) {
  if (d == 0) {
    for (int64_t i = 0; i < s.sequences; i++)
      f(i, i);
    return;
  }
  for (int64_t t = 0, at = 0; t < s.steps; at += s.batch_sizes[t++])
    for (int64_t i = t + 1 < s.steps ? s.batch_sizes[t + 1] : 0; i < s.batch_sizes[t]; i++)
      f(i, at + i);
}

} // namespace

template <typename T> int64_t lstm_saved(const LstmShape &s, bool train) {
  Arena<T> a;
  if (!train) {
    layer(s, a, false, false);
    a.take(s.tokens * stride<T>(2 * s.units));
    return a.used;
  }
  for (int64_t l = 0; l < s.layers; l++)
    layer_at(s, a, true, l);
  return a.used;
}

template <typename T> int64_t lstm_scratch(const LstmShape &s, bool backward) {
  Arena<T> a;
  scratch_of(s, a, backward);
  return a.used;
}

template <typename T>
void lstm_forward(const LstmShape &s, const LstmWeights<T> *weights, const T *x, const T *hidden,
                  const T *cell, const T *const *masks, bool train, T *saved, T *scratch, T *out,
                  T *last_hidden, T *last_cell) {
  const int64_t N = s.tokens, H = s.units, states = s.sequences * H;
  const int64_t gates = stride<T>(4 * H), between = stride<T>(2 * H);
  const Division division(s);
  const Kernel<T> &k = kernel<T>();
  Arena<T> saves{saved}, temporary{scratch};
  const Scratch<T> tmp = scratch_of(s, temporary, false);
  const T *in = x;
  int64_t in_stride = s.inputs;
  for (int64_t l = 0; l < s.layers; l++) {
    const Layer<T> own = layer_at(s, saves, train, l);
    const int64_t width = s.width(l), chunks = division.chunks(N);
    division.run(2 * chunks + 2, [&](int64_t part) {
      const int64_t d = part % 2;
      const LstmWeights<T> &w = weights[2 * l + d];
      if (part < 2 * chunks) {
        const Share share{part / 2, chunks};
        const int64_t begin = share.begin(N);
        product(false, true, share.end(N) - begin, 4 * H, width, in + begin * in_stride, in_stride,
                w.input, width, T(0), own.direction[d].gates + begin * gates, gates);
        return;
      }
      k.pack_forward(H, w.hidden, tmp.weight[d]);
      for (int64_t i = 0; i < 4 * H; i++)
        tmp.bias[d][i] = w.input_bias[i] + w.hidden_bias[i];
    });
    const bool last = l + 1 == s.layers;
    T *y = last ? out : own.out;
    const int64_t y_stride = last ? 2 * H : between;
    division.steps(s, [&](int d, int64_t begin, int64_t end) {
      const int64_t at = (2 * l + d) * states;
      forward_direction(s, own.direction[d], tmp, d, begin, end, hidden + at, cell + at,
                        masks && !last ? masks[l] : nullptr, train, y, y_stride, last_hidden + at,
                        last_cell + at);
    });
    in = y;
    in_stride = y_stride;
  }
}

template <typename T>
void lstm_backward(const LstmShape &s, const LstmWeights<T> *weights, const T *x,
                   const T *const *masks, const T *saved, T *scratch, const T *out_grad,
                   const T *last_hidden_grad, const T *last_cell_grad, const LstmGrads<T> *grads,
                   T *x_grad, T *hidden_grad, T *cell_grad) {
  const int64_t N = s.tokens, H = s.units, states = s.sequences * H;
  const int64_t gates = stride<T>(4 * H), state = stride<T>(H), between = stride<T>(2 * H);
  const Division division(s);
  const Kernel<T> &k = kernel<T>();
  Arena<T> temporary{scratch};
  const Scratch<T> tmp = scratch_of(s, temporary, true);

  // open readies the buffers of both directions for a layer, close takes out what
  // is left in them.
  const auto open = [&](int64_t l, int64_t d) {
    const int64_t at = (2 * l + d) * states;
    k.pack_backward(H, weights[2 * l + d].hidden, tmp.weight[d]);
    copy_rows(s.sequences, H, last_cell_grad ? last_cell_grad + at : nullptr, H, tmp.cell_grad[d], state);
  };
  const auto close = [&](int64_t l, int64_t d) {
    const int64_t at = (2 * l + d) * states;
    if (cell_grad)
      copy_rows(s.sequences, H, tmp.cell_grad[d], state, cell_grad + at, H);
    if (hidden_grad)
      first_token(s, d, [&](int64_t sequence, int64_t token) {
        product(false, false, int64_t(1), H, 4 * H, tmp.gates_grad[d] + token * gates, gates,
                weights[2 * l + d].hidden, H, T(0), hidden_grad + at + sequence * H, H);
      });
  };

  const T *y_grad = out_grad;
  int64_t y_stride = 2 * H;
  division.run(2, [&](int64_t d) { open(s.layers - 1, d); });
  for (int64_t l = s.layers - 1; l >= 0; l--) {
    Arena<T> saves{const_cast<T *>(saved)}; // read only
    Layer<T> below = {}, own = {};
    for (int64_t i = 0; i <= l; i++) {
      below = own;
      own = layer_at(s, saves, true, i);
    }
    const T *in = l > 0 ? below.out : x;
    T *in_grad = l > 0 ? tmp.out_grad[l % 2] : x_grad;
    const int64_t in_stride = l > 0 ? between : s.inputs;
    const int64_t width = s.width(l);

    division.steps(s, [&](int d, int64_t begin, int64_t end) {
      backward_direction(s, own.direction[d], tmp, d, begin, end,
                         masks && l + 1 < s.layers ? masks[l] : nullptr, y_grad, y_stride,
                         last_hidden_grad ? last_hidden_grad + (2 * l + d) * states : nullptr);
    });

    // The gradients of what the layer read, of the weights by rows, and the turn
    // to the layer below.
    const int64_t of_in = in_grad ? division.chunks(N) : 0, of_weights = 2 * division.chunks(4 * H);
    division.run(of_in + of_weights + 2, [&](int64_t part) {
      if (part < of_in) {
        const Share share{part, of_in};
        const int64_t begin = share.begin(N);
        for (int64_t d = 0; d < 2; d++)
          product(false, false, share.end(N) - begin, width, 4 * H, tmp.gates_grad[d] + begin * gates,
                  gates, weights[2 * l + d].input, width, T(d), in_grad + begin * in_stride, in_stride);
        return;
      }
      part -= of_in;
      const int64_t d = part % 2;
      if (part < of_weights) {
        const LstmGrads<T> &g = grads[2 * l + d];
        const Share share{part / 2, of_weights / 2};
        const int64_t begin = share.begin(4 * H), rows = share.end(4 * H) - begin;
        const T *from = tmp.gates_grad[d] + begin;
        product(true, false, rows, width, N, from, gates, in, in_stride, T(0), g.input + begin * width, width);
        product(true, false, rows, H, N, from, gates, own.direction[d].hidden, state, T(0),
                g.hidden + begin * H, H);
        k.column_sums(N, gates, begin, begin + rows, tmp.gates_grad[d], g.bias);
        return;
      }
      close(l, d);
      if (l > 0)
        open(l - 1, d);
    });
    y_grad = in_grad;
    y_stride = in_stride;
  }
}

#define ABSA_INSTANTIATE(T)                                                                       \
  template int64_t lstm_saved<T>(const LstmShape &, bool);                                        \
  template int64_t lstm_scratch<T>(const LstmShape &, bool);                                      \
  template void lstm_forward<T>(const LstmShape &, const LstmWeights<T> *, const T *, const T *,  \
                                const T *, const T *const *, bool, T *, T *, T *, T *, T *);      \
  template void lstm_backward<T>(const LstmShape &, const LstmWeights<T> *, const T *,            \
                                 const T *const *, const T *, T *, const T *, const T *,          \
                                 const T *, const LstmGrads<T> *, T *, T *, T *);
ABSA_INSTANTIATE(float)
ABSA_INSTANTIATE(double)

} // namespace absa
