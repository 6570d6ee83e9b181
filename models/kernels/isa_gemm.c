/* General products. C is cut into panels of TILE_VECTORS vectors of columns and blocks of DEPTH terms. The block of B
 * is copied to the stack, so that tiles read it in a row from the first-level cache and never past its edge; whole vectors
 * are read where they lie when there are too few rows to pay for the copy, or when it would gain nothing. The order of every sum is that of
 * k, in all cases. */
#include "isa.h"
#include "tile.h"

enum {
    PANEL = TILE_VECTORS * VW,
    DEPTH = 8192 / PANEL > 256 ? 256 : 8192 / PANEL, /* at most 32 KB of panel */
    COPY_ROWS = 2 * TILE_ROWS,                       /* fewer rows than this: B is read in place */
};

struct operand {
    const float *b;
    size_t ldb;
    bool transposed; /* b holds Bᵀ [n × k] */
};

/* vectors is known at compile time where the panel is whole. */
VINLINE void copy_rows(const float *row, size_t ldb, size_t depth, size_t last_lanes, const int whole, size_t vectors,
                       float *panel) {
    for (size_t k = 0; k < depth; k++, row += ldb, panel += vectors * VW) {
        UNROLL
        for (size_t j = 0; j + 1 < vectors; j++) vstore(panel + j * VW, vload(row + j * VW));
        vstore(panel + (vectors - 1) * VW, vload_lanes(row + (vectors - 1) * VW, last_lanes, whole));
    }
}

static void copy_columns(const struct operand *in, size_t k0, size_t depth, size_t j0, size_t last_lanes,
                         size_t vectors, float *panel) {
    const float *first = in->b + k0 * in->ldb + j0;
    if (vectors == TILE_VECTORS && last_lanes == VW)
        copy_rows(first, in->ldb, depth, VW, 1, TILE_VECTORS, panel);
    else
        copy_rows(first, in->ldb, depth, last_lanes, 0, vectors, panel);
}

/* VW rows of Bᵀ become VW lanes of the panel, VW terms at a time. */
static void copy_transposed(const struct operand *in, size_t k0, size_t depth, size_t j0, size_t lanes, size_t vectors,
                            float *panel) {
    for (size_t j = 0; j < vectors; j++) {
        size_t n_rows = lanes - j * VW < VW ? lanes - j * VW : VW;
        const float *first = in->b + (j0 + j * VW) * in->ldb + k0;
        for (size_t k = 0; k < depth; k += VW) {
            size_t terms = depth - k < VW ? depth - k : VW;
            vf r[VW];
            load_transposed(first + k, in->ldb, n_rows, terms, r);
            for (size_t i = 0; i < terms; i++) vstore(panel + ((k + i) * vectors + j) * VW, r[i]);
        }
    }
}

/* Rows that a copy would only lay down as they lie already, or a line each, in different sets of the cache. */
static bool lies_well(const struct operand *in, size_t vectors) {
    return in->ldb == vectors * VW || (vectors == 1 && in->ldb % 128 != 0);
}

/* What a block of terms begins with and ends in: the first has the start, the last what comes behind the sum. */
static struct tile_edges edges_of(const struct dense_run_f32 *around, size_t j0, bool first, bool last) {
    return (struct tile_edges){.start = first && around->start ? around->start + j0 : NULL,
                               .ld_start = around->ld_start,
                               .bias = last && around->bias ? around->bias + j0 : NULL,
                               .open = last && around->open ? around->open + j0 : NULL,
                               .ld_open = around->ldc,
                               .relu = last && around->relu};
}

/* One vector of columns at j0, with 1 ≤ lanes ≤ PANEL. */
static void panel_product(struct tile_job *job, const struct operand *in, size_t k, size_t j0, size_t lanes,
                          bool accumulate, const struct dense_run_f32 *around) {
    float panel[DEPTH * PANEL] __attribute__((aligned(64)));
    struct tile_edges edges;
    const float *a = job->a;
    job->n_vectors = vectors_for(lanes);
    job->last_lanes = lanes - (job->n_vectors - 1) * VW;
    for (size_t k0 = 0; k0 < k; k0 += DEPTH) {
        job->depth = k - k0 < DEPTH ? k - k0 : DEPTH;
        job->a = a + k0 * job->a_step;
        job->accumulate = accumulate || k0 > 0;
        if (around) edges = edges_of(around, j0, k0 == 0, k0 + job->depth == k);
        job->edges = around ? &edges : NULL;
        if (!in->transposed && job->last_lanes == VW && (job->rows < COPY_ROWS || lies_well(in, job->n_vectors))) {
            job->b = in->b + k0 * in->ldb + j0;
            job->b_step = in->ldb;
        } else {
            if (in->transposed)
                copy_transposed(in, k0, job->depth, j0, lanes, job->n_vectors, panel);
            else
                copy_columns(in, k0, job->depth, j0, job->last_lanes, job->n_vectors, panel);
            job->b = panel;
            job->b_step = job->n_vectors * VW;
        }
        ISA(tile_multiply)(job);
    }
    job->a = a;
}

static void panels(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_step, const struct operand *in,
                   float *c, size_t ldc, bool accumulate, const struct dense_run_f32 *around) {
    struct tile_job job = {.rows = m, .a = a, .a_row = a_row, .a_step = a_step, .ldc = ldc};
    for (size_t j = 0; j < n;) {
        size_t lanes = n - j < PANEL ? n - j : PANEL;
        if (m < COPY_ROWS && lanes > VW && !in->transposed) lanes -= lanes % VW; /* the rest is copied, in its turn */
        job.c = c + j;
        panel_product(&job, in, k, j, lanes, accumulate, around);
        j += lanes;
    }
}

static void product(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_step, const struct operand *in,
                    float *c, size_t ldc, bool accumulate) {
    if (m == 0 || n == 0) return;
    if (k == 0) {
        for (size_t i = 0; i < m && !accumulate; i++) memset(c + i * ldc, 0, n * sizeof *c);
        return;
    }
    if (n == 1 && a_step == 1 && (in->transposed || in->ldb == 1)) { /* a matrix times a vector: dot products */
        for (size_t i = 0; i < m; i++) {
            float sum = ISA(dot)(k, a + i * a_row, in->b);
            c[i * ldc] = accumulate ? c[i * ldc] + sum : sum;
        }
        return;
    }
    panels(m, n, k, a, a_row, a_step, in, c, ldc, accumulate, NULL);
}

void ISA(gemm_nn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate) {
    product(m, n, k, a, lda, 1, &(struct operand){b, ldb, false}, c, ldc, accumulate);
}

void ISA(gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate) {
    product(m, n, k, a, 1, lda, &(struct operand){b, ldb, false}, c, ldc, accumulate);
}

void ISA(gemm_nt)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate) {
    product(m, n, k, a, lda, 1, &(struct operand){b, ldb, true}, c, ldc, accumulate);
}

void ISA(dense)(const struct dense_run_f32 *run) {
    const struct operand in = {run->b, run->ldb, run->transposed};
    panels(run->m, run->n, run->k, run->a, run->lda, 1, &in, run->c, run->ldc, false, run);
}
