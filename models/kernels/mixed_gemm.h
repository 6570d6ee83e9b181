/* General products of float32 matrices rounded to bf16. Blocks of A and of B are rounded into pairs of terms on the
 * stack; a term that has no partner gets zero. Sums run over the pairs in order, whatever rows lie beside. */

enum {
    MIXED(DEPTH) = 8192 / PANEL > 128 ? 128 : 8192 / PANEL, /* pairs of terms per block: 32 KB of B at most */
    MIXED(BLOCK) = 8192,                                    /* pairs of A per block */
};

struct MIXED(operands) {
    const float *a, *b;
    size_t lda, ldb;
    bool a_transposed, b_transposed;
};

/* The terms [k0, k0 + terms) of all columns for the rows [i0, i0 + rows). */
static void MIXED(block_product)(const struct MIXED(operands) * in, size_t i0, size_t rows, size_t n, size_t k0,
                                 size_t terms, float *c, size_t ldc, bool accumulate) {
    uint32_t a[MIXED(BLOCK)] __attribute__((aligned(64))), b[MIXED(DEPTH) * PANEL] __attribute__((aligned(64)));
    const size_t depth = MIXED(depth_of)(terms), padded = vectors_for(rows) * VW;
    struct MIXED(job) job = {.rows = rows, .depth = depth, .ldc = ldc, .accumulate = accumulate};
    if (in->a_transposed) {
        uint32_t *pairs = MIXED_STEP > 1 ? b : a; /* b is not needed yet */
        MIXED(pack_terms)(in->a + k0 * in->lda + i0, in->lda, terms, rows, pairs);
        MIXED(take_pairs)(&job, pairs, padded, a);
    } else {
        MIXED(pack_rows)(in->a + i0 * in->lda + k0, in->lda, rows, terms, a);
        job.a = a, job.a_row = depth, job.a_step = 1;
    }
    job.b = b;
    for (size_t j = 0; j < n; j += PANEL) {
        size_t lanes = n - j < PANEL ? n - j : PANEL;
        if (in->b_transposed)
            MIXED(pack_transposed)(in->b + j * in->ldb + k0, in->ldb, terms, lanes, b);
        else
            MIXED(pack_terms)(in->b + k0 * in->ldb + j, in->ldb, terms, lanes, b);
        job.n_vectors = vectors_for(lanes);
        job.last_lanes = lanes - (job.n_vectors - 1) * VW;
        job.b_step = job.n_vectors * VW;
        job.c = c + i0 * ldc + j;
        MIXED(multiply)(&job);
    }
}

static void MIXED(product)(const struct MIXED(operands) * in, size_t m, size_t n, size_t k, float *c, size_t ldc,
                           bool accumulate) {
    for (size_t i = 0; k == 0 && i < m && !accumulate; i++) memset(c + i * ldc, 0, n * sizeof *c);
    TILES_OPEN();
    for (size_t k0 = 0; k0 < k; k0 += 2 * MIXED(DEPTH)) {
        size_t terms = k - k0 < 2 * MIXED(DEPTH) ? k - k0 : 2 * MIXED(DEPTH);
        size_t most = MIXED(BLOCK) / MIXED(depth_of)(terms) / VW * VW;
        for (size_t i = 0; i < m; i += most)
            MIXED(block_product)(in, i, m - i < most ? m - i : most, n, k0, terms, c, ldc, accumulate || k0 > 0);
    }
    TILES_CLOSE();
}

static void MIXED(large_nn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                            float *c, size_t ldc, bool accumulate) {
    MIXED(product)(&(struct MIXED(operands)){a, b, lda, ldb, false, false}, m, n, k, c, ldc, accumulate);
}
static void MIXED(large_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                            float *c, size_t ldc, bool accumulate) {
    MIXED(product)(&(struct MIXED(operands)){a, b, lda, ldb, true, false}, m, n, k, c, ldc, accumulate);
}
static void MIXED(large_nt)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                            float *c, size_t ldc, bool accumulate) {
    MIXED(product)(&(struct MIXED(operands)){a, b, lda, ldb, false, true}, m, n, k, c, ldc, accumulate);
}
