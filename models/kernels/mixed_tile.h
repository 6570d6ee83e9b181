/* Register tiles of C = A·B whose operands are pairs of bf16 and whose sums are float32, as in tile.h and isa_tile.c. */

VINLINE void MIXED(run)(vf *acc, const size_t rows, const size_t vectors, size_t depth, const uint32_t *a, size_t a_row,
                        size_t a_step, const uint32_t *b, size_t b_step, const char *ahead, size_t ahead_step) {
    for (; depth > 0; depth--) {
        __builtin_prefetch(ahead, 0, 2);
        ahead += ahead_step;
        vp row[4];
        UNROLL
        for (size_t j = 0; j < vectors; j++) row[j] = vp_load(b + j * VW);
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            vp x = vp_set1_at(a + i * a_row);
            UNROLL
            for (size_t j = 0; j < vectors; j++)
                acc[TILE_AT(i, j, vectors)] = PAIR_DOT(x, row[j], acc[TILE_AT(i, j, vectors)]);
        }
        a += a_step;
        b += b_step;
    }
}

VINLINE void MIXED(block)(const size_t rows, const size_t vectors, const struct MIXED(job) * job, const uint32_t *a,
                          float *c, const char *ahead) {
    vf acc[TILE_ROWS * TILE_VECTORS];
    const int whole = job->last_lanes == VW;
    const size_t lanes = job->last_lanes, last = vectors - 1;
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++)
            acc[TILE_AT(i, j, vectors)] =
                job->accumulate ? vload_lanes(c + i * job->ldc + j * VW, lanes, whole || j < last) : vzero();
    }
    MIXED(run)
    (acc, rows, vectors, job->depth, a, job->a_row, job->a_step, job->b, job->b_step, ahead, job->ahead_step);
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++)
            vstore_lanes(c + i * job->ldc + j * VW, acc[TILE_AT(i, j, vectors)], lanes, whole || j < last);
    }
}

#define PAIR_CASE(n, vectors)                                                                                          \
    case n:                                                                                                            \
        MIXED(block)(n, vectors, job, a, c, ahead);                                                                    \
        break;
#if defined(GW_ISA_PORTABLE)
#define PAIR_CASES(v) PAIR_CASE(1, v) PAIR_CASE(2, v) PAIR_CASE(3, v) PAIR_CASE(4, v)
#else
#define PAIR_CASES(v) PAIR_CASE(1, v) PAIR_CASE(2, v) PAIR_CASE(3, v) PAIR_CASE(4, v) PAIR_CASE(5, v) PAIR_CASE(6, v)
#endif
#define PAIR_TILES(name, v)                                                                                            \
    static void MIXED(name)(const struct MIXED(job) * job, size_t rows, const uint32_t *a, float *c,                   \
                            const char *ahead) {                                                                       \
        switch (rows) { PAIR_CASES(v) }                                                                                \
    }
PAIR_TILES(tile_1, 1)
PAIR_TILES(tile_2, 2)
#if defined(GW_ISA_AVX512)
PAIR_TILES(tile_3, 3)
PAIR_TILES(tile_4, 4)
#endif

static void MIXED(multiply)(const struct MIXED(job) * job) {
    static void (*const tiles[])(const struct MIXED(job) *, size_t, const uint32_t *, float *, const char *) = {
        MIXED(tile_1),
        MIXED(tile_2),
#if defined(GW_ISA_AVX512)
        MIXED(tile_3),
        MIXED(tile_4),
#endif
    };
    const char *ahead = job->ahead ? job->ahead : (const char *)job->a;
    for (size_t i = 0; i < job->rows;) {
        size_t rows = next_rows(job->rows - i, TILE_ROWS);
        tiles[job->n_vectors - 1](job, rows, job->a + i * job->a_row, job->c + i * job->ldc, ahead);
        ahead += job->depth * job->ahead_step;
        i += rows;
    }
}
#undef PAIR_CASE
#undef PAIR_CASES
#undef PAIR_TILES

/* A job whose A lies as [pair][lanes]: read as it is. */
VINLINE void MIXED(take_pairs)(struct MIXED(job) * job, const uint32_t *a, size_t lanes, uint32_t *room) {
    (void)room;
    job->a = a, job->a_row = 1, job->a_step = lanes;
}

/* ---- the recurrent step: products go from register to register, nothing is made ahead ------------ */

VINLINE size_t MIXED(products_size)(size_t n_windows) {
    (void)n_windows;
    return 0;
}
VINLINE void MIXED(make_products)(size_t n_windows, size_t depth, const uint32_t *h, const uint32_t *u,
                                  float *products) {
    (void)n_windows, (void)depth, (void)h, (void)u, (void)products;
}
VINLINE void MIXED(add_products)(vf *acc, const size_t rows, size_t depth, const uint32_t *h, const uint32_t *u,
                                 const float *products) {
    (void)products;
    MIXED(run)(acc, rows, 4, depth, h, depth, 1, u, 4 * VW, (const char *)u, 0);
}
