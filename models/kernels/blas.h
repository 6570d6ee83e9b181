/* OpenBLAS, loaded when something first asks for it. A program linked with it would start its threads in every command.
 * Private to models/kernels and the benches. */
#ifndef GATEWALK_KERNELS_BLAS_H
#define GATEWALK_KERNELS_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* Loads it at the first call, from any thread; later calls cost nothing. The environment variable GATEWALK_OPENBLAS
 * names another file than the system's usual ones. One thread a call, whatever OPENBLAS_NUM_THREADS says. */
bool blas_loaded(void);
/* Why it could not be loaded. */
const char *blas_failure(void);
/* Version and CPU kernels, as OpenBLAS names them: what bytes depend on. "" when not loaded. */
const char *blas_build(void);
/* It has no kernels for this kind of CPU and takes its plain loops. */
bool blas_generic(void);

/* C[m×n] = (accumulate ? C : 0) + op(A)·op(B) on the calling thread, row-major; needs blas_loaded(). Same arguments,
 * same bits; but a row's last bits may depend on how many rows are computed with it. */
void blas_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a, size_t lda,
                  const float *b, size_t ldb, float *c, size_t ldc, bool accumulate);

#endif
