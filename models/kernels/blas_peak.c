/* The measure of the machine: what a good BLAS reaches on one core. Nothing else calls BLAS. */
#include "base.h"
#include "kernels.h"

#include <cblas.h>

static double best_seconds(size_t n, int repeats, const float *a, const float *b, float *c) {
    const int size = (int)n;
    double best = 0;
    for (int r = 0; r < repeats; r++) {
        double start = clock_seconds();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a, size, b, size, 0, c, size);
        double seconds = clock_seconds() - start;
        if (r == 0 || seconds < best) best = seconds;
    }
    return best;
}

double blas_sgemm_peak_gflops(void) {
    static const struct {
        size_t n;
        int repeats;
    } sizes[] = {{256, 200}, {512, 40}, {1024, 8}, {2048, 2}};
    enum { MOST = 2048 };
    float *a = mem_calloc((size_t)3 * MOST * MOST, sizeof *a);
    if (a == NULL) return 0;
    float *b = a + MOST * MOST, *c = b + MOST * MOST;
    for (size_t i = 0; i < MOST * MOST; i++) a[i] = b[i] = (float)(i % 13) - 6;
    const int threads = openblas_get_num_threads();
    openblas_set_num_threads(1);
    double best = 0;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        double seconds = best_seconds(sizes[i].n, sizes[i].repeats, a, b, c), n = (double)sizes[i].n;
        if (seconds > 0 && 2e-9 * n * n * n / seconds > best) best = 2e-9 * n * n * n / seconds;
    }
    openblas_set_num_threads(threads);
    mem_free(a);
    return best;
}
