// A linear map of rows, with a matrix for each group of rows and, cut from it, for
// each head of a row. grouped.cpp makes it an operation of LibTorch.
//
// P rows, those of a group side by side; G groups, n heads. A group's matrix is
// [n·d,F]: its d rows from h·d on are head h's, W. It maps the head's part of a
// row x to W x + b or, transposed, to Wᵀ x.
#ifndef ABSA_GROUPED_RUN_H
#define ABSA_GROUPED_RUN_H

#include <cstdint>

namespace absa {

struct GroupedShape {
  int64_t groups;
  const int64_t *ends; // [G], one past the last row of each group
  int64_t heads, narrow, wide; // n, d, F
  bool transposed;
  int threads;

  int64_t rows(int64_t g) const { return ends[g] - first(g); }
  int64_t first(int64_t g) const { return g ? ends[g - 1] : 0; }
  int64_t in() const { return heads * (transposed ? narrow : wide); }
  int64_t out() const { return heads * (transposed ? wide : narrow); }
};

// grouped_forward computes y [P,out] from x [P,in]. biases, [n·d] each, are NULL
// if transposed.
template <typename T>
void grouped_forward(const GroupedShape &, const T *const *weights, const T *const *biases, const T *x, T *y);

// grouped_backward computes the gradients of weights and biases, zeros for a
// group without rows, and of x unless that is NULL.
template <typename T>
void grouped_backward(const GroupedShape &, const T *const *weights, const T *x, const T *y_grad,
                      T *const *weight_grads, T *const *bias_grads, T *x_grad);

} // namespace absa

#endif
