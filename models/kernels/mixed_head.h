/* One head of self-attention with bf16 products: queries, keys and dS are rounded, softmax is float32 (see
 * head_parts.h). */

/* Forward: packed queries of a panel, sums, rounded keys. Backward: pairs of keys and of queries over time for every
 * column, and dS of a panel twice, paired over keys and over queries. */
static size_t MIXED(head_scratch_size)(size_t steps, size_t key_dim) {
    size_t pairs = (key_dim + 1) / 2, halves = (steps + 1) / 2, padded = vectors_for(key_dim) * VW;
    size_t forward = pairs * COLUMNS + vectors_for(steps) * VW * VW + steps * pairs;
    size_t backward = 2 * halves * padded + 2 * halves * COLUMNS;
    return forward > backward ? forward : backward;
}

/* ---- forward ------------------------------------------------------------------------------ */

static void MIXED(pack_queries)(const struct head_run_f32 *run, size_t first, size_t vectors, uint32_t *packed) {
    const vf scale = vset1(run->scale);
    for (size_t j = 0; j < vectors; j++) {
        size_t t = (first + j) * VW, rows = run->steps - t < VW ? run->steps - t : VW;
        for (size_t k = 0; k < run->key_dim; k += VW) {
            size_t terms = run->key_dim - k < VW ? run->key_dim - k : VW;
            vf r[VW];
            load_transposed(run->query + t * run->ld + k, run->ld, rows, terms, r);
            for (size_t i = 0; i < terms; i += 2)
                vp_store(packed + ((k + i) / 2 * vectors + j) * VW, PAIR_OF(vmul(scale, r[i]), vmul(scale, r[i + 1])));
        }
    }
}

static void MIXED(head_forward)(const struct head_run_f32 *run, float *mean) {
    const size_t steps = run->steps, all = vectors_for(steps), pairs = (run->key_dim + 1) / 2;
    float *e = run->keep, *inverse = run->keep + steps * all * VW, *sums = run->scratch;
    uint32_t *packed = (uint32_t *)(void *)(sums + all * VW * VW), *keys = packed + pairs * COLUMNS;
    MIXED(pack_rows)(run->key, run->ld, steps, run->key_dim, keys);
    for (size_t first = 0, vectors; first < all; first += vectors) {
        vectors = panel_vectors(steps, first);
        MIXED(pack_queries)(run, first, vectors, packed);
        struct MIXED(job) job = {.rows = steps,
                                 .depth = pairs,
                                 .a = keys,
                                 .a_row = pairs,
                                 .a_step = 1,
                                 .b = packed,
                                 .b_step = vectors * VW,
                                 .c = e,
                                 .ldc = vectors * VW,
                                 .n_vectors = vectors,
                                 .last_lanes = VW};
        MIXED(multiply)(&job);
        if (run->causal) mask_later_keys(run, first, vectors * VW, e);
        BY_VECTORS(normalise, first, e, inverse, sums)
        e += steps * vectors * VW;
    }
    for (size_t i = steps * VW; i < all * VW * VW; i++) sums[i] = 0;
    add_lanes(steps, sums, mean);
}

/* ---- backward ----------------------------------------------------------------------------- */

/* dS as pairs of keys [pair][t] and as pairs of queries [s][pair]. */
VINLINE void MIXED(scores_backward)(const struct head_run_f32 *run, size_t first, const size_t vectors, const float *e,
                                    const float *inverse, const float *g, uint32_t *by_keys, uint32_t *by_queries) {
    const size_t width = vectors * VW;
    vf mean[TILE_VECTORS], factor[TILE_VECTORS];
    score_means(run, first, vectors, e, inverse, g, mean, factor);
    for (size_t s = 0; s < run->steps; s += 2, by_keys += width, by_queries += width) {
        const bool two = s + 1 < run->steps;
        const vf g0 = vset1(g[s]), g1 = vset1(two ? g[s + 1] : 0);
        uint16_t *halves = (uint16_t *)(void *)by_queries;
        UNROLL
        for (size_t j = 0; j < vectors; j++) {
            const float *at = e + s * width + j * VW;
            vf d0 = vmul(vmul(vload(at), factor[j]), vsub(g0, mean[j])), d1 = vzero();
            if (two) d1 = vmul(vmul(vload(at + width), factor[j]), vsub(g1, mean[j]));
            vp_store(by_keys + j * VW, PAIR_OF(d0, d1));
            PAIR_FIRSTS(halves + j * VW, d0, VW);
            PAIR_FIRSTS(halves + width + j * VW, d1, VW);
        }
    }
}

/* Pairs of rows as [column panel][pair][vectors × VW]. */
static void MIXED(pack_columns)(const struct head_run_f32 *run, const float *rows, uint32_t *packed) {
    for (size_t column = 0; column < run->key_dim; column += COLUMNS) {
        size_t lanes = run->key_dim - column < COLUMNS ? run->key_dim - column : COLUMNS;
        MIXED(pack_terms)(rows + column, run->ld, run->steps, lanes, packed);
        packed += (run->steps + 1) / 2 * vectors_for(lanes) * VW;
    }
}

static void MIXED(multiply_packed)(const struct head_run_f32 *run, struct MIXED(job) job, const uint32_t *packed,
                                   size_t first_pair) {
    float *c = job.c;
    for (size_t column = 0; column < run->key_dim; column += COLUMNS) {
        size_t lanes = run->key_dim - column < COLUMNS ? run->key_dim - column : COLUMNS;
        job.n_vectors = vectors_for(lanes);
        job.last_lanes = lanes - (job.n_vectors - 1) * VW;
        job.b_step = job.n_vectors * VW;
        job.b = packed + first_pair * job.b_step;
        job.c = c + column;
        MIXED(multiply)(&job);
        packed += (run->steps + 1) / 2 * job.b_step;
    }
}

static void MIXED(head_backward)(const struct head_run_f32 *run, const float *g, float *dquery, float *dkey) {
    const size_t steps = run->steps, ld = run->ld, all = vectors_for(steps), halves = (steps + 1) / 2;
    const size_t padded = vectors_for(run->key_dim) * VW;
    const float *e = run->keep, *inverse = run->keep + steps * all * VW;
    uint32_t *queries = (uint32_t *)(void *)run->scratch, *keys = queries + halves * padded;
    uint32_t *by_keys = keys + halves * padded, *by_queries = by_keys + halves * COLUMNS;
    MIXED(pack_columns)(run, run->query, queries);
    MIXED(pack_columns)(run, run->key, keys);
    for (size_t first = 0, vectors; first < all; first += vectors) {
        vectors = panel_vectors(steps, first);
        BY_VECTORS(MIXED(scores_backward), first, e, inverse, g, by_keys, by_queries)
        const size_t t = first * VW, width = vectors * VW, n = steps - t < width ? steps - t : width;
        struct MIXED(job) to_query = {
            .rows = n, .depth = halves, .a = by_keys, .a_row = 1, .a_step = width, .c = dquery + t * ld, .ldc = ld};
        struct MIXED(job) to_key = {.rows = steps,
                                    .depth = (n + 1) / 2,
                                    .a = by_queries,
                                    .a_row = width / 2,
                                    .a_step = 1,
                                    .c = dkey,
                                    .ldc = ld,
                                    .accumulate = first > 0};
        MIXED(multiply_packed)(run, to_query, keys, 0);
        MIXED(multiply_packed)(run, to_key, queries, t / 2);
        e += steps * width;
    }
}
