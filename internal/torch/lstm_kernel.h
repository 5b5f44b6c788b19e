// The step of an LSTM over a batch without padding, forward and backward, for
// one direction. A kernel knows no tensor and starts no thread; lstm_run.cpp
// drives it.
//
// lstm_kernel_impl.h holds the one source. lstm_portable.cpp, lstm_avx2.cpp and
// lstm_avx512.cpp compile it for their instruction sets.
//
// H units, b rows (sequences that reach the step). The gates are in PyTorch's
// order i, f, g, o: a row of gates is [4H].
#ifndef ABSA_LSTM_KERNEL_H
#define ABSA_LSTM_KERNEL_H

#include <cstddef>
#include <cstdint>

namespace absa {

// lstm_slack is how many elements a kernel may read, never write, past the end
// of gates, bias, cell and tanh_cell.
constexpr int64_t lstm_slack = 16;

// ForwardStep computes, for each row of a step,
//
//   i, f, g, o = σ, σ, tanh, σ of (x W_ihᵀ) + b + h W_hhᵀ
//   c' = f c + i g      h' = o tanh c'
//
// Rows below `going` have a next step, which finds its state in next_hidden and
// next_cell; the state of the others is final.
template <typename T> struct ForwardStep {
  int64_t units, rows, going;
  int64_t gates_stride, state_stride, out_stride; // from a row to the next
  const T *weight;            // W_hh, packed by pack_forward
  const T *bias;              // [4H]
  T *gates;                   // [b,4H]: x W_ihᵀ in, i f g o out if `keep`
  const T *hidden, *cell;     // [b,H]
  T *next_hidden, *next_cell; // [b,H]
  T *last_hidden, *last_cell; // [b,H], rows side by side
  T *tanh_cell;               // [b,H], written if `keep`
  T *out;                     // [b,H] of the states of both directions: h' times the mask
  const T *mask;              // dropout, rows of 2H side by side, or NULL
  bool keep;                  // for a backward pass
};

// BackwardStep computes the gradient of a step's gates before their
// activations. Rows below `linked` have a successor in time, from whose gates'
// gradient comes that of their hidden state; for the others it is last_grad.
template <typename T> struct BackwardStep {
  int64_t units, rows, linked;
  int64_t gates_stride, state_stride, out_stride;
  const T *weight;                   // W_hh, packed by pack_backward
  const T *gates, *cell, *tanh_cell; // as the forward step left them
  const T *next_gates_grad;          // [linked,4H]
  const T *last_grad;                // [b,H] side by side, or NULL for zeros
  const T *out_grad;                 // gradient of out, or NULL for zeros
  const T *mask;                     // as in the forward step
  T *cell_grad;  // [b,H]: of c' in, of c out
  T *gates_grad; // [b,4H]
};

// ScoreStep is additive attention's score of rows of u [n,F], columns `begin` to
// `end`: forward u' = tanh(u + b) and score = u'·q, backward from the gradient
// of the score.
template <typename T> struct ScoreStep {
  int64_t rows, begin, end, stride, score_stride;
  const T *query;    // [F]
  const T *bias;     // [F], forward
  T *u;              // [n,F]: u in, u' out; backward u'
  T *score;          // [n], forward: written; backward: its gradient
  T *u_grad;         // [n,F], written, of u
  T *query_grad;     // [F], written
  T *bias_grad;      // [F], written
};

// Kernel is the source compiled for one instruction set.
template <typename T> struct Kernel {
  int64_t (*packed_forward)(int64_t units);  // elements that pack_forward writes
  int64_t (*packed_backward)(int64_t units); // elements that pack_backward writes
  void (*pack_forward)(int64_t units, const T *weight, T *packed); // of W_hh [4H,H]
  void (*pack_backward)(int64_t units, const T *weight, T *packed);
  void (*forward)(const ForwardStep<T> &);
  void (*backward)(const BackwardStep<T> &);
  // column_sums adds up the rows of x [rows,stride] from column begin to end.
  void (*column_sums)(int64_t rows, int64_t stride, int64_t begin, int64_t end,
                      const T *x, T *sums);
  void (*score_forward)(const ScoreStep<T> &); // all columns
  void (*score_backward)(const ScoreStep<T> &);
};

struct Variant {
  const char *name;
  bool (*runs)(); // on this processor
  Kernel<float> f32;
  Kernel<double> f64;
};

extern const Variant lstm_portable, lstm_avx2, lstm_avx512;

} // namespace absa

#endif
