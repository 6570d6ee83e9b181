/* One head of self-attention over one window, forward and backward (equations in kernels.h).
 *
 * Lanes are queries, so that softmax over the keys needs no sum across lanes: E[s, t] = e^(S_ts - max_s S_ts) lies in
 * panels of a few vectors of queries, [panel][s][width], each small enough for the first-level cache. E is kept as it
 * is, with r_t = 1 / Σ_s E[s, t] behind it: A_ts = E[s, t] r_t. Lanes past the last query have r = 0. */
#include <math.h>

#include "isa.h"
#include "simd_math.h"
#include "tile.h"

enum { COLUMNS = TILE_VECTORS * VW };

/* Vectors of the panel that starts at vector `first`: as even as TILE_VECTORS allows. */
static size_t panel_vectors(size_t steps, size_t first) {
    size_t all = vectors_for(steps), panels = (all + TILE_VECTORS - 1) / TILE_VECTORS;
    size_t even = (all + panels - 1) / panels;
    return all - first < even ? all - first : even;
}

size_t ISA(head_keep_size)(size_t steps) { return (steps + 1) * vectors_for(steps) * VW; }

/* Forward: packed queries of a panel, and a vector per key for its mean. Backward: all queries and all keys. */
size_t ISA(head_scratch_size)(size_t steps, size_t key_dim) {
    size_t forward = (key_dim * TILE_VECTORS + vectors_for(steps) * VW) * VW;
    size_t backward = 2 * steps * vectors_for(key_dim) * VW;
    return forward > backward ? forward : backward;
}

/* scale * q of a panel of queries as [key_dim][vectors × VW], zero past the last query. */
static void pack_queries(const struct head_run_f32 *run, size_t first, size_t vectors, float *packed) {
    const vf scale = vset1(run->scale);
    for (size_t j = 0; j < vectors; j++) {
        size_t t = (first + j) * VW, rows = run->steps - t < VW ? run->steps - t : VW;
        for (size_t k = 0; k < run->key_dim; k += VW) {
            size_t terms = run->key_dim - k < VW ? run->key_dim - k : VW;
            vf r[VW];
            load_transposed(run->query + t * run->ld + k, run->ld, rows, terms, r);
            for (size_t i = 0; i < terms; i++) vstore(packed + ((k + i) * vectors + j) * VW, vmul(scale, r[i]));
        }
    }
}

/* A query sees no key after itself. */
static void mask_later_keys(const struct head_run_f32 *run, size_t first, size_t width, float *e) {
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
static void add_lanes(size_t steps, float *sums, float *mean) {
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

void ISA(head_forward)(const struct head_run_f32 *run, float *mean) {
    const size_t steps = run->steps, all = vectors_for(steps);
    float *e = run->keep, *inverse = run->keep + steps * all * VW;
    float *packed = run->scratch, *sums = packed + run->key_dim * TILE_VECTORS * VW;
    for (size_t first = 0, vectors; first < all; first += vectors) {
        vectors = panel_vectors(steps, first);
        pack_queries(run, first, vectors, packed);
        struct tile_job job = {.rows = steps,
                               .depth = run->key_dim,
                               .a = run->key,
                               .a_row = run->ld,
                               .a_step = 1,
                               .b = packed,
                               .b_step = vectors * VW,
                               .c = e,
                               .ldc = vectors * VW,
                               .n_vectors = vectors,
                               .last_lanes = VW};
        ISA(tile_multiply)(&job);
        if (run->causal) mask_later_keys(run, first, vectors * VW, e);
        BY_VECTORS(normalise, first, e, inverse, sums)
        e += steps * vectors * VW;
    }
    for (size_t i = steps * VW; i < all * VW * VW; i++) sums[i] = 0;
    add_lanes(steps, sums, mean);
}

/* E becomes dS: with m_t = r_t Σ_s E g_s, dS = E (r_t scale / T) (g_s - m_t). */
VINLINE void scores_backward(const struct head_run_f32 *run, size_t first, const size_t vectors, float *e,
                             const float *inverse, const float *g) {
    const size_t steps = run->steps;
    const vf share = vset1(run->scale / (float)steps);
    vf mean[TILE_VECTORS], factor[TILE_VECTORS];
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
    for (size_t s = 0; s < steps; s++) {
        const vf gradient = vset1(g[s]);
        UNROLL
        for (size_t j = 0; j < vectors; j++) {
            float *at = e + (s * vectors + j) * VW;
            vstore(at, vmul(vmul(vload(at), factor[j]), vsub(gradient, mean[j])));
        }
    }
}

/* Rows as [column panel][row][vectors × VW], zero past the last column: what lies 2D apart among the other heads would
 * meet in few sets of the first-level cache. */
static void pack_rows(const struct head_run_f32 *run, const float *rows, float *packed) {
    for (size_t column = 0; column < run->key_dim; column += COLUMNS) {
        size_t lanes = run->key_dim - column < COLUMNS ? run->key_dim - column : COLUMNS;
        for (size_t i = 0; i < run->steps; i++)
            for (size_t j = 0; j < lanes; j += VW, packed += VW) {
                const float *from = rows + i * run->ld + column + j;
                vstore(packed, lanes - j >= VW ? vload(from) : vload_n(from, lanes - j));
            }
    }
}

/* C = A·B over all columns of packed B; the job says the rest. */
static void multiply_packed(const struct head_run_f32 *run, struct tile_job job, const float *packed, size_t first) {
    float *c = job.c;
    for (size_t column = 0; column < run->key_dim; column += COLUMNS) {
        size_t lanes = run->key_dim - column < COLUMNS ? run->key_dim - column : COLUMNS;
        job.n_vectors = vectors_for(lanes);
        job.last_lanes = lanes - (job.n_vectors - 1) * VW;
        job.b_step = job.n_vectors * VW;
        job.b = packed + first * job.b_step;
        job.c = c + column;
        ISA(tile_multiply)(&job);
        packed += run->steps * job.b_step;
    }
}

void ISA(head_backward)(const struct head_run_f32 *run, const float *g, float *dquery, float *dkey) {
    const size_t steps = run->steps, ld = run->ld, all = vectors_for(steps);
    float *e = run->keep, *queries = run->scratch, *keys = queries + steps * vectors_for(run->key_dim) * VW;
    const float *inverse = run->keep + steps * all * VW;
    pack_rows(run, run->query, queries);
    pack_rows(run, run->key, keys);
    for (size_t first = 0, vectors; first < all; first += vectors) {
        vectors = panel_vectors(steps, first);
        BY_VECTORS(scores_backward, first, e, inverse, g)
        const size_t t = first * VW, width = vectors * VW, n = steps - t < width ? steps - t : width;
        struct tile_job to_query = {
            .rows = n, .depth = steps, .a = e, .a_row = 1, .a_step = width, .c = dquery + t * ld, .ldc = ld};
        struct tile_job to_key = {.rows = steps,
                                  .depth = n,
                                  .a = e,
                                  .a_row = width,
                                  .a_step = 1,
                                  .c = dkey,
                                  .ldc = ld,
                                  .accumulate = first > 0};
        multiply_packed(run, to_query, keys, 0);
        multiply_packed(run, to_key, queries, t);
        e += steps * width;
    }
}
