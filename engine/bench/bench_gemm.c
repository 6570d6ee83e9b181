/* Matrix products at the shapes the models use, per kernel set, beside OpenBLAS, on one core. */
#include <math.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "models/kernels/blas_peak.h"

static const struct shape {
    const char *use;
    size_t m, n, k;
} shapes[] = {
    {"square 512", 512, 512, 512},
    {"recurrent step 256x256x64", 256, 256, 64},
    {"input projection 128x256x66", 128, 256, 66},
    {"attention keys 96x64x64", 96, 64, 64},
    {"queries and keys 96x256x64", 96, 256, 64},
    {"scores 96x96x32", 96, 96, 32},
};

static void fill(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u) % 1000u) / 1000.0f - 0.5f;
}

/* The fastest set this CPU has. */
static const struct kernels_f32 *fastest(void) {
    size_t i = 0;
    while (kernels_at(i + 1) && gw_kernels_supported(i + 1)) i++;
    return kernels_at(i);
}

/* A BLAS older than the CPU takes the kernels of an older CPU: then our own products are the better measure. */
double bench_sgemm_peak(void) { return fmax(square_product_gflops(NULL), square_product_gflops(fastest())); }

struct operands {
    float *a, *b, *c;
};

/* Best GFLOP/s over calls for about `seconds`. */
static double rate(const struct kernels_f32 *kernel, const struct shape *s, const struct operands *x, double seconds) {
    double best = 0, begin = clock_seconds(), flop = 2.0 * (double)s->m * (double)s->n * (double)s->k;
    int calls = (int)(2e7 / flop) + 1;
    do {
        double start = clock_seconds();
        for (int i = 0; i < calls; i++) bench_multiply(kernel, s->m, s->n, s->k, x->a, x->b, x->c);
        best = fmax(best, flop * calls / (clock_seconds() - start) / 1e9);
    } while (clock_seconds() - begin < seconds);
    return best;
}

/* OpenBLAS, every set, and the fastest set with products in bf16. */
static void shape_rows(const struct shape *s, const struct operands *x, double seconds, double peak,
                       struct bench_list *list) {
    double value = rate(NULL, s, x, seconds);
    bench_add(list, s->use, "openblas", value, "GFLOP/s", value / peak);
    for (size_t i = 0; kernels_at(i); i++) {
        if (!gw_kernels_supported(i)) continue;
        value = rate(kernels_at(i), s, x, seconds);
        bench_add(list, s->use, gw_kernels_name(i), value, "GFLOP/s", value / peak);
    }
    value = rate(kernels_mixed_f32(), s, x, seconds);
    bench_add(list, s->use, kernels_mixed_f32()->name, value, "GFLOP/s", value / peak);
}

int bench_run_gemm(const struct bench_options *o, struct bench_list *list) {
    enum { MOST = 512 * 512 };
    struct operands x = {mem_calloc(MOST, sizeof(float)), mem_calloc(MOST, sizeof(float)),
                         mem_calloc(MOST, sizeof(float))};
    int rc = x.a && x.b && x.c ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        double blas = square_product_gflops(NULL), own = square_product_gflops(fastest()), peak = fmax(blas, own);
        fill(x.a, MOST);
        fill(x.b, MOST);
        bench_add(list, "squares of 256 to 2048, best", "openblas", blas, "GFLOP/s", blas / peak);
        bench_add(list, "squares of 256 to 2048, best", fastest()->name, own, "GFLOP/s", own / peak);
        int threads = bench_blas_threads(1);
        for (size_t i = 0; i < COUNT_OF(shapes); i++) shape_rows(&shapes[i], &x, o->seconds / 4, peak, list);
        bench_blas_threads(threads);
    }
    mem_free(x.a);
    mem_free(x.b);
    mem_free(x.c);
    return rc;
}
