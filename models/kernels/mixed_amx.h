/* C = A·B on tile registers: a tile of A holds 16 rows of 16 pairs, a tile of B 16 pairs of 16 columns (the layout of
 * mixed_pack.h is what the hardware wants), a tile of C 16 × 16 sums. Four tiles of C are summed at a time, so that
 * every tile of A and of B loaded is multiplied twice. Tiles are always whole: operands are padded with zeros, and
 * parts of C pass through a block on the stack. Sums run over the pairs 16 at a time in order, whatever the block: an
 * element has the same bits whatever lies beside it.
 *
 * The words TILE_* are the instructions, or their emulation. TILES_OPEN sets the shapes and TILES_CLOSE gives the
 * registers back: between the two a thread may call what it likes, afterwards nothing is left of them. */

enum { MIXED(EDGE) = 2 * TILE_SIDE };

/* `tall` × `wide` tiles of C, constants of 1 or 2 at every call. Tiles 0–3 are C, 4–5 A, 6–7 B. */
VINLINE void MIXED(block)(const int tall, const int wide, const struct MIXED(job) * job, const uint32_t *a,
                          const uint32_t *b, float *c, size_t ldc) {
    const size_t depth = job->depth, a_row = job->a_row, b_step = job->b_step;
    const size_t a_bytes = a_row * sizeof *a, b_bytes = b_step * sizeof *b, c_bytes = ldc * sizeof *c;
    float *right = c + TILE_SIDE, *below = c + TILE_SIDE * ldc, *across = below + TILE_SIDE;
    if (job->accumulate) {
        TILE_LOAD(0, c, c_bytes);
        if (wide > 1) TILE_LOAD(1, right, c_bytes);
        if (tall > 1) TILE_LOAD(2, below, c_bytes);
        if (tall > 1 && wide > 1) TILE_LOAD(3, across, c_bytes);
    } else {
        TILE_ZERO(0);
        if (wide > 1) TILE_ZERO(1);
        if (tall > 1) TILE_ZERO(2);
        if (tall > 1 && wide > 1) TILE_ZERO(3);
    }
    for (size_t k = 0; k < depth; k += TILE_SIDE) {
        TILE_LOAD(6, b, b_bytes);
        TILE_LOAD(4, a, a_bytes);
        TILE_DP(0, 4, 6);
        if (wide > 1) {
            TILE_LOAD(7, b + TILE_SIDE, b_bytes);
            TILE_DP(1, 4, 7);
        }
        if (tall > 1) {
            TILE_LOAD(5, a + TILE_SIDE * a_row, a_bytes);
            TILE_DP(2, 5, 6);
        }
        if (tall > 1 && wide > 1) TILE_DP(3, 5, 7);
        a += TILE_SIDE;
        b += TILE_SIDE * b_step;
    }
    TILE_STORE(0, c, c_bytes);
    if (wide > 1) TILE_STORE(1, right, c_bytes);
    if (tall > 1) TILE_STORE(2, below, c_bytes);
    if (tall > 1 && wide > 1) TILE_STORE(3, across, c_bytes);
}

static void MIXED(blocks)(int tall, int wide, const struct MIXED(job) * job, const uint32_t *a, const uint32_t *b,
                          float *c, size_t ldc) {
    if (tall > 1 && wide > 1)
        MIXED(block)(2, 2, job, a, b, c, ldc);
    else if (tall > 1)
        MIXED(block)(2, 1, job, a, b, c, ldc);
    else if (wide > 1)
        MIXED(block)(1, 2, job, a, b, c, ldc);
    else
        MIXED(block)(1, 1, job, a, b, c, ldc);
}

/* rows × lanes of C, whose tiles reach past them. */
static void MIXED(edge)(int tall, int wide, const struct MIXED(job) * job, const uint32_t *a, const uint32_t *b,
                        float *c, size_t rows, size_t lanes) {
    float part[MIXED(EDGE) * MIXED(EDGE)] __attribute__((aligned(64)));
    const size_t last = lanes > TILE_SIDE ? lanes - TILE_SIDE : 0; /* lanes of the second tile */
    const size_t first = last ? TILE_SIDE : lanes;
    if (job->accumulate) {
        memset(part, 0, sizeof part);
        for (size_t i = 0; i < rows; i++) {
            vstore(part + i * MIXED(EDGE), vload_n(c + i * job->ldc, first));
            if (last) vstore(part + i * MIXED(EDGE) + TILE_SIDE, vload_n(c + i * job->ldc + TILE_SIDE, last));
        }
    }
    MIXED(blocks)(tall, wide, job, a, b, part, MIXED(EDGE));
    for (size_t i = 0; i < rows; i++) {
        vstore_n(c + i * job->ldc, vload(part + i * MIXED(EDGE)), first);
        if (last) vstore_n(c + i * job->ldc + TILE_SIDE, vload(part + i * MIXED(EDGE) + TILE_SIDE), last);
    }
}

static void MIXED(multiply)(const struct MIXED(job) * job) {
    const size_t width = (job->n_vectors - 1) * TILE_SIDE + job->last_lanes;
    for (size_t i = 0; i < job->rows; i += MIXED(EDGE)) {
        const size_t rows = job->rows - i < MIXED(EDGE) ? job->rows - i : MIXED(EDGE);
        const int tall = rows > TILE_SIDE ? 2 : 1;
        const uint32_t *a = job->a + i * job->a_row;
        for (size_t j = 0; j < width; j += MIXED(EDGE)) {
            const size_t lanes = width - j < MIXED(EDGE) ? width - j : MIXED(EDGE);
            const int wide = lanes > TILE_SIDE ? 2 : 1;
            float *c = job->c + i * job->ldc + j;
            if (rows == (size_t)tall * TILE_SIDE && lanes == (size_t)wide * TILE_SIDE)
                MIXED(blocks)(tall, wide, job, a, job->b + j, c, job->ldc);
            else
                MIXED(edge)(tall, wide, job, a, job->b + j, c, rows, lanes);
        }
    }
}

/* A job whose A lies as [pair][lanes]: turned in `room` to [lane][pair], 16 × 16 pairs at a time. lanes and depth are
 * multiples of 16. */
static void MIXED(take_pairs)(struct MIXED(job) * job, const uint32_t *a, size_t lanes, uint32_t *room) {
    const size_t depth = job->depth;
    for (size_t j = 0; j < lanes; j += TILE_SIDE)
        for (size_t k = 0; k < depth; k += TILE_SIDE) {
            vf r[VW];
            for (size_t i = 0; i < VW; i++) r[i] = _mm512_castsi512_ps(vp_load(a + (k + i) * lanes + j));
            vtranspose(r);
            for (size_t i = 0; i < VW; i++) vp_store(room + (j + i) * depth + k, _mm512_castps_si512(r[i]));
        }
    job->a = room, job->a_row = depth, job->a_step = 1;
}

/* ---- the recurrent step ---------------------------------------------------------------------------- */

/* h_{s-1} U of all windows for one group of units, [window][gate][VW]: small enough for the first-level cache. */
static size_t MIXED(products_size)(size_t n_windows) { return MIXED(rows_of)(n_windows) * 4 * VW; }
static void MIXED(make_products)(size_t n_windows, size_t depth, const uint32_t *h, const uint32_t *u,
                                 float *products) {
    const struct MIXED(job) job = {.rows = MIXED(rows_of)(n_windows),
                                   .depth = depth,
                                   .a = h,
                                   .a_row = depth,
                                   .a_step = 1,
                                   .b = u,
                                   .b_step = 4 * VW,
                                   .c = products,
                                   .ldc = 4 * VW,
                                   .n_vectors = 4,
                                   .last_lanes = VW};
    MIXED(multiply)(&job);
}
VINLINE void MIXED(add_products)(vf *acc, const size_t rows, size_t depth, const uint32_t *h, const uint32_t *u,
                                 const float *products) {
    (void)depth, (void)h, (void)u;
    UNROLL
    for (size_t i = 0; i < 4 * rows; i++) acc[i] = vadd(acc[i], vload(products + i * VW));
}
