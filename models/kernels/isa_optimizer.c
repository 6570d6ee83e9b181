/* The optimiser's sweep over the flat parameter block, and the norm it is clipped by. */
#include "isa.h"

struct adam_step {
    vf lr, beta1, beta2, rest1, rest2, eps, decay, inverse1, inverse2, scale;
};

/* m, v: running means of g and g²; w -= lr (m̂ / (sqrt(v̂) + eps) + decay w). */
VINLINE void adam_vector(const struct adam_step *s, float *w, const float *g, float *m, float *v, size_t n,
                         const int whole) {
    vf gradient = vmul(vload_lanes(g, n, whole), s->scale), weight = vload_lanes(w, n, whole);
    vf first = vfma(s->beta1, vload_lanes(m, n, whole), vmul(s->rest1, gradient));
    vf second = vfma(s->beta2, vload_lanes(v, n, whole), vmul(s->rest2, vmul(gradient, gradient)));
    vf root = vadd(vsqrt(vmul(second, s->inverse2)), s->eps);
    vf step = vfma(s->decay, weight, vdiv(vmul(first, s->inverse1), root));
    vstore_lanes(m, first, n, whole);
    vstore_lanes(v, second, n, whole);
    vstore_lanes(w, vfnma(s->lr, step, weight), n, whole);
}

void ISA(adam)(size_t n, float *w, const float *g, float *m, float *v, float lr, float beta1, float beta2, float eps,
               float decay, float bias1, float bias2, float gradient_scale) {
    const struct adam_step s = {.lr = vset1(lr),
                                .beta1 = vset1(beta1),
                                .beta2 = vset1(beta2),
                                .rest1 = vset1(1 - beta1),
                                .rest2 = vset1(1 - beta2),
                                .eps = vset1(eps),
                                .decay = vset1(decay),
                                .inverse1 = vset1(1 / bias1),
                                .inverse2 = vset1(1 / bias2),
                                .scale = vset1(gradient_scale)};
    size_t i = 0;
    for (; i + VW <= n; i += VW) adam_vector(&s, w + i, g + i, m + i, v + i, VW, 1);
    if (i < n) adam_vector(&s, w + i, g + i, m + i, v + i, n - i, 0);
}

/* Eight double sums in the same places on every set, so that clipping sees one norm. */
double ISA(sum_squares)(size_t n, const float *x) {
    double lane[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        UNROLL
        for (size_t j = 0; j < 8; j++) lane[j] += (double)x[i + j] * (double)x[i + j];
    }
    for (size_t j = 0; i + j < n; j++) lane[j] += (double)x[i + j] * (double)x[i + j];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
