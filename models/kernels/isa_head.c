/* One head of self-attention over one window, forward and backward (equations in kernels.h). */
#include "head_parts.h"

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

/* E becomes dS. */
VINLINE void scores_backward(const struct head_run_f32 *run, size_t first, const size_t vectors, float *e,
                             const float *inverse, const float *g) {
    vf mean[TILE_VECTORS], factor[TILE_VECTORS];
    score_means(run, first, vectors, e, inverse, g, mean, factor);
    for (size_t s = 0; s < run->steps; s++) {
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
