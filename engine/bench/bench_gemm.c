/* Matrix products at the shapes the models use, per kernel set, beside OpenBLAS, on one core. */
#include <math.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "models/kernels/kernels.h"

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

/* The last set that works here, without OpenBLAS: the fastest of our own. */
static const struct kernels_f32 *fastest(void) {
    const struct kernels_f32 *found = kernels_at(0);
    for (size_t i = 1; kernels_at(i); i++)
        if (!kernels_at(i)->rows_together && gw_kernels_supported(i)) found = kernels_at(i);
    return found;
}

/* NULL where it cannot be loaded. */
static const struct kernels_f32 *openblas(void) {
    for (size_t i = 0; kernels_at(i); i++)
        if (kernels_at(i)->rows_together) return gw_kernels_supported(i) ? kernels_at(i) : NULL;
    return NULL;
}

struct operands {
    float *a, *b, *c;
};

static void multiply(const struct kernels_f32 *kernel, const struct shape *s, const struct operands *x) {
    kernel->large_nn(s->m, s->n, s->k, x->a, s->k, x->b, s->n, x->c, s->n, false);
}

/* Best GFLOP/s over calls for about `seconds`. */
static double rate(const struct kernels_f32 *kernel, const struct shape *s, const struct operands *x, double seconds) {
    double best = 0, begin = clock_seconds(), flop = 2.0 * (double)s->m * (double)s->n * (double)s->k;
    int calls = (int)(2e7 / flop) + 1;
    do {
        double start = clock_seconds();
        for (int i = 0; i < calls; i++) multiply(kernel, s, x);
        best = fmax(best, flop * calls / (clock_seconds() - start) / 1e9);
    } while (clock_seconds() - begin < seconds);
    return best;
}

/* The best of squares of 256 to 2048 on one thread; 0 without a set or without memory. */
static double square_gflops(const struct kernels_f32 *kernel) {
    static const struct {
        size_t n;
        int repeats;
    } sizes[] = {{256, 1000}, {512, 200}, {1024, 20}, {2048, 3}};
    enum { MOST = 2048 * 2048 };
    float *all = kernel ? mem_calloc((size_t)3 * MOST, sizeof *all) : NULL;
    double best = 0;
    if (all == NULL) return 0;
    const struct operands x = {all, all + MOST, all + 2 * MOST};
    for (size_t i = 0; i < MOST; i++) x.a[i] = x.b[i] = (float)(i % 13) - 6;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct shape square = {"", sizes[i].n, sizes[i].n, sizes[i].n};
        const double n = (double)sizes[i].n;
        for (int r = 0; r < sizes[i].repeats; r++) {
            double start = clock_seconds();
            multiply(kernel, &square, &x);
            best = fmax(best, 2e-9 * n * n * n / (clock_seconds() - start));
        }
    }
    mem_free(all);
    return best;
}

/* A BLAS older than the CPU takes the kernels of an older CPU: then our own products are the better measure. */
double bench_sgemm_peak(void) { return fmax(square_gflops(openblas()), square_gflops(fastest())); }

/* Every set, OpenBLAS among them, and the fastest set with products in bf16. */
static void shape_rows(const struct shape *s, const struct operands *x, double seconds, double peak,
                       struct bench_list *list) {
    double value;
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
        double blas = square_gflops(openblas()), own = square_gflops(fastest()), peak = fmax(blas, own);
        fill(x.a, MOST);
        fill(x.b, MOST);
        if (openblas())
            bench_add(list, "squares of 256 to 2048, best", "openblas", blas, "GFLOP/s", blas / peak);
        else
            message("OpenBLAS cannot be loaded, so it is missing beside our own sets (Debian: libopenblas0-pthread)");
        bench_add(list, "squares of 256 to 2048, best", fastest()->name, own, "GFLOP/s", own / peak);
        for (size_t i = 0; i < COUNT_OF(shapes); i++) shape_rows(&shapes[i], &x, o->seconds / 4, peak, list);
    }
    mem_free(x.a);
    mem_free(x.b);
    mem_free(x.c);
    return rc;
}
