/* The measure of the machine: what a good BLAS reaches on one core. Nothing else calls BLAS. */
#include "base.h"
#include "kernels.h"

#include <cblas.h>

double blas_sgemm_gflops(size_t n, int repeats) {
    double best_seconds = 0;
    float *a = mem_calloc(3 * n * n, sizeof *a);
    if (a == NULL) return 0;
    float *b = a + n * n, *c = b + n * n;
    for (size_t i = 0; i < n * n; i++) a[i] = b[i] = (float)(i % 13) - 6;
    const int threads = openblas_get_num_threads(), size = (int)n;
    openblas_set_num_threads(1);
    for (int r = 0; r < repeats; r++) {
        double start = clock_seconds();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a, size, b, size, 0, c, size);
        double seconds = clock_seconds() - start;
        if (r == 0 || seconds < best_seconds) best_seconds = seconds;
    }
    openblas_set_num_threads(threads);
    mem_free(a);
    double flop = 2.0 * (double)n * (double)n * (double)n;
    return best_seconds > 0 ? flop / best_seconds * 1e-9 : 0;
}
