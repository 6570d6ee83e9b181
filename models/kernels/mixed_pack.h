/* Operands of mixed products: rounded, joined to pairs and laid out as the products read them.
 * This and the other mixed_*.h are templates: isa_mixed.c reads them once per way to multiply pairs, see there for
 * MIXED(name) and the words. */

/* Element (i,k) of A is the pair a[i*a_row + k*a_step], row k of B starts at b + k*b_step; the rest as tile_job. With
 * tiles a_step is 1, depth a multiple of MIXED_STEP, and A has rows up to the next multiple, whatever is in them. */
struct MIXED(job) {
    size_t rows, depth;
    const uint32_t *a;
    size_t a_row, a_step;
    const uint32_t *b;
    size_t b_step;
    float *c;
    size_t ldc, n_vectors, last_lanes;
    bool accumulate;
    const char *ahead;
    size_t ahead_step;
};

/* Pairs of so many terms, and rows of A, as they are laid out: the rest up to the step is zero. */
VINLINE size_t MIXED(depth_of)(size_t terms) { return ((terms + 1) / 2 + MIXED_STEP - 1) / MIXED_STEP * MIXED_STEP; }
VINLINE size_t MIXED(rows_of)(size_t rows) { return (rows + MIXED_STEP - 1) / MIXED_STEP * MIXED_STEP; }
VINLINE void MIXED(clear)(uint32_t *to, size_t n) {
    if (n) memset(to, 0, n * sizeof *to);
}

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
    MIXED(clear)(to, (MIXED(depth_of)(terms) - (terms + 1) / 2) * vectors_for(lanes) * VW);
}

/* Rows of terms: [row][pair], both numbers of a pair being neighbours already. */
static void MIXED(pack_rows)(const float *from, size_t ld, size_t rows, size_t terms, uint32_t *to) {
    const size_t pairs = (terms + 1) / 2, depth = MIXED(depth_of)(terms);
    for (size_t i = 0; i < rows; i++, from += ld, to += depth) {
        uint16_t *half = (uint16_t *)(void *)to;
        if (terms % 2) to[pairs - 1] = 0; /* the last pair has no second */
        MIXED(clear)(to + pairs, depth - pairs);
        for (size_t k = 0; k < terms; k += VW) {
            size_t n = terms - k < VW ? terms - k : VW;
            PAIR_FIRSTS(half + k, n == VW ? vload(from + k) : vload_n(from + k, n), n);
        }
    }
    MIXED(clear)(to, (MIXED(rows_of)(rows) - rows) * depth);
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
    const size_t row = vectors * VW, pairs = (terms + 1) / 2;
    MIXED(clear)(to + pairs * row, (MIXED(depth_of)(terms) - pairs) * row);
}
