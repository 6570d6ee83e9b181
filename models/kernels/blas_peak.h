/* What benches need of products. */
#ifndef GATEWALK_KERNELS_BLAS_PEAK_H
#define GATEWALK_KERNELS_BLAS_PEAK_H

#include "kernels.h"

/* C [m×n] = A [m×k] B [k×n] by a kernel set (its large products) or, with NULL, by OpenBLAS. */
void bench_multiply(const struct kernels_f32 *kernel, size_t m, size_t n, size_t k, const float *a, const float *b,
                    float *c);
/* Threads that OpenBLAS may use from now on; returns how many it might before. */
int bench_blas_threads(int n);

#endif
