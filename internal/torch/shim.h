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
char *absa_zero_grad(absa_tensor *params, int n);
char *absa_swap_data(absa_tensor *a, absa_tensor *b, int n);
char *absa_grad_norm(absa_tensor *params, int n, double *norm);
char *absa_grad_max(absa_tensor *params, int n, double *max_of);
char *absa_scale_grads(absa_tensor *params, int n, double factor);
char *absa_lerp(absa_tensor *shadow, absa_tensor *params, int n, double weight);
char *absa_adam(absa_tensor *params, absa_tensor *exp_avgs,
                absa_tensor *exp_avg_sqs, absa_tensor *steps, int n,
                bool decoupled, double lr, double beta1, double beta2,
                double eps, double weight_decay);

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
