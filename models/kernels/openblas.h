/* The products of the set "openblas", for tables that take them. Private to models/kernels. */
#ifndef GATEWALK_KERNELS_OPENBLAS_H
#define GATEWALK_KERNELS_OPENBLAS_H

#include "kernels.h"

void gemm_nn_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate);
void gemm_tn_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate);
void gemm_nt_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate);

#define OPENBLAS_PRODUCTS .gemm_nn = gemm_nn_openblas, .gemm_tn = gemm_tn_openblas, .gemm_nt = gemm_nt_openblas

#endif
