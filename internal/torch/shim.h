// What gotch's C binding lacks. A tensor is a pointer to a torch::Tensor, as
// in gotch, so handles pass between the two freely. No C++ exception leaves a
// function of this file: one that can fail returns NULL, or the message of the
// error in memory that the caller frees.
#ifndef ABSA_TORCH_SHIM_H
#define ABSA_TORCH_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *absa_tensor;

const char *absa_version(void);

char *absa_open_library(const char *name);
int absa_cuda_devices(void);

void absa_set_threads(int threads);
int absa_threads(void);
void absa_set_aten_threads(int threads);
void absa_flush_denormals(bool on);
void absa_release_threads(void);
void absa_keep_memory(void);

void absa_set_grad_mode(bool enabled);
char *absa_seed(uint64_t seed);
char *absa_rng_state(int device, absa_tensor *out);
char *absa_set_rng_state(int device, absa_tensor state);

char *absa_copy_from_host(absa_tensor dst, const void *src, int64_t bytes);
// All values of n tensors of one device, one after the other, and how many.
int64_t absa_elements(absa_tensor *tensors, int n);
char *absa_read(absa_tensor *tensors, int n, double *out);

// Zeros of the shapes of like, or scalars, in one buffer; and parameters moved
// into one.
char *absa_flat(absa_tensor *like, int n, bool scalars, absa_tensor *out);
char *absa_flatten(absa_tensor *params, int n);

char *absa_zero_grad(absa_tensor *params, int n);
char *absa_swap_data(absa_tensor *a, absa_tensor *b, int n);
char *absa_grad_norm(absa_tensor *params, int n, absa_tensor *out);
char *absa_grad_max(absa_tensor *params, int n, double *max_of);

// Updates the parameters that have a gradient, drops the gradients, and moves
// the averages, if there are any, towards all of them.
typedef struct {
  bool decoupled;
  double lr, beta1, beta2, eps, decay;
  double scale;  // of the gradients
  double weight; // of the parameters in the averages
} absa_adam_settings;
char *absa_adam(absa_tensor *params, absa_tensor *means, absa_tensor *squares,
                absa_tensor *steps, absa_tensor *averages, int n,
                const absa_adam_settings *settings);

// Weighted cross-entropy of logits [..,C], a scalar.
char *absa_cross_entropy(absa_tensor logits, absa_tensor targets,
                         absa_tensor weights, absa_tensor *out);

// The LSTM of lstm.cpp: tokens [N,in] and batch sizes [T] to three tensors in
// out: states [N,2H], last states and last cells [2·layers,B,H]. h0 and c0 may
// be NULL for zeros.
char *absa_lstm(absa_tensor x, absa_tensor sizes, absa_tensor h0,
                absa_tensor c0, absa_tensor *weights, int64_t layers,
                int64_t units, double dropout, absa_tensor *out);
// Scores [N,A] of tokens [N,D]; weights are, for each aspect, [F,D], [F] and
// [1,F].
char *absa_additive_scores(absa_tensor h, absa_tensor *weights, int64_t aspects,
                           absa_tensor *out);

// The kernels of both, by instruction set.
const char *absa_lstm_variant(void);
bool absa_lstm_use(const char *variant);

#ifdef __cplusplus
}
#endif
#endif
