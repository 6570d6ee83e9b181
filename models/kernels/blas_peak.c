/* The measure of the machine: what a good BLAS reaches on one core. Nothing but benches calls BLAS. */
#include <cblas.h>

#include "blas_peak.h"
#include "engine/base/base.h"

/* One call of C = A·B by a kernel set or (NULL) by OpenBLAS. */
void bench_multiply(const struct kernels_f32 *kernel, size_t m, size_t n, size_t k, const float *a, const float *b,
                    float *c) {
    if (kernel)
        kernel->large_nn(m, n, k, a, k, b, n, c, n, false);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)n, 0, c,
                    (int)n);
}

int bench_blas_threads(int n) {
    int before = openblas_get_num_threads();
    openblas_set_num_threads(n);
    return before;
}

static double best_seconds(const struct kernels_f32 *kernel, size_t n, int repeats, const float *a, const float *b,
                           float *c) {
    double best = 0;
    for (int r = 0; r < repeats; r++) {
        double start = clock_seconds();
        bench_multiply(kernel, n, n, n, a, b, c);
        double seconds = clock_seconds() - start;
        if (r == 0 || seconds < best) best = seconds;
    }
    return best;
}

double square_product_gflops(const struct kernels_f32 *kernel) {
    static const struct {
        size_t n;
        int repeats;
    } sizes[] = {{256, 1000}, {512, 200}, {1024, 20}, {2048, 3}};
    enum { MOST = 2048 };
    float *a = mem_calloc((size_t)3 * MOST * MOST, sizeof *a);
    if (a == NULL) return 0;
    float *b = a + MOST * MOST, *c = b + MOST * MOST;
    for (size_t i = 0; i < MOST * MOST; i++) a[i] = b[i] = (float)(i % 13) - 6;
    const int threads = bench_blas_threads(1);
    double best = 0;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        double seconds = best_seconds(kernel, sizes[i].n, sizes[i].repeats, a, b, c), n = (double)sizes[i].n;
        if (seconds > 0 && 2e-9 * n * n * n / seconds > best) best = 2e-9 * n * n * n / seconds;
    }
    bench_blas_threads(threads);
    mem_free(a);
    return best;
}
