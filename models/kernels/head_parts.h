/* What one head of self-attention does apart from its products: the same for float32 products (isa_head.c) and bf16 ones
 * (mixed_head.h).
 *
 * Lanes are queries, so that softmax over the keys needs no sum across lanes: E[s, t] = e^(S_ts - max_s S_ts) lies in
 * panels of a few vectors of queries, [panel][s][width], each small enough for the first-level cache. E is kept as it
 * is, with r_t = 1 / Σ_s E[s, t] behind it: A_ts = E[s, t] r_t. Lanes past the last query have r = 0. */
#ifndef GATEWALK_KERNELS_HEAD_PARTS_H
#define GATEWALK_KERNELS_HEAD_PARTS_H

#include <math.h>

#include "isa.h"
#include "simd_math.h"
#include "tile.h"

enum { COLUMNS = TILE_VECTORS * VW };

/* Vectors of the panel that starts at vector `first`: as even as TILE_VECTORS allows. */
VINLINE size_t panel_vectors(size_t steps, size_t first) {
    size_t all = vectors_for(steps), panels = (all + TILE_VECTORS - 1) / TILE_VECTORS;
    size_t even = (all + panels - 1) / panels;
    return all - first < even ? all - first : even;
}

/* A query sees no key after itself. */
VINLINE void mask_later_keys(const struct head_run_f32 *run, size_t first, size_t width, float *e) {
    for (size_t s = first * VW + 1; s < run->steps; s++)
        for (size_t t = 0; t < width && first * VW + t < s; t++) e[s * width + t] = -INFINITY;
}

/* Scores become E, and r is what they have to be multiplied with. `sums`: a vector per key, += E r / T. */
VINLINE void normalise(const struct head_run_f32 *run, size_t first, const size_t vectors, float *e, float *inverse,
                       float *sums) {
    const size_t steps = run->steps;
    const vf share = vset1(1 / (float)steps);
    vf most[TILE_VECTORS], sum[TILE_VECTORS];
    UNROLL
    for (size_t j = 0; j < vectors; j++) most[j] = vset1(-INFINITY), sum[j] = vzero();
    for (size_t s = 0; s < steps; s++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++) most[j] = vmax(most[j], vload(e + (s * vectors + j) * VW));
    }
    for (size_t s = 0; s < steps; s++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++) {
            vf x = exp_below_zero(vsub(vload(e + (s * vectors + j) * VW), most[j]));
            sum[j] = vadd(sum[j], x);
            vstore(e + (s * vectors + j) * VW, x);
        }
    }
    UNROLL
    for (size_t j = 0; j < vectors; j++) {
        size_t t = (first + j) * VW, left = steps - t;
        vf r = vdiv(vset1(1.0f), sum[j]);
        if (left < VW) r = vkeep(r, left);
        vstore(inverse + t, r);
        sum[j] = vmul(r, share);
    }
    for (size_t s = 0; s < steps; s++) {
        vf total = first > 0 ? vload(sums + s * VW) : vzero();
        UNROLL
        for (size_t j = 0; j < vectors; j++) total = vfma(vload(e + (s * vectors + j) * VW), sum[j], total);
        vstore(sums + s * VW, total);
    }
}

/* mean[s] = Σ of the lanes of its vector, VW of them at a time. */
VINLINE void add_lanes(size_t steps, float *sums, float *mean) {
    for (size_t s = 0; s < steps; s += VW) {
        vf r[VW];
        for (size_t i = 0; i < VW; i++) r[i] = vload(sums + (s + i) * VW);
        vtranspose(r);
        for (size_t apart = VW / 2; apart > 0; apart /= 2)
            for (size_t i = 0; i < apart; i++) r[i] = vadd(r[i], r[i + apart]);
        if (steps - s >= VW)
            vstore(mean + s, r[0]);
        else
            vstore_n(mean + s, r[0], steps - s);
    }
}

#define BY_VECTORS(function, ...)                                                                                      \
    switch (vectors) {                                                                                                 \
        VECTORS_CASE(1, function, __VA_ARGS__)                                                                         \
        VECTORS_CASE(2, function, __VA_ARGS__)                                                                         \
        VECTORS_CASES_OVER_2(function, __VA_ARGS__)                                                                    \
    }
#define VECTORS_CASE(n, function, first, ...)                                                                          \
    case n:                                                                                                            \
        function(run, first, n, __VA_ARGS__);                                                                          \
        break;
#if defined(GW_ISA_AVX512)
#define VECTORS_CASES_OVER_2(function, ...)                                                                            \
    VECTORS_CASE(3, function, __VA_ARGS__) VECTORS_CASE(4, function, __VA_ARGS__)
#else
#define VECTORS_CASES_OVER_2(function, ...)
#endif

/* m_t = r_t Σ_s E g_s, and the factor r_t scale / T of dS = E factor (g_s - m_t). */
VINLINE void score_means(const struct head_run_f32 *run, size_t first, const size_t vectors, const float *e,
                         const float *inverse, const float *g, vf *mean, vf *factor) {
    const size_t steps = run->steps;
    const vf share = vset1(run->scale / (float)steps);
    UNROLL
    for (size_t j = 0; j < vectors; j++) mean[j] = vzero();
    for (size_t s = 0; s < steps; s++) {
        const vf gradient = vset1(g[s]);
        UNROLL
        for (size_t j = 0; j < vectors; j++) mean[j] = vfma(vload(e + (s * vectors + j) * VW), gradient, mean[j]);
    }
    UNROLL
    for (size_t j = 0; j < vectors; j++) {
        vf r = vload(inverse + (first + j) * VW);
        mean[j] = vmul(mean[j], r);
        factor[j] = vmul(r, share);
    }
}

#endif
