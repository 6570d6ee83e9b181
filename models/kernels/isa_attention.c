/* Additive attention (Bahdanau et al. 2014): score[s] = v · tanh(key[s] + query), and its gradient. */
#include "simd_math.h"

#include "isa.h"

void ISA(additive_forward)(size_t steps, size_t units, const float *key, size_t ldk, const float *query, const float *v,
                           float *act, float *score) {
    for (size_t s = 0; s < steps; s++, key += ldk, act += units) {
        vf sum = vzero();
        size_t j = 0;
        for (; j + VW <= units; j += VW) {
            vf t = tanh_of(vadd(vload(key + j), vload(query + j)));
            vstore(act + j, t);
            sum = vfma(t, vload(v + j), sum);
        }
        if (j < units) {
            size_t n = units - j;
            vf t = tanh_of(vadd(vload_n(key + j, n), vload_n(query + j, n)));
            vstore_n(act + j, t, n);
            sum = vfma(t, vload_n(v + j, n), sum);
        }
        score[s] = vsum(sum);
    }
}

/* VW units over all steps: the sums stay in registers. */
VINLINE void backward_units(size_t steps, size_t units, const float *dscore, const float *v, float *act, float *dv,
                            float *dquery, size_t n, const int whole) {
    const vf weight = vload_lanes(v, n, whole), one = vset1(1.0f);
    vf sum_v = vload_lanes(dv, n, whole), sum_q = vload_lanes(dquery, n, whole);
    for (size_t s = 0; s < steps; s++, act += units) {
        vf t = vload_lanes(act, n, whole), d = vset1(dscore[s]);
        vf pre = vmul(vmul(d, weight), vfnma(t, t, one));
        sum_v = vfma(d, t, sum_v);
        sum_q = vadd(sum_q, pre);
        vstore_lanes(act, pre, n, whole);
    }
    vstore_lanes(dv, sum_v, n, whole);
    vstore_lanes(dquery, sum_q, n, whole);
}

void ISA(additive_backward)(size_t steps, size_t units, const float *dscore, const float *v, float *act, float *dv,
                            float *dquery) {
    size_t j = 0;
    for (; j + VW <= units; j += VW) backward_units(steps, units, dscore, v + j, act + j, dv + j, dquery + j, VW, 1);
    if (j < units) backward_units(steps, units, dscore, v + j, act + j, dv + j, dquery + j, units - j, 0);
}
