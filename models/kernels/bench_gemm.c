/* Matrix products at the shapes the models use, per kernel set, beside OpenBLAS on one core. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base.h"
#include "bench.h"
#include "kernels.h"
#include "model.h"

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

double bench_sgemm_peak(void) { return blas_sgemm_peak_gflops(); }

/* Best GFLOP/s over calls for about `seconds`; kernel NULL means OpenBLAS. */
static double rate(const struct kernels_f32 *kernel, const struct shape *s, const float *a, const float *b, float *c,
                   double seconds) {
    double best = 0, begin = clock_seconds(), flop = 2.0 * (double)s->m * (double)s->n * (double)s->k;
    int calls = (int)(2e7 / flop) + 1;
    do {
        double start = clock_seconds();
        for (int i = 0; i < calls; i++) {
            if (kernel)
                kernel->gemm_nn(s->m, s->n, s->k, a, s->k, b, s->n, c, s->n, false);
            else
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)s->m, (int)s->n, (int)s->k, 1, a, (int)s->k,
                            b, (int)s->n, 0, c, (int)s->n);
        }
        best = fmax(best, flop * calls / (clock_seconds() - start) / 1e9);
    } while (clock_seconds() - begin < seconds);
    return best;
}

int bench_kernels_gemm(const struct bench_options *o, struct bench_list *list) {
    enum { MOST = 512 * 512 };
    float *a = mem_calloc(MOST, sizeof *a), *b = mem_calloc(MOST, sizeof *b), *c = mem_calloc(MOST, sizeof *c);
    int rc = a && b && c ? OK : ERR_NOMEM;
    char selected[16];
    snprintf(selected, sizeof selected, "%s", kernels_selected());
    double peak = rc == OK ? blas_sgemm_peak_gflops() : 0;
    if (rc == OK) {
        fill(a, MOST);
        fill(b, MOST);
        bench_add(list, "sgemm peak, 1 thread", "openblas", peak, "GFLOP/s", 1);
    }
    for (size_t i = 0; rc == OK && i < COUNT_OF(shapes); i++) {
        double value = rate(NULL, &shapes[i], a, b, c, o->seconds / 4);
        bench_add(list, shapes[i].use, "openblas", value, "GFLOP/s", value / peak);
        for (size_t s = 0; rc == OK && kernels_name(s); s++) {
            if (!kernels_supported(s)) continue;
            rc = kernels_select(kernels_name(s));
            if (rc < 0) break;
            value = rate(kernels_active_f32(), &shapes[i], a, b, c, o->seconds / 4);
            bench_add(list, shapes[i].use, kernels_name(s), value, "GFLOP/s", value / peak);
        }
    }
    if (rc == OK) rc = kernels_select(selected);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    return rc;
}
