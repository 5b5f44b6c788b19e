// Adam and the moving average over memory, without LibTorch.
#ifndef ABSA_ADAM_RUN_H
#define ABSA_ADAM_RUN_H

#include <cstdint>
#include <vector>

namespace absa {

// AdamTensor is a parameter of n values with what belongs to it.
struct AdamTensor {
  float *value;
  const float *grad; // NULL leaves the value as it is
  float *mean;       // exp_avg
  float *square;     // exp_avg_sq
  float *average;    // of the value; NULL for none
  int64_t n;
  double step; // that this update is, from 1
};

struct AdamSettings {
  bool decoupled;
  double lr, beta1, beta2, eps, decay;
  double scale;  // of the gradients
  double weight; // of the new value in the average
};

// sum_of_squares is that of all gradients. It is taken over fixed blocks whose sums
// are added in order, in double: it depends neither on threads nor on the processor.
double sum_of_squares(const std::vector<AdamTensor> &tensors, int64_t threads);

// adam updates values, moments and averages in one pass over each.
void adam(const std::vector<AdamTensor> &tensors, const AdamSettings &settings, int64_t threads);

} // namespace absa

#endif
