/* Additive attention over a band: many queries against the same keys.
 *
 * With E_k = e^2k and E_q = e^2q, made once a bar, and r = 1 / (1 + E_k E_q):
 *   tanh(k + q) = 1 - 2r,   1 - tanh² = 4 (r - r²)
 * so a pair of key and query costs one product and one division, and four vectors share the division:
 *   1/a, 1/b, 1/c, 1/d from 1/(ab·cd). Denominators end at 2^30, where tanh is 1 in float32, so that ab·cd is finite. */
#include "simd_math.h"

#include "isa.h"

enum { GROUP = 4 };

void ISA(additive_prepare)(size_t n, const float *in, float *out) {
    const vf most = vset1(40.0f), least = vset1(-40.0f);
    for (size_t i = 0; i < n; i += VW) {
        size_t lanes = n - i < VW ? n - i : VW;
        vf x = vmin(most, vmax(least, vload_n(in + i, lanes)));
        vstore_n(out + i, exp_of(vadd(x, x)), lanes);
    }
}

/* Lanes of vector j of a group whose units reach `n` lanes. */
VINLINE size_t lanes_of(size_t n, size_t j) { return n <= j * VW ? 0 : n - j * VW < VW ? n - j * VW : VW; }

VINLINE void load_group(const float *p, size_t n, const int whole, vf out[GROUP]) {
    UNROLL
    for (size_t j = 0; j < GROUP; j++)
        out[j] = vload_lanes(p + (whole || n > j * VW ? j * VW : 0), lanes_of(n, j), whole);
}

VINLINE void store_group(float *p, size_t n, const int whole, const vf in[GROUP]) {
    UNROLL
    for (size_t j = 0; j < GROUP; j++)
        vstore_lanes(p + (whole || n > j * VW ? j * VW : 0), in[j], lanes_of(n, j), whole);
}

/* r of one key; lanes without a unit give 1/2 or 1, and count for nothing. */
VINLINE void rates(const float *key, const vf query[GROUP], size_t n, const int whole, vf r[GROUP]) {
    const vf one = vset1(1.0f), most = vset1(0x1p30f);
    vf d[GROUP];
    load_group(key, n, whole, d);
    UNROLL
    for (size_t j = 0; j < GROUP; j++) d[j] = vmin(most, vfma(d[j], query[j], one));
    vf ab = vmul(d[0], d[1]), cd = vmul(d[2], d[3]), inverse = vdiv(one, vmul(ab, cd));
    vf of_ab = vmul(inverse, cd), of_cd = vmul(inverse, ab);
    r[0] = vmul(of_ab, d[1]);
    r[1] = vmul(of_ab, d[0]);
    r[2] = vmul(of_cd, d[3]);
    r[3] = vmul(of_cd, d[2]);
}

VINLINE void forward_group(size_t steps, size_t n, const int whole, const float *key, size_t ld, const float *query,
                           const float *v, bool first, float *score) {
    const vf one = vset1(1.0f), two = vset1(2.0f);
    vf q[GROUP], weight[GROUP], r[GROUP];
    load_group(query, n, whole, q);
    load_group(v, n, whole, weight);
    for (size_t s = 0; s < steps; s++, key += ld) {
        rates(key, q, n, whole, r);
        vf sum = vzero();
        UNROLL
        for (size_t j = 0; j < GROUP; j++) sum = vfma(weight[j], vfnma(two, r[j], one), sum);
        score[s] = first ? vsum(sum) : score[s] + vsum(sum);
    }
}

void ISA(additive_band_forward)(size_t steps, size_t units, const float *key, size_t ld, const float *query,
                                const float *v, float *score) {
    for (size_t j = 0; j < units; j += GROUP * VW) {
        if (j + GROUP * VW <= units)
            forward_group(steps, GROUP * VW, 1, key + j, ld, query + j, v + j, j == 0, score);
        else
            forward_group(steps, units - j, 0, key + j, ld, query + j, v + j, j == 0, score);
    }
}

VINLINE void backward_group(size_t steps, size_t n, const int whole, const float *key, size_t ld, const float *query,
                            const float *v, const float *dscore, float *dkey, float *dquery, float *dv) {
    const vf one = vset1(1.0f), two = vset1(2.0f), four = vset1(4.0f);
    vf q[GROUP], weight[GROUP], sum_q[GROUP], sum_v[GROUP], r[GROUP], dk[GROUP];
    load_group(query, n, whole, q);
    load_group(v, n, whole, weight);
    load_group(dquery, n, whole, sum_q);
    load_group(dv, n, whole, sum_v);
    UNROLL
    for (size_t j = 0; j < GROUP; j++) weight[j] = vmul(weight[j], four);
    for (size_t s = 0; s < steps; s++, key += ld, dkey += ld) {
        const vf d = vset1(dscore[s]);
        rates(key, q, n, whole, r);
        load_group(dkey, n, whole, dk);
        UNROLL
        for (size_t j = 0; j < GROUP; j++) {
            vf pre = vmul(vmul(d, weight[j]), vfnma(r[j], r[j], r[j]));
            sum_v[j] = vfma(d, vfnma(two, r[j], one), sum_v[j]);
            sum_q[j] = vadd(sum_q[j], pre);
            dk[j] = vadd(dk[j], pre);
        }
        store_group(dkey, n, whole, dk);
    }
    store_group(dquery, n, whole, sum_q);
    store_group(dv, n, whole, sum_v);
}

void ISA(additive_band_backward)(size_t steps, size_t units, const float *key, size_t ld, const float *query,
                                 const float *v, const float *dscore, float *dkey, float *dquery, float *dv) {
    for (size_t j = 0; j < units; j += GROUP * VW) {
        if (j + GROUP * VW <= units)
            backward_group(steps, GROUP * VW, 1, key + j, ld, query + j, v + j, dscore, dkey + j, dquery + j, dv + j);
        else
            backward_group(steps, units - j, 0, key + j, ld, query + j, v + j, dscore, dkey + j, dquery + j, dv + j);
    }
}
