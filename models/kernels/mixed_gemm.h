/* General products of float32 matrices rounded to bf16. Blocks of A and of B are rounded into pairs of terms on the
 * stack; a term that has no partner gets zero. Sums run over the pairs in order, whatever rows lie beside. */

/* VW lanes of the pairs (k, k+1) of a matrix whose terms are rows; only `lanes` of them exist. */
VINLINE vp MIXED(pair_of_rows)(const float *row, size_t ld, bool second, size_t lanes) {
    vf b = second ? (lanes >= VW ? vload(row + ld) : vload_n(row + ld, lanes)) : vzero();
    return PAIR_OF(lanes >= VW ? vload(row) : vload_n(row, lanes), b);
}

/* terms × lanes, terms being rows: [pair][vectors × VW]. */
static void MIXED(pack_terms)(const float *from, size_t ld, size_t terms, size_t lanes, uint32_t *to) {
    for (size_t k = 0; k < terms; k += 2)
        for (size_t j = 0; j < lanes; j += VW, to += VW)
            vp_store(to, MIXED(pair_of_rows)(from + k * ld + j, ld, k + 1 < terms, lanes - j));
}

/* Rows of terms: [row][pair], both numbers of a pair being neighbours already. */
static void MIXED(pack_rows)(const float *from, size_t ld, size_t rows, size_t terms, uint32_t *to) {
    size_t pairs = (terms + 1) / 2;
    for (size_t i = 0; i < rows; i++, from += ld, to += pairs) {
        uint16_t *half = (uint16_t *)(void *)to;
        if (terms % 2) to[pairs - 1] = 0;
        for (size_t k = 0; k < terms; k += VW) {
            size_t n = terms - k < VW ? terms - k : VW;
            PAIR_FIRSTS(half + k, n == VW ? vload(from + k) : vload_n(from + k, n), n);
        }
    }
}

/* Rows of terms, `lanes` of them, to [pair][vectors × VW]: terms come out of a transposed block in order. */
static void MIXED(pack_transposed)(const float *from, size_t ld, size_t terms, size_t lanes, uint32_t *to) {
    size_t vectors = vectors_for(lanes);
    for (size_t j = 0; j < vectors; j++) {
        size_t n_rows = lanes - j * VW < VW ? lanes - j * VW : VW;
        for (size_t k = 0; k < terms; k += VW) {
            size_t n = terms - k < VW ? terms - k : VW;
            vf r[VW];
            load_transposed(from + j * VW * ld + k, ld, n_rows, n, r);
            for (size_t i = 0; i < n; i += 2) vp_store(to + ((k + i) / 2 * vectors + j) * VW, PAIR_OF(r[i], r[i + 1]));
        }
    }
}

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
    const size_t depth = (terms + 1) / 2, padded = vectors_for(rows) * VW;
    struct MIXED(job) job = {.rows = rows, .depth = depth, .a = a, .ldc = ldc, .accumulate = accumulate};
    if (in->a_transposed) {
        MIXED(pack_terms)(in->a + k0 * in->lda + i0, in->lda, terms, rows, a);
        job.a_row = 1, job.a_step = padded;
    } else {
        MIXED(pack_rows)(in->a + i0 * in->lda + k0, in->lda, rows, terms, a);
        job.a_row = depth, job.a_step = 1;
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
    for (size_t k0 = 0; k0 < k; k0 += 2 * MIXED(DEPTH)) {
        size_t terms = k - k0 < 2 * MIXED(DEPTH) ? k - k0 : 2 * MIXED(DEPTH);
        size_t most = MIXED(BLOCK) / ((terms + 1) / 2) / VW * VW;
        for (size_t i = 0; i < m; i += most)
            MIXED(block_product)(in, i, m - i < most ? m - i : most, n, k0, terms, c, ldc, accumulate || k0 > 0);
    }
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
